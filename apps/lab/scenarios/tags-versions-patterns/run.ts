import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Crew, createCrew } from '../crew.ts'
import type { Finding, LaneRecorder, RunContext } from '../scenario.ts'
import { sharedClockMs } from '../shared-clock.ts'
import { finding, type LaneFound, type Point } from './finding.ts'
import { type parameters as schema, sizesOf } from './parameters.ts'
import type { Look, Order, Report } from './protocol.ts'
import { type ServerView, viewServer } from './server.ts'
import { type WayId, ways } from './ways/open.ts'
import { token } from './ways/token.ts'
import type { Place, Way } from './ways/way.ts'

type Context = RunContext<typeof schema>

const entriesPerWrite = 500
/** The bystander reads for so long before and after, so that it is known what it waits for when nothing happens. */
const quietMs = 250
const sampledEntries = 100
/** In the part about lost bookkeeping. */
export const fewKeys = 200
const waitLimitMs = 30_000

export async function run(context: Context): Promise<Finding> {
  const { lab, lanes, parameters, signal, progress } = context
  const namespace = `lab-tags-${randomUUID()}`
  progress(0, 'starting a bystander')
  const crew = createCrew<Order, Report>(new URL('./bystander.ts', import.meta.url), 1)
  const server = await viewServer(lab.valkey.url)
  const found: LaneFound[] = []
  try {
    const bystander = await startBystander(crew, lab.valkey.url.replace(/^valkey/, 'redis'), `${namespace}-bystander`)
    progress(0.02, 'filling the server with the keys of others')
    await server.fill(`${namespace}-others`, parameters.others, parameters.ttl * 1000)
    for (const [at, recorder] of lanes.entries()) {
      if (signal.aborted) break
      recorder.isWorking = true
      const onStep = (done: number, text: string) => progress(0.05 + (0.95 * (at + done)) / lanes.length, `${recorder.label}: ${text}`)
      const place = { url: lab.valkey.url, namespace: `${namespace}-${recorder.id}`, ttlMs: parameters.ttl * 1000 }
      found.push(await new Lane(context, { recorder, place, server, bystander, onStep }).measure())
      recorder.isWorking = false
    }
    return finding(parameters, found)
  } finally {
    await crew.close()
    await server.keysOf(namespace).then(
      (keys) => server.remove(keys),
      () => undefined,
    )
    server.close()
  }
}

interface LaneOptions {
  readonly recorder: LaneRecorder
  readonly place: Place
  readonly server: ServerView
  readonly bystander: Bystander
  onStep(done: number, text: string): void
}

class Lane {
  readonly #context: Context
  readonly #options: LaneOptions
  readonly #id: WayId

  constructor(context: Context, options: LaneOptions) {
    this.#context = context
    this.#options = options
    this.#id = options.recorder.id as WayId
  }

