const shownLength = 60

/** What was given, short and harmless, for an error message. */
export function show(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given.length > shownLength ? `${given.slice(0, shownLength)}…` : given)
  if (typeof given === 'bigint') return `${given}n`
  if (typeof given === 'function') return 'a function'
  if (typeof given === 'symbol') return 'a symbol'
  if (Array.isArray(given)) return `an array of ${given.length}`
  if (typeof given === 'object' && given !== null) return `an object (${Object.prototype.toString.call(given).slice(8, -1)})`
  return String(given)
}
