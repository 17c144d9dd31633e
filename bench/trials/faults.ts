import { setTimeout as delay } from 'node:timers/promises'
import { cause, type RunningServer, startStandalone, type Trouble } from '@tiercel/test-servers'
import { createRandom, openLoop, zipf } from '@tiercel/workloads'
import { FaultProxy } from 'tiercel/testing'
import type { Member } from '../runner/job.ts'
import type { CountFigure, Measurements, Trial, TrialContext } from '../runner/suite.ts'
import type { CoherentCache, OpenCoherent } from '../subjects/coherent.ts'

const KEYS = 50
const READS_PER_SECOND = 200
const CHANGE_EVERY_MS = 100
const LOAD_MS = 10
const TTL_MS = 60_000
/** A read that takes longer counts as failed, and as so long. */
const PATIENCE_MS = 1_000
/** Of the server, before it is in trouble, while it is, and after. */
const GOOD_MS = 500
const BAD_MS = 2_500
const AFTER_MS = 2_000
/** Who was told nothing has had time to hear of it, by whatever the library has. */
const SETTLED_MS = 1_200
/** A user notices what takes longer. */
const SLOW_MS = 250

const names: Readonly<Record<Trouble, string>> = { kill: 'killed', hang: 'hung', cut: 'cut off', slow: 'slow', full: 'full' }

type Question =
  | { readonly kind: 'open'; readonly url: string; readonly namespace: string }
  | { readonly kind: 'run'; readonly forMs: number; readonly seed: number }
  | { readonly kind: 'read-all' }

interface Read {
  /** Since the run began. */
  readonly dueAtMs: number
  readonly tookMs: number
  readonly hasFailed: boolean
}

interface Run {
  readonly reads: readonly Read[]
  readonly loads: number
  /** Errors that nobody caught, and that end a process. */
  readonly uncaught: number
}

const count = (name: string, title: string, unit: string): CountFigure => ({ kind: 'count', name, title, unit })

/** One process that reads and changes while its server is in trouble: what its users notice. */
export function faults(subjects: Readonly<Record<string, OpenCoherent>>, trouble: Trouble): Trial {
  const what = `server ${names[trouble]}`
  return {
    name: trouble,
    figures: [
      count(`${trouble}-failed`, `${what}: reads that failed, or were not answered within a second`, '%'),
      count(`${trouble}-noticed`, `${what}: reads that failed, or took longer than a quarter of a second`, '%'),
      count(`${trouble}-p99`, `${what}: the p99 of all reads`, 'ms'),
      count(`${trouble}-loads`, `${what}: loads at the source, of a hundred reads`, 'loads'),
      count(`${trouble}-back`, `${what}: from its return to the last read that a user noticed`, 'ms'),
      count(`${trouble}-old`, `${what}: keys whose old value is served, though all is over`, '%'),
      count(`${trouble}-uncaught`, `${what}: errors that nobody can catch, each of which ends a process`, 'errors'),
    ],
    subjects: Object.keys(subjects),
    measure: (_, context) => measure(trouble, context),
    answer: async (subject) => answerer(subjects[subject] as OpenCoherent),
  }
}

async function measure(trouble: Trouble, context: TrialContext): Promise<Measurements> {
  const server = await startStandalone()
  const proxy = await FaultProxy.start(server)
  const [member] = context.startMembers(1, () => undefined) as [Member]
  try {
    await ask(member, { kind: 'open', url: `redis://127.0.0.1:${proxy.port}`, namespace: context.prefix })
    await ask(member, { kind: 'read-all' })
    return await run(trouble, { server, proxy, member, seed: 7, share: Math.max(0.4, context.effort) })
  } finally {
    await member.kill()
    await proxy.close()
    await server.stop()
  }
}

interface Stage {
  readonly server: RunningServer
  readonly proxy: FaultProxy
  readonly member: Member
  readonly seed: number
  /** Of the time in trouble. */
  readonly share: number
}

