/**
 * Milliseconds of the machine's monotonic clock: the same for all processes of one machine, whenever they began, and not moved when the wall
 * clock is set.
 *
 * It is `process.hrtime`, which reads the system's own clock (CLOCK_MONOTONIC on Linux); Linux promises that it never goes back from one
 * processor to the next, so between processes of one machine the error is 0 and no tolerance is needed for it. Not so with
 * `performance.timeOrigin + performance.now()`: the origin is the wall clock at the start of each process. Containers with a time namespace
 * of their own, and other machines, have other clocks.
 */
export function machineClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
