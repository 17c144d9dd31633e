import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Member } from '../runner/job.ts'
import { median } from '../runner/statistics.ts'
import type { Figure, Measurements, Trial, TrialContext } from '../runner/suite.ts'
import type { FleetCache, OpenFleetCache } from '../subjects/fleet.ts'

const PROCESSES = 4
/** Enough for a link to be opened on a busy machine. */
const LINK_MS = 500

/** How long values live in all caches of a trial. */
interface Life {
  readonly ttlMs: number
  readonly graceMs: number
}

/** What a member is asked to do. */
interface Task extends Life {
  readonly namespace: string
  readonly key: string
  readonly callers: number
  /** All at once, or one after the other over this time. */
  readonly overMs: number
  readonly loadMs: number
  readonly fails: boolean
}

interface Outcome {
  readonly values: readonly number[]
  readonly failed: number
  /** From the first call to the last answer. */
  readonly tookMs: number
  /** Callers who had to wait as long as half a load. */
  readonly waited: number
  /** What the load of this member took; 0 where it had none. */
  readonly loadTookMs: number
}

interface Load {
  readonly member: number
  readonly beganAtMs: number
}

/** The members of one trial, and the loads at the source, which they tell as they begin. */
class Fleet {
  readonly loads: Load[] = []
  readonly members: readonly Member[]
  #onLoad: (member: number) => void = () => undefined

  readonly #cache: Life & { readonly namespace: string }

  constructor(context: TrialContext, life: Life) {
    this.#cache = { ...life, namespace: `${context.prefix}-${randomUUID()}` }
    this.members = context.startMembers(PROCESSES, (_told, member) => {
      this.loads.push({ member, beganAtMs: performance.now() })
      this.#onLoad(member)
    })
  }

