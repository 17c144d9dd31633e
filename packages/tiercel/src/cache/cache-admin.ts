import { UsageError } from '../kernel/errors.ts'
import type { Admin } from '../stores/admin/admin.ts'
import { type Core, checkOpen } from './core.ts'
import type { Scope } from './scope.ts'

/**
 * The admin operations of one namespace. What they delete, L1 and the loads of this process let go of page by page, and the journal deletes again should a
 * failover lose it; when they end, all that L1 holds is questioned, because L1 may have what the server never had.
 */
export function cacheAdmin(core: Core, scope: Scope): Admin {
  const prefix = scope.entryPrefix

  function onDeleted(keys: readonly string[]): void {
    const paths = keys.map((key) => key.slice(prefix.length))
    core.journal?.applied(paths.map((path) => scope.journalEntry(path)))
    for (const path of paths) scope.overtake(path)
  }

  /** @throws {TIERCEL_CLOSED} {TIERCEL_UNSUPPORTED} */
  function admin(): Admin {
    checkOpen(core)
    const found = core.l2?.admin?.(prefix, onDeleted)
    if (found !== undefined) return found
    const why = core.l2 === undefined ? 'this cache has no l2' : `the store "${core.l2.name}" of this cache cannot`
    throw new UsageError('TIERCEL_UNSUPPORTED', `admin: finding keys needs a store that can look through them, and ${why}.`)
  }

  async function remove(call: (found: Admin) => ReturnType<Admin['deleteByPrefix']>): ReturnType<Admin['deleteByPrefix']> {
    const found = admin()
    try {
      const done = await call(found)
      core.counters.deletes += done.deleted
      return done
    } finally {
      scope.touchAll()
    }
  }

  return {
    keys: async (options) => admin().keys(options),
    async *scan(options) {
      yield* admin().scan(options)
    },
    deleteByPrefix: (given, options) => remove((found) => found.deleteByPrefix(given, options)),
    deleteByPattern: (given, options) => remove((found) => found.deleteByPattern(given, options)),
  }
}
