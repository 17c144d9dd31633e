// A process with caches that stand for several, over one source, under a load that it is told of. The faults are made elsewhere, so that what they cost is not theirs.
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import type { Told } from '../fleet/worker-process.ts'
import { connectPlace } from './connect-place.ts'
import type { LoadCall, LoadedCache, LoadReply, LoadSetup } from './load-messages.ts'
import { OfferedLoad } from './offered-load.ts'

const { caches: asked, maxStaleness }: LoadSetup = JSON.parse(process.argv[2] ?? '{}')
const caches = await Promise.all(asked.map(open))
let load: OfferedLoad | undefined
let looks = 0

process.on('message', ({ id, ...call }: Told<LoadCall>) => void answer(call).then((reply) => process.send?.({ id, ...reply })))
process.on('disconnect', () => process.exit())
process.send?.({ id: -1 })

async function open({ place, l1, stepMs, maxOpenMs }: LoadedCache): Promise<Cache> {
  const { live } = await connectPlace(place)
  const breaker = maxOpenMs === undefined ? {} : { openFor: maxOpenMs / 4, maxOpenFor: maxOpenMs }
  const l2 = valkeyStore(live, { timeout: stepMs, connectTimeout: '10s', breaker })
  // It cannot track, and on the bus it would hear only of those who are on it, too: what it knows of tags counts by its age.
  const coherence = place.kind === 'standalone' && place.client === 'GLIDE' ? ({ mode: 'off' } as const) : {}
  const cache = createCache({
    // What an earlier load has left on the server is of another source.
    namespace: `load-${process.pid}`,
    ...(l1 ? {} : { l1: false as const }),
    l2,
    lockTimeout: 200,
    errorTtl: false,
    coherence: { maxStaleness, ...coherence },
  })
  await cache.get('warm')
  return cache
}

async function answer(call: LoadCall): Promise<LoadReply> {
  switch (call.do) {
    case 'start':
      load = new OfferedLoad(caches, call, maxStaleness)
      return {}
    case 'tell':
      return (load as OfferedLoad).tell()
    case 'stop':
      return (load as OfferedLoad).stop()
    case 'look':
      return look()
    case 'weigh':
      return weigh()
  }
}

async function look(): Promise<LoadReply> {
  looks += 1
  const problems = (await Promise.all(caches.map(problemsOf))).flat()
  return { isWell: problems.length === 0, problems }
}

async function problemsOf(cache: Cache): Promise<readonly string[]> {
  const refused = await cache.set(`look:${caches.indexOf(cache)}`, looks).then(
    () => [],
    (error: { code?: string }) => [String(error.code ?? error)],
  )
  return [...cache.health().problems, ...refused]
}

async function weigh(): Promise<LoadReply> {
  // Deadlines that were met leave their wheel with its next turn.
  await new Promise((resolve) => setTimeout(resolve, 600))
  for (let round = 0; round < 3; round += 1) global.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  return { heapBytes: heapUsed + external, rssBytes: rss, resources }
}
