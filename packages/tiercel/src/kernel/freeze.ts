/** Freezes a JSON-like value all the way down, in place. Values that are frozen already are taken to be so all the way. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    if (Array.isArray(value)) for (let i = 0; i < value.length; i += 1) deepFreeze(value[i])
    else for (const name in value) deepFreeze(value[name])
  }
  return value
}