  nextLoad(): Promise<number> {
    return new Promise((resolve) => (this.#onLoad = resolve))
  }

  /** Everybody has waited for another once, and has the link on which it is told, before anything is measured. */
  async warmUp(): Promise<void> {
    await this.ask({ key: 'warm', callers: 1, overMs: 0, loadMs: 50, fails: false })
    await delay(LINK_MS)
    this.loads.length = 0
  }

  ask(task: Order): Promise<Outcome[]> {
    return Promise.all(this.members.map((_, at) => this.askOne(at, task)))
  }

  askOne(member: number, task: Order): Promise<Outcome> {
    return (this.members[member] as Member).ask({ ...this.#cache, ...task } satisfies Task) as Promise<Outcome>
  }
}

type Order = Omit<Task, keyof Life | 'namespace'>

function defineStampede(trial: {
  readonly name: string
  readonly figures: readonly Figure[]
  readonly subjects: Readonly<Record<string, OpenFleetCache>>
  readonly life: Life
  readonly measure: (fleet: Fleet, context: TrialContext) => Promise<Measurements>
}): Trial {
  return {
    name: trial.name,
    figures: trial.figures,
    subjects: Object.keys(trial.subjects),
    async measure(_subject, context) {
      const fleet = new Fleet(context, trial.life)
      await fleet.warmUp()
      return trial.measure(fleet, context)
    },
    async answer(subject, context, tell) {
      return answerer(trial.subjects[subject] as OpenFleetCache, context, tell)
    },
  }
}

function answerer(open: OpenFleetCache, { url }: TrialContext, tell: (told: unknown) => void): (question: unknown) => Promise<Outcome> {
  let opened: { namespace: string; cache: Promise<FleetCache> } | undefined
  let task: Task
  let loads = 0
  let loadTookMs = 0
  const load = async (): Promise<number> => {
    loads += 1
    const value = loads
    const beganAtMs = performance.now()
    tell('load')
    await delay(task.loadMs)
    loadTookMs = performance.now() - beganAtMs
    if (task.fails) throw new Error('the source is down')
    return value
  }
  return async (question) => {
    task = question as Task
    if (opened?.namespace !== task.namespace) opened = { namespace: task.namespace, cache: open({ url, ...task, load }) }
    loadTookMs = 0
    const outcome = await run(await opened.cache, task)
    return { ...outcome, loadTookMs }
  }
}

async function run(cache: FleetCache, { key, callers, overMs, loadMs }: Task): Promise<Omit<Outcome, 'loadTookMs'>> {
  const startedAtMs = performance.now()
  const values: number[] = []
  let [failed, waited] = [0, 0]
  await Promise.all(
    Array.from({ length: callers }, async (_, at) => {
      if (overMs > 0) await delay((overMs * at) / callers)
      const askedAtMs = performance.now()
      await cache.read(key).then(
        (value) => values.push(value),
        () => (failed += 1),
      )
      if (performance.now() - askedAtMs > loadMs / 2) waited += 1
    }),
  )
  return { values: [...new Set(values)], failed, tookMs: performance.now() - startedAtMs, waited }
}

const count = (name: string, title: string, unit: string): Figure => ({ kind: 'count', name, title, unit })

/** A thousand callers in each of four processes, one missing key; and the same when the process that loads is killed. */
export function oneMissingKey(subjects: Readonly<Record<string, OpenFleetCache>>): Trial {
  return defineStampede({
    name: 'missing',
    figures: [
      count('fleet-loads', 'loads, 4 processes with 1,000 callers each, one missing key, 100 ms load', 'loads'),
      count('killed-loads', 'the same, the process that loads first is killed', 'loads'),
    ],
    subjects,
    life: { ttlMs: 300_000, graceMs: 0 },
    async measure(fleet) {
      const task = { callers: 1_000, overMs: 0, loadMs: 100, fails: false }
      const outcomes = await fleet.ask({ ...task, key: 'hot' })
      if (outcomes.some(({ failed }) => failed > 0)) throw new Error('a caller had no value')
      const loads = fleet.loads.length
      fleet.loads.length = 0
      const first = fleet.nextLoad()
      const asked = fleet.members.map((_, at) => fleet.askOne(at, { ...task, key: 'hotter' }).catch(() => undefined))
      await fleet.members[await first]?.kill()
      const survivors = await Promise.all(asked)
      if (survivors.some((outcome) => outcome !== undefined && outcome.failed > 0)) throw new Error('a caller had no value')
      return { 'fleet-loads': loads, 'killed-loads': fleet.loads.length }
    },
  })
}

const FAILING_KEYS = 20
const REST_MS = 50

/**
 * The source is down: how often it is asked all the same, and how long callers wait to be told.
 *
 * One key after the other: the most loads of any, and the middle one's wait, over what its load really took, since a timer of 20 ms is
 * late on a busy machine. The first key's wait does not count: no process has had a failure before, and each compiles what it does with one.
 */
export function failingLoad(subjects: Readonly<Record<string, OpenFleetCache>>): Trial {
  return defineStampede({
    name: 'failing',
    figures: [
      count('failing-loads', 'calls of a loader that fails after 20 ms, 4 processes with 50 callers each', 'calls'),
      count('failing-per-process', 'the most of them in one process', 'calls'),
      count('failing-wait', 'time until the last caller is told, over that of its load, middle one of 20 keys', '×'),
    ],
    subjects,
    life: { ttlMs: 300_000, graceMs: 0 },
    async measure(fleet, { effort }) {
      const task = { callers: 50, overMs: 0, loadMs: 20, fails: true }
      let [loads, ofOne] = [0, 0]
      const waits: number[] = []
      for (let at = 0; at <= Math.max(5, FAILING_KEYS * effort); at++) {
        fleet.loads.length = 0
        const outcomes = await fleet.ask({ ...task, key: `failing-${at}` })
        loads = Math.max(loads, fleet.loads.length)
        ofOne = Math.max(ofOne, ...fleet.members.map((_, member) => fleet.loads.filter((load) => load.member === member).length))
        const loadTookMs = Math.max(...outcomes.map((outcome) => outcome.loadTookMs))
        if (at > 0) waits.push(Math.max(...outcomes.map(({ tookMs }) => tookMs)) / loadTookMs)
        await delay(REST_MS)
      }
      return { 'failing-loads': loads, 'failing-per-process': ofOne, 'failing-wait': median(waits) }
    },
  })
}

const RENEWALS = 50
const TTL_MS = 1_000

/** A hot key that ends again and again, with stale values allowed. */
export function hotKey(subjects: Readonly<Record<string, OpenFleetCache>>): Trial {
  return defineStampede({
    name: 'hot-key',
    figures: [
      count(
        'loads-per-renewal',
        'loads each time that a hot key is renewed: 4 processes, 1,000 requests/s, ttl 1 s, 100 ms load, grace',
        'loads',
      ),
      count('waited', 'callers who waited for a load', 'of a million'),
    ],
    subjects,
    life: { ttlMs: TTL_MS, graceMs: 3_600_000 },
    async measure(fleet, { effort }) {
      const loadMs = 100
      const base = { key: 'hot', loadMs, fails: false }
      await fleet.ask({ ...base, callers: 1, overMs: 0 })
      fleet.loads.length = 0
      // With early refresh a value lives about half its ttl.
      const overMs = Math.max(5, RENEWALS * effort) * TTL_MS * 0.6
      const outcomes = await fleet.ask({ ...base, callers: Math.round(overMs / PROCESSES), overMs })
      if (outcomes.some(({ failed }) => failed > 0)) throw new Error('a caller had no value')
      const callers = Math.round(overMs / PROCESSES) * PROCESSES
      const waited = outcomes.reduce((sum, outcome) => sum + outcome.waited, 0)
      return { 'loads-per-renewal': fleet.loads.length / renewals(fleet.loads, loadMs), waited: (waited / callers) * 1_000_000 }
    },
  })
}

/** Loads that begin before the last one has long ended renew the same value. */
function renewals(loads: readonly Load[], loadMs: number): number {
  let count = 0
  let lastMs = Number.NEGATIVE_INFINITY
  for (const { beganAtMs } of loads) {
    if (beganAtMs > lastMs + loadMs * 2) count += 1
    lastMs = beganAtMs
  }
  return Math.max(count, 1)
}