async function run(trouble: Trouble, { server, proxy, member, seed, share }: Stage): Promise<Measurements> {
  const badMs = BAD_MS * share
  const startedAtMs = performance.now()
  const running = ask(member, { kind: 'run', forMs: GOOD_MS + badMs + AFTER_MS, seed }) as Promise<Run>
  await delay(GOOD_MS)
  const mend = await cause(trouble, server, proxy)
  await delay(badMs)
  await mend()
  const mendedAtMs = performance.now() - startedAtMs
  const { reads, loads, uncaught } = await running
  await delay(SETTLED_MS)
  const answers = (await ask(member, { kind: 'read-all' })) as (number | null)[]
  const noticed = reads.filter(({ hasFailed, tookMs }) => hasFailed || tookMs > SLOW_MS)
  const ofReads = (some: number): number => (some / Math.max(1, reads.length)) * 100
  return {
    [`${trouble}-failed`]: ofReads(reads.filter(({ hasFailed }) => hasFailed).length),
    [`${trouble}-noticed`]: ofReads(noticed.length),
    [`${trouble}-p99`]: percentile(reads, 0.99),
    [`${trouble}-loads`]: ofReads(loads),
    [`${trouble}-back`]: Math.max(0, ...noticed.map(({ dueAtMs }) => dueAtMs - mendedAtMs)),
    [`${trouble}-old`]: (answers.filter((behind) => behind !== 0).length / KEYS) * 100,
    [`${trouble}-uncaught`]: uncaught,
  }
}

function percentile(reads: readonly Read[], share: number): number {
  const sorted = reads.map(({ tookMs }) => tookMs).sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length * share)] ?? 0
}

function ask(member: Member, question: Question): Promise<unknown> {
  return member.ask(question)
}

/** What the process does. The truth is in it, so that nothing happens to the source. */
function answerer(open: OpenCoherent): (question: unknown) => Promise<unknown> {
  const truth = new Map<number, number>()
  let cache: CoherentCache
  let loads = 0
  let uncaught = 0
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, () => (uncaught += 1))

  const read = (key: number): Promise<number> =>
    cache.read(`key-${key}`, async () => {
      loads += 1
      const version = truth.get(key) ?? 0
      await delay(LOAD_MS)
      return version
    })
  const readInTime = (key: number): Promise<number | null> =>
    Promise.race([read(key).catch(() => null), delay(PATIENCE_MS, null, { ref: false })])
  const change = (key: number): Promise<unknown> => cache.change(`key-${key}`, async () => truth.set(key, (truth.get(key) ?? 0) + 1))

  const go = async ({ forMs, seed }: { readonly forMs: number; readonly seed: number }): Promise<Run> => {
    const popular = zipf({ items: KEYS, exponent: 0.9, random: createRandom(seed).fork('reads') })
    const changing = zipf({ items: KEYS, exponent: 0.9, random: createRandom(seed).fork('changes') })
    const reads: Read[] = []
    const startedAtMs = performance.now()
    loads = 0
    const readOne = async (_: number, dueAtMs: number): Promise<void> => {
      const value = await readInTime(popular.next())
      reads.push({ dueAtMs: dueAtMs - startedAtMs, tookMs: performance.now() - dueAtMs, hasFailed: value === null })
    }
    // Who changes does not wait for the one before; what the library does with a failure is its own affair.
    const changeOne = async (): Promise<void> => void change(changing.next()).catch(() => undefined)
    await Promise.all([
      openLoop({ ratePerSecond: READS_PER_SECOND, durationMs: forMs, run: readOne }),
      openLoop({ ratePerSecond: 1000 / CHANGE_EVERY_MS, durationMs: forMs - AFTER_MS, run: changeOne }),
    ])
    return { reads, loads, uncaught }
  }
  /** By how many changes each key's answer is behind; `null`: there was none. */
  const readAll = (): Promise<(number | null)[]> =>
    Promise.all(
      Array.from({ length: KEYS }, async (_, key) => {
        const version = await readInTime(key)
        return version === null ? null : (truth.get(key) ?? 0) - version
      }),
    )
  const answer = async (question: Question): Promise<unknown> => {
    if (question.kind === 'read-all') return readAll()
    if (question.kind === 'run') return go(question)
    cache = await open({ url: question.url, namespace: question.namespace, ttlMs: TTL_MS })
    return undefined
  }
  return (question) => answer(question as Question)
}
