import { createRandom, type TurnsResult, takeTurns, zipf } from '@tiercel/workloads'
import { formatCount } from '../../format/number.ts'
import { medianOf } from '../../measure/median.ts'
import type { AirportQuery } from '../lab.ts'
import type { Finding, LaneRecorder, RunContext } from '../scenario.ts'
import { check, sampleOf } from './checks.ts'
import { finding } from './finding.ts'
import { cachedLane, type Lane, type Source, uncachedLane } from './lanes.ts'
import type { parameters as schema } from './parameters.ts'
import { SourceShares } from './source-shares.ts'

type Context = RunContext<typeof schema>

export async function run(context: Context): Promise<Finding> {
  const { lab, parameters, signal } = context
  const query = lab.airport.queries[parameters.query]
  const keys = Math.min(parameters.keys, query.distinct)
  sayWhatDiffers(context, keys)
  const ranks = sequence(context, keys)
  const source = sourceOf(lab.airport, query)
  const watched = sampleOf(ranks, context.seed)
  const lanes = context.lanes.map((recorder) => createLane(recorder, source, watched, context))
  try {
    await warmUp(context, lanes, source, query)
    const windows = lanes.map(() => new SourceShares(parameters.requests))
    const { turns, roundTripMs } = await measure(context, lanes, ranks, windows)
    sayWhyEnded(context, turns)
    context.progress(1, 'comparing cached answers with the database')
    const checks = signal.aborted ? [] : await check(context, lanes, ranks, source)
    return finding({ parameters, lanes, ranks, keys, roundTripMs, windows, checks })
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()))
  }
}

function sayWhatDiffers({ lab, parameters, note }: Context, keys: number): void {
  if (keys < parameters.keys) {
    note(
      `This database knows only ${formatCount(keys)} different questions of this kind: so many were used, not ${formatCount(parameters.keys)}.`,
    )
  }
  if (parameters.concurrency > 1 && lab.airport.isSingleConnection) {
    note(
      `This database answers one query at a time, and ${parameters.concurrency} callers ask: its latencies contain waiting in line, as when all connections of a database are in use.`,
    )
  }
}

/** The popularity ranks that are asked for, the same for every lane. */
function sequence({ parameters, seed }: Context, keys: number): Uint32Array {
  const distribution = zipf({ items: keys, exponent: parameters.skew, random: createRandom(seed).fork('requests') })
  return Uint32Array.from({ length: parameters.requests }, () => distribution.next())
}

function sourceOf(airport: Context['lab']['airport'], query: AirportQuery): Source {
  return {
    keyOf: (rank) => [query.id, ...query.valuesOf(rank)],
    ask: async (rank) => (await airport.query(query.sql, query.valuesOf(rank))).rows,
  }
}

function createLane(recorder: LaneRecorder, source: Source, watched: ReadonlySet<number>, { lab, parameters }: Context): Lane {
  if (recorder.id === 'none') return uncachedLane(recorder, source)
  const { instances, ttl } = parameters
  return cachedLane({ recorder, source, valkeyUrl: lab.valkey.url, l1: recorder.id === 'l1-l2', instances, watched, ttl })
}

/** With other questions than the run's where there are enough: the least popular ones. */
async function warmUp({ progress, signal }: Context, lanes: readonly Lane[], source: Source, query: AirportQuery): Promise<void> {
  progress(0, 'warming up')
  for (const lane of lanes) await lane.warm()
  const startMs = performance.now()
  for (let index = 0; index < 150 && performance.now() - startMs < 800 && !signal.aborted; index++) {
    await source.ask(query.distinct - 1 - (index % query.distinct))
  }
}

/** How often a question that touches no table is timed before each turn of the lane without a cache: spread over the run like everything else. */
const roundTripsPerTurn = 3

async function measure(context: Context, lanes: readonly Lane[], ranks: Uint32Array, windows: readonly SourceShares[]) {
  const { parameters, signal, progress, lab } = context
  const roundTripsMs: number[] = []
  const turns = await takeTurns({
    lanes: lanes.map((lane, place) => ({
      id: lane.recorder.id,
      run: async (index) => {
        const outcome = await lane.request(index, ranks[index] as number)
        windows[place]?.add(index, outcome === 'source')
      },
    })),
    operations: parameters.requests,
    concurrency: parameters.concurrency,
    budgetMs: parameters.budget * 1000,
    signal,
    async onTurn(id, fraction) {
      for (const { recorder } of lanes) recorder.isWorking = recorder.id === id
      progress(fraction, 'measuring')
      if (id !== 'none') return
      for (let time = 0; time < roundTripsPerTurn; time++) roundTripsMs.push(await timed(() => lab.airport.query('SELECT $1::int', [time])))
    },
  })
  for (const { recorder } of lanes) recorder.isWorking = false
  return { turns, roundTripMs: medianOf(roundTripsMs) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

function sayWhyEnded({ note, lanes, parameters }: Context, turns: readonly TurnsResult[]): void {
  for (const { id, completed, endedBy } of turns) {
    const label = lanes.find((lane) => lane.id === id)?.label ?? id
    if (endedBy === 'budget')
      note(`${label}: stopped after ${formatCount(completed)} requests, as its ${parameters.budget} s were used up.`)
    if (endedBy === 'signal') note(`${label}: stopped by hand after ${formatCount(completed)} requests.`)
  }
}
