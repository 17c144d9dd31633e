import { setTimeout as delay } from 'node:timers/promises'
import { FaultProxy, type LinkFilter } from 'tiercel/testing'
import type { Member } from '../runner/job.ts'
import { median } from '../runner/statistics.ts'
import type { CountFigure, Measurements, Trial, TrialContext } from '../runner/suite.ts'
import type { CoherentCache, OpenCoherent } from '../subjects/coherent.ts'
import { connectNodeRedis } from '../subjects/node-redis.ts'

/** Of all values. What hears of no change serves an old value for so long at most. */
const TTL_MS = 3_000
/** What staleness is told in: the bound of Tiercel as it comes. */
const BOUND_MS = 1_000
/** Longer than any value lives. */
const WATCH_MS = TTL_MS + 1_500
const READ_EVERY_MS = 20
/** A read that takes longer counts as not answered. */
const PATIENCE_MS = 1_000
const LOAD_MS = 400
const MOST_KEYS = 20
const OWN_WRITES = 200

type Question =
  | { readonly kind: 'open'; readonly url: string; readonly namespace: string }
  | { readonly kind: 'read'; readonly keys: readonly string[]; readonly tag?: string; readonly loadMs: number }
  | { readonly kind: 'change'; readonly keys: readonly string[]; readonly tag?: string }
  | { readonly kind: 'change-and-read'; readonly key: string; readonly times: number }
  | { readonly kind: 'watch'; readonly keys: readonly string[]; readonly forMs: number }

interface Watched {
  readonly key: string
  readonly askedAtMs: number
  readonly tookMs: number
  /** `null`: it was not answered in time. */
  readonly version: number | null
}

const count = (name: string, title: string, unit: string): CountFigure => ({ kind: 'count', name, title, unit })
const faultFigures = (name: string, what: string): CountFigure[] => [
  count(`${name}-wrong`, `${what}: reads that got an old value`, '%'),
  count(`${name}-staleness`, `${what}: for how long a key's old value was served, median of the keys, over a second`, '×'),
  count(`${name}-staleness-max`, `${what}: the same, the longest`, '×'),
  count(`${name}-unanswered`, `${what}: reads that were not answered within a second`, '%'),
]

/** Two processes and one truth: what one serves after the other has changed it. */
export function consistency(subjects: Readonly<Record<string, OpenCoherent>>): Trial {
  return {
    name: 'consistency',
    figures: [
      count('late-load-wrong', 'loaded before a change, stored after it: keys whose old value is served when all is over', '%'),
      count('late-load-tag-wrong', 'the same, changed by tag', '%'),
      count('own-write-wrong', 'changed and read by one process: reads that got an old value', '%'),
      count('evicted-wrong', 'what a tag is known by is evicted, before or after a change: keys whose old value is served', '%'),
      ...faultFigures('lost-message', 'messages of the other process lost'),
      ...faultFigures('hung-link', 'link of the other process silent'),
      count('bound', 'how old a value may be, by its options, over a second', '×'),
    ],
    subjects: Object.keys(subjects),
    measure,
    answer: async (subject, context) => answerer(subjects[subject] as OpenCoherent, context),
  }
}

async function measure(subject: string, context: TrialContext): Promise<Measurements> {
  const { hostname, port } = new URL(context.url)
  const proxy = await FaultProxy.start({ host: hostname, port: Number(port) })
  const members = context.startMembers(2, () => undefined)
  const [writer, reader] = members as [Member, Member]
  const keys = Math.max(5, Math.round(MOST_KEYS * context.effort))
  try {
    const pair: Pair = { writer, reader, proxy, context, keys }
    return {
      'late-load-wrong': await lateLoad(pair, 'late'),
      'late-load-tag-wrong': await lateLoad(pair, 'late-tag', 'shelf'),
      'own-write-wrong': await ownWrites(pair),
      'evicted-wrong': await evicted(pair),
      ...(await broken(pair, 'lost-message', 'to-client', isMessageLink)),
      ...(await broken(pair, 'hung-link', undefined, () => true)),
      bound: subject === 'tiercel' ? 1 : TTL_MS / BOUND_MS,
    }
  } finally {
    await Promise.all(members.map((member) => member.kill()))
    await proxy.close()
    await removeAll(context)
  }
}

