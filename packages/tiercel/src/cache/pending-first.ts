import type { BatchPlace } from './load-batch.ts'
import type { LoadContext } from './loader.ts'
import type { PendingWrite, WriteLog } from './write-log.ts'

/** A log, asked by paths. */
export type Pending = (path: string) => Promise<PendingWrite | undefined>

export function pendingOf(log: WriteLog, name: string, entryKeyOf: (path: string) => string): Pending {
  return (path) => log.pending(name, entryKeyOf(path))
}

/**
 * A loader whose source lags behind a log: what the log still holds is newer. It is asked before the source, not beside it: a write that ceased to be
 * pending in between is in the source by then.
 */
export function pendingFirst(pending: Pending, { load, pass }: BatchPlace): BatchPlace {
  return {
    pass,
    async load(context: LoadContext) {
      const write = await pending(context.key)
      if (write === undefined) return load(context)
      pass()
      return write.change.kind === 'store' ? write.change.value : null
    },
  }
}
