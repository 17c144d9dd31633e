import { createRandom, openLoop, zipf } from '@tiercel/workloads'
import { messageOf } from '../../format/message-of.ts'
import { joinCrew } from '../crew-member.ts'
import { sharedClockMs } from '../shared-clock.ts'
import type { Approach } from './approaches/approach.ts'
import { approaches } from './approaches/open.ts'
import type { Assignment, Change, Load, Order, Read, Report } from './protocol.ts'
import { Source } from './source.ts'

/** The process of one lane: users who read at a steady rate, somebody who changes what they read, and the source of both. */
const reportEveryMs = 50
const longestRunMs = 3_600_000
const skew = 0.9

const stop = new AbortController()
let done = nothingDone()
let begin: () => void = () => undefined
let close: () => Promise<void> = async () => undefined

const tell = (report: Report) => process.send?.(report)

setInterval(report, reportEveryMs)
joinCrew<Order>(obey)

async function obey(order: Order): Promise<void> {
  if (order.kind === 'open') return open(order.assignment)
  if (order.kind === 'read') return begin()
  stop.abort()
  // What waits for a server that does not answer would keep this process for ever.
  await Promise.race([close(), new Promise((resolve) => setTimeout(resolve, 1000))])
  report()
  tell({ kind: 'stopped' })
}

/** Every key has been read when it is open: the cache is warm. */
async function open(assignment: Assignment): Promise<void> {
  const { approach: id, valkeyUrl: url, namespace, ttlMs, hasL1, keys, loadMs, connections } = assignment
  const approach = await approaches[id]({ url, namespace, ttlMs, hasL1 })
  let isWarm = false
  const source = new Source({ products: keys, loadMs, connections, onLoad: (load) => isWarm && done.loads.push(load) })
  close = () => approach.close()
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < keys; key++) await approach.read(key, () => source.load(key))
  }
  isWarm = true
  begin = () => void Promise.all([readUntilStopped(assignment, approach, source), updateUntilStopped(assignment, approach, source)])
  tell({ kind: 'opened' })
}

async function readUntilStopped({ seed, keys, ratePerSecond }: Assignment, approach: Approach, source: Source): Promise<void> {
  const popular = zipf({ items: keys, exponent: skew, random: createRandom(seed).fork('reads') })
  const toSharedMs = sharedClockMs() - performance.now()
  const run = (_: number, dueAtMs: number) => readOnce(popular.next(), dueAtMs + toSharedMs, approach, source)
  await openLoop({ ratePerSecond, durationMs: longestRunMs, signal: stop.signal, run })
}

async function readOnce(id: number, calledAtMs: number, approach: Approach, source: Source): Promise<void> {
  let hasTurned = false
  setImmediate(() => {
    hasTurned = true
  })
  let hasLoaded = false
  try {
    const answer = await approach.read(id, () => {
      hasLoaded = true
      return source.load(id)
    })
    const isShared = answer.loadedAtMs >= calledAtMs
    // What is there before the event loop turns once was waited for nowhere.
    const from = hasLoaded ? 'source' : !hasTurned ? 'l1' : isShared ? 'joined' : 'l2'
    done.reads.push({ calledAtMs, answeredAtMs: sharedClockMs(), from, outdatedMs: source.outdatedMs(answer, calledAtMs) })
  } catch {
    done.reads.push({ calledAtMs, answeredAtMs: sharedClockMs(), from: 'error', outdatedMs: 0 })
  }
}

/** Nobody waits for the one before: what hangs does not hold up the next. */
async function updateUntilStopped({ seed, keys, updateEveryMs }: Assignment, approach: Approach, source: Source): Promise<void> {
  const chosen = zipf({ items: keys, exponent: skew, random: createRandom(seed).fork('changes') })
  const run = () => updateOnce(chosen.next(), approach, source)
  await openLoop({ ratePerSecond: 1000 / updateEveryMs, durationMs: longestRunMs, signal: stop.signal, run })
}

async function updateOnce(id: number, approach: Approach, source: Source): Promise<void> {
  const atMs = sharedClockMs()
  try {
    await approach.update(id, () => source.change(id))
    done.changes.push({ atMs })
  } catch (error) {
    done.changes.push({ atMs, error: messageOf(error) })
  }
}

function report(): void {
  const { reads, loads, changes } = done
  if (reads.length + loads.length + changes.length > 0) tell({ kind: 'done', reads, loads, changes })
  done = nothingDone()
}

function nothingDone(): { reads: Read[]; loads: Load[]; changes: Change[] } {
  return { reads: [], loads: [], changes: [] }
}