interface Pair {
  readonly writer: Member
  readonly reader: Member
  /** On the way of the reader. */
  readonly proxy: FaultProxy
  readonly context: TrialContext
  readonly keys: number
}

/** Both with a fresh cache under a namespace of its own; all keys are read once where `isWarm`. */
async function opened({ writer, reader, proxy, context, keys: count }: Pair, name: string, isWarm = true): Promise<string[]> {
  const namespace = `${context.prefix}-${name}`
  const keys = Array.from({ length: count }, (_, at) => `${name}-${at}`)
  const question = { kind: 'open', namespace } as const
  await Promise.all([ask(writer, { ...question, url: context.url }), ask(reader, { ...question, url: `redis://127.0.0.1:${proxy.port}` })])
  if (isWarm) for (const member of [reader, writer, reader]) await ask(member, { kind: 'read', keys, loadMs: 0 })
  return keys
}

/** The reader loads while the writer changes; when both are through, everybody reads again. */
async function lateLoad(pair: Pair, name: string, tag?: string): Promise<number> {
  const keys = await opened(pair, name, false)
  const tagged = tag === undefined ? {} : { tag }
  await ask(pair.reader, { kind: 'read', keys: ['warm-up'], ...tagged, loadMs: 0 })
  const loading = ask(pair.reader, { kind: 'read', keys, ...tagged, loadMs: LOAD_MS })
  await delay(LOAD_MS / 4)
  await ask(pair.writer, { kind: 'change', keys, ...tagged })
  await loading
  await delay(LOAD_MS / 2)
  let wrong = 0
  for (const member of [pair.reader, pair.writer]) {
    const values = (await ask(member, { kind: 'read', keys, ...tagged, loadMs: 0 })) as number[]
    wrong += values.filter((version) => version < 1).length
  }
  return (wrong / (2 * keys.length)) * 100
}

async function ownWrites(pair: Pair): Promise<number> {
  const [key = ''] = await opened(pair, 'own')
  const times = Math.round(OWN_WRITES * pair.context.effort)
  const wrong = (await ask(pair.writer, { kind: 'change-and-read', key, times })) as number
  return (wrong / times) * 100
}

/** Before a change by tag, and after one. A process that comes then knows only what the server does. */
async function evicted(pair: Pair): Promise<number> {
  const tag = 'shelf'
  let [lost, wrong, asked] = [0, 0, 0]
  for (const when of ['before', 'after'] as const) {
    const name = `evicted-${when}`
    const keys = await opened(pair, name, false)
    await ask(pair.writer, { kind: 'read', keys, tag, loadMs: 0 })
    if (when === 'before') lost += await removeAll(pair.context, `${name}*${tag}`)
    await ask(pair.writer, { kind: 'change', keys, tag })
    if (when === 'after') lost += await removeAll(pair.context, `${name}*${tag}`)
    await ask(pair.reader, { kind: 'open', namespace: `${pair.context.prefix}-${name}`, url: pair.context.url })
    const values = (await ask(pair.reader, { kind: 'read', keys, tag, loadMs: 0 })) as number[]
    wrong += values.filter((version) => version < 1).length
    asked += values.length
  }
  if (lost === 0) throw new Error('the tag is known by nothing that could be evicted')
  return (wrong / asked) * 100
}

/** The connection on which messages come is known by what was said on it first. */
const isMessageLink: LinkFilter = (link) => ['subscribe', 'SUBSCRIBE', 'TRACKING', 'tracking'].some((word) => link.hasSent(word))

/** The reader has all values in memory when its link breaks and the writer changes them. */
async function broken(pair: Pair, name: string, direction: 'to-client' | undefined, where: LinkFilter): Promise<Measurements> {
  const keys = await opened(pair, name)
  const watching = ask(pair.reader, { kind: 'watch', keys, forMs: WATCH_MS }) as Promise<Watched[]>
  await delay(200)
  pair.proxy.impose({ flow: 'drop' }, direction === undefined ? { where } : { direction, where })
  await delay(50)
  const changed = (await ask(pair.writer, { kind: 'change', keys })) as Record<string, number>
  const reads = await watching
  pair.proxy.heal()
  const late = reads.filter(({ key, askedAtMs }) => askedAtMs > (changed[key] ?? Number.POSITIVE_INFINITY))
  const old = late.filter(({ version }) => version === 0)
  const longest = keys.map((key) =>
    Math.max(0, ...old.filter((read) => read.key === key).map((read) => read.askedAtMs - (changed[key] ?? 0))),
  )
  const share = (some: readonly unknown[]) => (late.length === 0 ? 0 : (some.length / late.length) * 100)
  return {
    [`${name}-wrong`]: share(old),
    [`${name}-staleness`]: median(longest) / BOUND_MS,
    [`${name}-staleness-max`]: Math.max(...longest) / BOUND_MS,
    [`${name}-unanswered`]: share(late.filter(({ version }) => version === null)),
  }
}

