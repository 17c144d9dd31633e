import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../runner/statistics.ts'
import { defineTrial, type Figure, type Measurements, type Speed, type Trial, type TrialContext } from '../runner/suite.ts'
import { connectNodeRedis } from '../subjects/node-redis.ts'
import type { Item } from '../subjects/subject.ts'
import type { OpenTagged, TaggedCache } from '../subjects/tagged.ts'

const SIZES = [1, 1_000, 100_000] as const
type Size = (typeof SIZES)[number]
/** Tags of each size. Where an invalidation deletes the entries, the last size has one. */
const REPEATS = 9
const WRITES_IN_FLIGHT = 500
const WARM_UPS = 100
const KEYS_READ_AFTER = 20
/** What was loaded anew is stored by then, so that it is not counted with the next invalidation. */
const SETTLED_MS = 20

/** `count` entries carry the tags; each tag is invalidated once. */
interface Group {
  readonly size: Size
  readonly count: number
  readonly tags: readonly string[]
  readonly firstKey: (repeat: number) => number
}

interface Cost extends Speed {
  readonly commands: number
}

/** What it takes until everything that carries a tag is invalid: one entry, a thousand, a hundred thousand. Then a few of them are read. */
export function invalidate(subjects: Readonly<Record<string, OpenTagged>>): Trial {
  return defineTrial({
    name: 'invalidate',
    figures: [
      ...SIZES.flatMap(figuresOf),
      { kind: 'count', name: 'growth', title: 'time for 100,000 entries, over that for one', unit: '×' },
      { kind: 'count', name: 'commands-growth', title: 'commands for 100,000 entries, over those for one', unit: '×' },
    ],
    subjects,
    measure,
  })
}

function figuresOf(size: Size): Figure[] {
  const carriers = size === 1 ? 'one entry carries' : `${size.toLocaleString('en')} entries carry`
  return [
    { kind: 'speed', name: `invalidate-${size}`, title: `invalidation of a tag that ${carriers}`, by: 'wall', baseline: 'tiercel' },
    {
      kind: 'count',
      name: `commands-${size}`,
      title: 'commands the server executes for it, those inside scripts included',
      unit: 'commands',
    },
  ]
}

async function measure(open: OpenTagged, context: TrialContext): Promise<Measurements> {
  const { url, prefix, effort } = context
  let loads = 0
  const load = async (key: string): Promise<Item> => {
    loads++
    return { id: Number(key.slice(1)) }
  }
  const cache = await open({ url, prefix, load })
  const groups = groupsOf(cache, effort)
  const tagsOf = (id: number): string[] => groups.flatMap((group) => tagsIn(group, id))
  await writeAll(cache, tagsOf, Math.max(...groups.map(({ count }) => count)))
  await warmUp(cache)

  const costs = new Map<Size, Cost[]>(SIZES.map((size) => [size, []]))
  for (const { group, tag, repeat } of invalidations(groups)) {
    costs.get(group.size)?.push(await cost(() => cache.invalidate(tag), context))
    const firstKey = group.firstKey(repeat)
    const keys = Math.min(group.size, KEYS_READ_AFTER)
    loads = 0
    for (let id = firstKey; id < firstKey + keys; id++) await cache.read(`k${id}`, tagsOf(id))
    await delay(SETTLED_MS)
    if (loads !== keys) throw new Error(`${keys - loads} of ${keys} entries were served after ${tag} had been invalidated`)
  }
  await cache.close()
  await removeAll(url, prefix)
  return figures(costs)
}

/** The smallest first: what is deleted with a tag of all is no longer there for the others. */
function groupsOf({ deletesEntries }: TaggedCache, effort: number): Group[] {
  const tags = (size: Size, count: number): string[] => Array.from({ length: count }, (_, repeat) => `of-${size}-${repeat}`)
  return SIZES.map((size) => {
    const isAll = size === 100_000
    const repeats = isAll && deletesEntries ? 1 : REPEATS
    const count = isAll ? size * effort : size * repeats
    return { size, count, tags: tags(size, repeats), firstKey: (repeat) => (isAll ? 0 : repeat * size) }
  })
}

function tagsIn({ size, count, tags }: Group, id: number): readonly string[] {
  if (id >= count) return []
  if (size === 100_000) return tags
  return [tags[Math.floor(id / size)] as string]
}

/** One of each size in turn, so that all sizes have the same machine; for those that delete, the last size comes last. */
function* invalidations(groups: readonly Group[]) {
  const repeats = Math.max(...groups.map(({ tags }) => tags.length))
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const group of groups) {
      const at = repeat - (repeats - group.tags.length)
      const tag = group.tags[at]
      if (tag !== undefined) yield { group, tag, repeat: at }
    }
  }
}

async function writeAll(cache: TaggedCache, tagsOf: (id: number) => string[], count: number): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const id = next++
      await cache.write(`k${id}`, { id }, tagsOf(id))
    }
  }
  await Promise.all(Array.from({ length: WRITES_IN_FLIGHT }, lane))
}

async function warmUp(cache: TaggedCache): Promise<void> {
  const count = cache.deletesEntries ? WARM_UPS / 20 : WARM_UPS
  for (let n = 0; n < count; n++) {
    await cache.write('k-1', { id: -1 }, [`warm-${n}`])
    await cache.invalidate(`warm-${n}`)
  }
}

async function cost(invalidateOne: () => Promise<unknown>, { serverCounters }: TrialContext): Promise<Cost> {
  const before = await serverCounters()
  const cpuBefore = process.cpuUsage()
  const startedAtMs = performance.now()
  await invalidateOne()
  const wallMs = performance.now() - startedAtMs
  const cpu = process.cpuUsage(cpuBefore)
  const after = await serverCounters()
  const asking = 1 // one of the two questions is counted
  return { cpuUs: cpu.user + cpu.system, wallUs: wallMs * 1_000, commands: after.commands - before.commands - asking }
}

async function removeAll(url: string, prefix: string): Promise<void> {
  const client = await connectNodeRedis(url)
  for await (const keys of client.scanIterator({ MATCH: `*${prefix}*`, COUNT: 1_000 })) {
    if (keys.length > 0) await client.unlink(keys)
  }
  await client.close()
}

function figures(costs: ReadonlyMap<Size, readonly Cost[]>): Measurements {
  const middle = (size: Size, of: (cost: Cost) => number): number => median((costs.get(size) ?? []).map(of))
  const growth = (of: (cost: Cost) => number): number => middle(100_000, of) / middle(1, of)
  const bySize = SIZES.flatMap((size): [string, Speed | number][] => [
    [`invalidate-${size}`, { cpuUs: middle(size, ({ cpuUs }) => cpuUs), wallUs: middle(size, ({ wallUs }) => wallUs) }],
    [`commands-${size}`, middle(size, ({ commands }) => commands)],
  ])
  return { ...Object.fromEntries(bySize), growth: growth(({ wallUs }) => wallUs), 'commands-growth': growth(({ commands }) => commands) }
}
