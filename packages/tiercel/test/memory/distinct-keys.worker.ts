// A process of its own, so that its heap holds nothing else: distinct keys pass through a small L1, and what is left is told.
import { createCache } from '../../src/cache/create-cache.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'

const [kind, count] = process.argv.slice(2)
const turn = 1_000
const cache =
  kind === 'L1 alone'
    ? createCache({ l1: { maxEntries: 10_000 } })
    : createCache({ l1: { maxEntries: 10_000 }, l2: memoryStore({ maxEntries: 10_000 }) })

// Full, and its code compiled, before anything is compared.
await pass(0, 50_000)
const before = await heapBytes()
await pass(50_000, Number(count))
process.send?.((await heapBytes()) - before)
process.disconnect()

async function pass(from: number, keys: number): Promise<void> {
  for (let at = from; at < from + keys; at += turn) {
    const values = await Promise.all(Array.from({ length: turn }, (_, i) => cache.getOrSet(`product:${at + i}`, () => ({ id: at + i }))))
    values.forEach(({ id }, i) => {
      if (id !== at + i) throw new Error(`product:${at + i} is ${id}`)
    })
  }
  await cache.idle()
}

async function heapBytes(): Promise<number> {
  // Deadlines that were met leave their wheel with its next turn.
  await new Promise((resolve) => setTimeout(resolve, 600))
  global.gc?.()
  return process.memoryUsage().heapUsed
}
