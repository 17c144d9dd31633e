import { isDeepStrictEqual } from 'node:util'
import { createRandom } from '@tiercel/workloads'
import { messageOf } from '../../format/message-of.ts'
import { formatCount } from '../../format/number.ts'
import type { Check } from '../run-result.ts'
import type { RunContext } from '../scenario.ts'
import type { Lane, Source } from './lanes.ts'
import type { parameters as schema } from './parameters.ts'

type Context = RunContext<typeof schema>

const sampleSize = 40

/** Ranks whose answers are compared with the database: the first ones asked for, and others at random. */
export function sampleOf(ranks: Uint32Array, seed: number): ReadonlySet<number> {
  const random = createRandom(seed).fork('sample')
  const asked = [...new Set(ranks)]
  const sample = new Set(asked.slice(0, sampleSize / 4))
  for (let draw = 0; draw < 3 * sampleSize && sample.size < sampleSize; draw++) sample.add(asked[random.integer(asked.length)] as number)
  return sample
}

/** What must be so for the figures to mean anything. */
export async function check(context: Context, lanes: readonly Lane[], ranks: Uint32Array, source: Source): Promise<Check[]> {
  const { parameters } = context
  const cached = lanes.filter(({ recorder }) => recorder.id !== 'none')
  sayWhatFailed(context, lanes)
  const isLoadedOnce = parameters.concurrency === 1 && parameters.instances === 1 && parameters.ttl === '5m'
  return [await sameAnswers(cached, source), sameCounts(cached), noneFailed(lanes), ...(isLoadedOnce ? [loadedOnce(cached, ranks)] : [])]
}

function sayWhatFailed({ note }: Context, lanes: readonly Lane[]): void {
  const unanswered = lanes.reduce((sum, lane) => sum + lane.storeErrors(), 0)
  const times = `${formatCount(unanswered)} ${unanswered === 1 ? 'time' : 'times'}`
  if (unanswered > 0) note(`Valkey did not answer within its 50 ms ${times}: Tiercel went on without it and asked the database.`)
  const failure = lanes.map(({ failures }) => failures.first).find((first) => first !== undefined)
  if (failure !== undefined) note(`The first request that failed said: ${messageOf(failure)}`)
}

async function sameAnswers(lanes: readonly Lane[], source: Source): Promise<Check> {
  let [compared, different] = [0, 0]
  for (const rank of new Set(lanes.flatMap(({ given }) => [...given.keys()]))) {
    const truth = await source.ask(rank)
    for (const { given } of lanes) {
      if (!given.has(rank)) continue
      compared++
      if (!isDeepStrictEqual(given.get(rank), truth)) different++
    }
  }
  return {
    name: "Cached answers equal the database's",
    value: `${formatCount(different)} of ${formatCount(compared)} compared differ`,
    required: '0',
    ok: different === 0,
  }
}

function sameCounts(lanes: readonly Lane[]): Check {
  const differing = lanes.reduce((sum, lane) => sum + Math.abs(lane.loadsCounted() - lane.sent.queries), 0)
  return {
    name: "The caches' own counters agree with ours",
    value: `${formatCount(differing)} loads counted differently`,
    required: '0',
    ok: differing === 0,
  }
}

function noneFailed(lanes: readonly Lane[]): Check {
  const failed = lanes.reduce((sum, { recorder }) => sum + recorder.count('error'), 0)
  return { name: 'Requests that failed', value: formatCount(failed), required: '0', ok: failed === 0 }
}

/**
 * With one caller, one instance and a time to live beyond the end of the run, a key is loaded once, and again only when Valkey could not be
 * asked. (A second instance may ask while the first one's answer is still on its way to Valkey.)
 */
function loadedOnce(lanes: readonly Lane[], ranks: Uint32Array): Check {
  const surplus = lanes.map(({ recorder, sent }) => sent.queries - new Set(ranks.subarray(0, recorder.requests)).size)
  const unanswered = Math.max(0, ...lanes.map((lane) => lane.storeErrors()))
  return {
    name: 'Each key was loaded once',
    value: `${formatCount(Math.max(0, ...surplus))} loads more than keys`,
    required: unanswered === 0 ? '0' : `at most ${formatCount(unanswered)}, one for each time Valkey did not answer`,
    ok: surplus.every((count, place) => count >= 0 && count <= (lanes[place] as Lane).storeErrors()),
  }
}
