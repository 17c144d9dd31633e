import { UsageError } from '../kernel/errors.ts'
import { encodeName } from '../kernel/key.ts'
import { show } from '../kernel/show.ts'
import type { Arena } from '../stores/memory/arena.ts'
import { partsOfKey, Scope, type ScopeContext } from './scope.ts'

const maxNameLength = 200
const separator = '/'

/**
 * The namespaces of a cache that are in use, so that two handles of one name share one L1 and one flight. Held weakly: a namespace
 * per tenant costs nothing once nobody holds its handle.
 */
export class Scopes {
  readonly #l1: Arena | undefined
  readonly #inUse: Map<string, WeakRef<Scope>> = new Map()
  readonly #cleaner: FinalizationRegistry<string>
  readonly #context: ScopeContext

  constructor(l1: Arena | undefined, context: ScopeContext) {
    this.#l1 = l1
    this.#context = context
    this.#cleaner = new FinalizationRegistry((name) => {
      if (this.#inUse.get(name)?.deref() === undefined) this.#inUse.delete(name)
    })
  }

  /** The namespace that a cache is created with; `undefined` is the root. */
  first(name: string | undefined): Scope {
    return this.#scope(rootName(name))
  }

  within(parent: Scope, name: string): Scope {
    const own = checkedName(name)
    return this.#scope(parent.name === '' ? own : parent.name + separator + own)
  }

  /** What may have changed, by stored keys; `null`: everything. */
  touch(keys: readonly string[] | null): void {
    if (keys === null) return this.#touchAll()
    for (const key of keys) {
      const parts = partsOfKey(key)
      const scope = parts === undefined ? undefined : this.#inUse.get(parts.namespace)?.deref()
      if (scope === undefined) continue
      if (parts?.path === undefined) scope.tags.touch(key)
      else scope.touch(parts.path)
    }
  }

  *[Symbol.iterator](): IterableIterator<Scope> {
    for (const reference of this.#inUse.values()) {
      const scope = reference.deref()
      if (scope !== undefined) yield scope
    }
  }

  #touchAll(): void {
    for (const scope of this) scope.touchAll()
  }

  #scope(name: string): Scope {
    const known = this.#inUse.get(name)?.deref()
    if (known !== undefined) return known
    const scope = new Scope(name, this.#l1?.partition(name), this.#context)
    this.#inUse.set(name, new WeakRef(scope))
    this.#cleaner.register(scope, name)
    return scope
  }
}

/**
 * What the keys of a cache's root namespace go by.
 *
 * @throws {TIERCEL_INVALID_OPTION}
 */
export function rootName(name: string | undefined): string {
  return name === undefined ? '' : checkedName(name)
}

/** @throws {TIERCEL_INVALID_OPTION} */
function checkedName(name: string): string {
  if (typeof name !== 'string' || name.length === 0 || name.length > maxNameLength || !name.isWellFormed()) {
    throw new UsageError(
      'TIERCEL_INVALID_OPTION',
      `namespace: ${show(name)} is not allowed. Allowed: well-formed text of 1 to ${maxNameLength} characters.`,
    )
  }
  return encodeName(name, separator)
}