function ask(member: Member, question: Question): Promise<unknown> {
  return member.ask(question)
}

/** What one of the two processes does. The truth is a counter per key, on a link of its own that nothing happens to. */
function answerer(open: OpenCoherent, { url, prefix }: TrialContext): (question: unknown) => Promise<unknown> {
  let cache: CoherentCache
  const truth = connectNodeRedis(url)
  const truthOf = (key: string): string => `${prefix}-truth:${key}`
  const loader = (key: string, loadMs: number) => async (): Promise<number> => {
    const version = Number((await (await truth).get(truthOf(key))) ?? 0)
    if (loadMs > 0) await delay(loadMs)
    return version
  }
  const change = async (keys: readonly string[], committedAtMs: Record<string, number>): Promise<void> => {
    const client = await truth
    await Promise.all(keys.map((key) => client.incr(truthOf(key))))
    for (const key of keys) committedAtMs[key] = sharedClockMs()
  }
  const answer = async (question: Question): Promise<unknown> => {
    switch (question.kind) {
      case 'open':
        cache = await open({
          url: question.url,
          namespace: question.namespace,
          ttlMs: TTL_MS * (question.namespace.includes('late') ? 20 : 1),
        })
        return undefined
      case 'read': {
        const { keys, tag, loadMs } = question
        const readOne = (key: string) =>
          tag === undefined ? cache.read(key, loader(key, loadMs)) : cache.readTagged(key, tag, loader(key, loadMs))
        return Promise.all(keys.map(readOne))
      }
      case 'change': {
        const committedAtMs: Record<string, number> = {}
        if (question.tag === undefined) await Promise.all(question.keys.map((key) => cache.change(key, () => change([key], committedAtMs))))
        else await cache.changeTagged(question.tag, () => change(question.keys, committedAtMs))
        return committedAtMs
      }
      case 'change-and-read':
        return changeAndRead(question.key, question.times)
      case 'watch':
        return watch(question.keys, question.forMs)
    }
  }
  const changeAndRead = async (key: string, times: number): Promise<number> => {
    let wrong = 0
    const first = await loader(key, 0)()
    for (let done = 1; done <= times; done++) {
      await cache.change(key, () => change([key], {}))
      if ((await cache.read(key, loader(key, 0))) !== first + done) wrong++
    }
    return wrong
  }
  const watch = async (keys: readonly string[], forMs: number): Promise<Watched[]> => {
    const reads: Promise<Watched>[] = []
    const endsAtMs = sharedClockMs() + forMs
    for (let at = 0; sharedClockMs() < endsAtMs; at++) {
      for (const key of keys) reads.push(watchOne(key))
      await delay(READ_EVERY_MS)
    }
    return Promise.all(reads)
  }
  const watchOne = async (key: string): Promise<Watched> => {
    const askedAtMs = sharedClockMs()
    const value = cache.read(key, loader(key, 0)).catch(() => null)
    const version = await Promise.race([value, delay(PATIENCE_MS, null, { ref: false })])
    return { key, askedAtMs, tookMs: sharedClockMs() - askedAtMs, version }
  }
  return (question) => answer(question as Question)
}

/** The same in all processes of this machine. */
function sharedClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** @returns how many keys there were */
async function removeAll({ url, prefix }: TrialContext, pattern = ''): Promise<number> {
  const client = await connectNodeRedis(url)
  let removed = 0
  for await (const keys of client.scanIterator({ MATCH: `*${prefix}*${pattern}*`, COUNT: 1_000 })) {
    if (keys.length > 0) removed += await client.unlink(keys)
  }
  await client.close()
  return removed
}
