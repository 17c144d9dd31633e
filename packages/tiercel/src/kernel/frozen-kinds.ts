/**
 * Prototypes that make a Map, a Set or a Date refuse to change: `Object.freeze` does not reach what they hold. An instance stays what it
 * was (`instanceof`, `constructor`, all that reads it); only a method borrowed from the real prototype gets past.
 */
export const frozenMap: object = refusing(Map.prototype, ['set', 'delete', 'clear', 'getOrInsert', 'getOrInsertComputed'])
export const frozenSet: object = refusing(Set.prototype, ['add', 'delete', 'clear'])
export const frozenDate: object = refusing(
  Date.prototype,
  Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set')),
)

/**
 * Freezes a value all the way down, in place: plain objects, arrays, Maps, Sets and Dates.
 *
 * @returns whether that was all there is to it. Anything else (bytes, instances of classes) cannot be frozen: the value must then not be
 *   shared, and has been frozen in part.
 */
export function freezeKinds(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  return Object.isFrozen(value) || freezeOne(value)?.every(freezeKinds) === true
}

/** Freezes one object and returns what it holds; `undefined` when it cannot be frozen. */
function freezeOne(value: object): readonly unknown[] | undefined {
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
    case null:
      return Object.values(Object.freeze(value))
    case Array.prototype:
      return Object.freeze(value as unknown[])
    case Date.prototype:
      Object.freeze(Object.setPrototypeOf(value, frozenDate))
      return []
    case Map.prototype:
      Object.freeze(Object.setPrototypeOf(value, frozenMap))
      return [...(value as Map<unknown, unknown>)].flat(1)
    case Set.prototype:
      Object.freeze(Object.setPrototypeOf(value, frozenSet))
      return [...(value as Set<unknown>)]
    default:
      return undefined
  }
}

function refusing(prototype: object, mutators: readonly string[]): object {
  const kind = prototype.constructor.name
  const refuse = (): never => {
    throw new TypeError(`Cannot change this ${kind}: it is shared by all readers of the cache. Copy it first.`)
  }
  return Object.create(prototype, Object.fromEntries(mutators.map((name) => [name, { value: refuse }])))
}
