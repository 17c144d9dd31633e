/** Freezes a JSON-like value all the way down, in place. Values that are frozen already are taken to be so all the way. */
export function deepFreeze<T>(value: T): T {
  if (isObject(value)) freezeObject(value)
  return value
}

/** Called for objects only: most of what is in a value is none, and every value that is read comes through here. */
function freezeObject(value: object): void {
  if (Object.isFrozen(value)) return
  Object.freeze(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) if (isObject(value[i])) freezeObject(value[i])
  } else {
    for (const name in value) {
      const field = (value as Record<string, unknown>)[name]
      if (isObject(field)) freezeObject(field)
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
