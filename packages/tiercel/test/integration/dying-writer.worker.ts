// A process that writes one row through its cache to a source, and dies there: before the source has it, or when it has it.
import { createClient } from '@redis/client'
import { createCache, valkeyStore } from '../../src/index.ts'
import type { Told } from '../fleet/worker-process.ts'
import { rowsIn } from './rows-in.ts'

export interface DyingWriter {
  readonly url: string
  readonly fenceMs: number
}

export interface DyingCall {
  readonly name: string
  readonly dies: 'before the commit' | 'after the commit'
}

const { url, fenceMs }: DyingWriter = JSON.parse(process.argv[2] ?? '{}')
const client = await createClient({ url }).connect()
const rows = rowsIn(client)
let dies: DyingCall['dies'] | undefined

const cache = createCache({ namespace: 'writers', l2: valkeyStore(url) })
const products = cache.resource({
  key: 'product:{id}',
  load: rows.load,
  write: {
    mode: 'through',
    fence: fenceMs,
    async store(params, row: { readonly name: string }) {
      if (dies === 'before the commit') process.kill(process.pid, 'SIGKILL')
      await rows.store(params, row)
      process.kill(process.pid, 'SIGKILL')
    },
  },
})
await products.get({ id: 1 })

process.on('message', (call: Told<DyingCall>) => {
  dies = call.dies
  void products.set({ id: 1 }, { name: call.name })
})
process.on('disconnect', () => process.exit())
process.send?.({ id: -1 })