  async measure(): Promise<LaneFound> {
    const { recorder, onStep } = this.#options
    const sizes = sizesOf(this.#context.parameters)
    const points: Point[] = []
    let memory = { bookkeepingBytes: 0, commandsPerRead: 0 }
    for (const [at, size] of sizes.entries()) {
      if (this.#context.signal.aborted) break
      onStep(at / (sizes.length + 1), `${size} keys`)
      const place = this.#placeOf(`${size}`)
      await this.#with(place, async (way) => {
        await way.invalidate() // of nothing: links, scripts and code are warm after it
        await this.#write(way, size)
        if (at === 0) memory = await this.#costsOfKeeping(way, place, size)
        points.push(await this.#invalidate(way, place, size))
      })
    }
    onStep(sizes.length / (sizes.length + 1), 'bookkeeping lost')
    const isStopped = this.#context.signal.aborted
    return {
      id: this.#id,
      label: recorder.label,
      points,
      ...memory,
      oldAfterLoss: isStopped ? null : { before: await this.#oldAfterLoss('before'), after: await this.#oldAfterLoss('after') },
    }
  }

  /** Entries of one namespace; they are gone when `use` has ended. */
  async #with<T>(place: Place, use: (way: Way) => Promise<T>): Promise<T> {
    const way = await ways[this.#id].open(place)
    try {
      return await use(way)
    } finally {
      await way.close()
      const { server } = this.#options
      await server.remove(await server.keysOf(place.namespace))
    }
  }

  async #write(way: Way, count: number, text = 'old'): Promise<void> {
    const value = text.padEnd(this.#context.parameters.value, '.')
    for (let from = 0; from < count; from += entriesPerWrite) {
      if (this.#context.signal.aborted) return
      const ids = Array.from({ length: Math.min(entriesPerWrite, count - from) }, (_, place) => from + place)
      await way.write(ids.map((id) => [id, value]))
    }
  }

  /** While a bystander reads. */
  async #invalidate(way: Way, place: Place, size: number): Promise<Point> {
    const { bystander, recorder, server } = this.#options
    const { commands } = ways[this.#id]
    await bystander.watch()
    await wait(quietMs)
    const before = await server.costs(commands)
    const fromMs = sharedClockMs()
    await way.invalidate()
    const toMs = sharedClockMs()
    const after = await server.costs(commands)
    await wait(quietMs)
    const looks = await bystander.rest()
    const isDuring = ({ atMs, ms }: Look) => atMs <= toMs && atMs + ms >= fromMs
    for (const { ms } of looks) recorder.record('l2', ms)
    const longest = (some: readonly Look[]) => (some.length === 0 ? null : Math.max(...some.map(({ ms }) => ms)))
    const left = await server.keysOf(place.namespace)
    return {
      size,
      ms: toMs - fromMs,
      commands: after.calls - before.calls,
      serverMs: (after.usec - before.usec) / 1000,
      pauseMs: longest(looks.filter(isDuring)),
      quietPauseMs: longest(looks.filter(({ atMs, ms }) => atMs + ms < fromMs)),
      keysLeft: left.filter(isEntry).length,
    }
  }

  /** What stands beside an entry, and in it, because of the tag; and what a read that finds something asks. */
  async #costsOfKeeping(way: Way, place: Place, size: number) {
    const { server } = this.#options
    const keys = await server.keysOf(place.namespace)
    const beside = await server.memoryOf(keys.filter((key) => !isEntry(key)))
    const sample = keys.filter(isEntry).slice(0, sampledEntries)
    const within = ((await server.memoryOf(sample)) - (await this.#bytesWithoutTag(place, sample))) / Math.max(1, sample.length)
    const asked = ['get', 'mget', 'evalsha', 'eval', 'getrange']
    const reads = Math.min(size, sampledEntries)
    const before = await server.costs(asked)
    for (let id = 0; id < reads; id++) await way.read(id, notLoaded)
    const after = await server.costs(asked)
    return { bookkeepingBytes: beside / size + Math.max(0, within), commandsPerRead: (after.calls - before.calls) / reads }
  }

  /** The same entries as they would be if nothing had to be invalidated together, under names of the same length. */
  async #bytesWithoutTag({ url, namespace, ttlMs }: Place, keys: readonly string[]): Promise<number> {
    const { server } = this.#options
    const bare = { url, namespace: `${namespace.slice(0, -1)}b`, ttlMs }
    const ids = keys.map((key) => Number(key.slice(key.lastIndexOf(':') + 1)))
    const way = await (this.#id === 'token' ? token(bare, []) : ways.pattern.open(bare))
    await way.write(ids.map((id) => [id, 'old'.padEnd(this.#context.parameters.value, '.')]))
    await way.close()
    const written = await server.keysOf(bare.namespace)
    const bytes = await server.memoryOf(written.filter(isEntry))
    await server.remove(written)
    return bytes
  }

  /** The bookkeeping is evicted `before` or `after` an invalidation. @returns how many of a few old values are served by somebody who comes then */
  #oldAfterLoss(when: 'before' | 'after'): Promise<number> {
    const { server } = this.#options
    const place = this.#placeOf(when)
    return this.#with(place, async (way) => {
      const lose = async () => server.remove((await server.keysOf(place.namespace)).filter((key) => !isEntry(key)))
      await this.#write(way, fewKeys)
      if (when === 'before') await lose()
      await way.invalidate()
      if (when === 'after') await lose()
      const reader = await ways[this.#id].open(place)
      let old = 0
      for (let id = 0; id < fewKeys; id++) if ((await reader.read(id, async () => 'new')).startsWith('old')) old++
      await reader.close()
      return old
    })
  }

  #placeOf(name: string): Place {
    const { place } = this.#options
    return { ...place, namespace: `${place.namespace}-${name}` }
  }
}

function isEntry(key: string): boolean {
  return key.includes(':item:')
}

async function notLoaded(): Promise<string> {
  throw new Error('an entry that was just written is not there')
}

interface Bystander {
  watch(): Promise<void>
  rest(): Promise<readonly Look[]>
}

async function startBystander(crew: Crew<Order, Report>, url: string, key: string): Promise<Bystander> {
  let hear: ((report: Report) => void) | undefined
  const told = (kind: Report['kind']): Promise<Report> =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('the bystander does not answer')), waitLimitMs)
      hear = (report) => {
        if (report.kind !== kind && report.kind !== 'broken') return
        clearTimeout(limit)
        if (report.kind === 'broken') reject(new Error(report.message))
        else resolve(report)
      }
    })
  await crew.fill()
  crew.listen((_, report) => hear?.(report ?? { kind: 'broken', message: 'the bystander ended by itself' }))
  const opened = told('opened')
  crew.send(0, { kind: 'open', url, key })
  await opened
  return {
    async watch() {
      crew.send(0, { kind: 'watch' })
    },
    async rest() {
      const rested = told('rested')
      crew.send(0, { kind: 'rest' })
      const report = await rested
      return report.kind === 'rested' ? report.looks : []
    },
  }
}
