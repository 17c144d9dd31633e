/** The same in all processes of this machine, and never set. */
export function sharedClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
