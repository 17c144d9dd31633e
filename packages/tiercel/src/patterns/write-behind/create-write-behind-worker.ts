import type { Client } from '../../client/client.ts'
import { drainMsOf, LogKeeper } from './log-keeper.ts'
import { checkWorker, type WriteBehindWorkerOptions } from './options.ts'
import type { Drained, WriteBehindWorker } from './write-behind.ts'

/**
 * Carries writes of a log to their sources, in any process: workers share the partitions, come and go as they like, and take over from one that died within twice the lease.
 *
 * @param client as for `createWriteBehind`
 * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLIENT_UNKNOWN} {TIERCEL_UNSUPPORTED}
 * @remarks A write whose source it does not know waits, without harm to others, until one that does has its partition: give all workers all sources.
 * @example
 * const worker = createWriteBehindWorker('redis://127.0.0.1:6379', { name: 'shop', sources: { 'product:{id}': products } })
 * process.once('SIGTERM', () => void worker.close())
 */
export function createWriteBehindWorker(client: Client | object | string | URL, options: WriteBehindWorkerOptions): WriteBehindWorker {
  const [log, carry] = checkWorker(client, options)
  const keeper = new LogKeeper(log)
  for (const [name, source] of Object.entries(options.sources)) keeper.names.add(name, source)
  keeper.startWorker(carry)
  let closed: Promise<Drained> | undefined
  return {
    stats: () => keeper.stats(),
    deadLetters: keeper.deadLetters,
    on: (listener) => keeper.on(listener),
    drain: (drainOptions) => keeper.drain(drainOptions),
    close(closeOptions) {
      const drainMs = drainMsOf({ drainMs: 0, ...closeOptions })
      closed ??= keeper.close(drainMs)
      return closed
    },
  }
}
