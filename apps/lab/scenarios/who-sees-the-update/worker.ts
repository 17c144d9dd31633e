import { openLoop } from '@tiercel/workloads'
import { messageOf } from '../../format/message-of.ts'
import { joinCrew } from '../crew-member.ts'
import { sharedClockMs } from '../shared-clock.ts'
import type { Approach } from './approaches/approach.ts'
import { openApproach } from './approaches/open.ts'
import type { ApproachId, Assignment, Order, Read, Report, Row } from './protocol.ts'

/** One of the two processes: it reads the row of every lane at a steady rate, or changes it when it is told to. */
const reportEveryMs = 50
const longestRunMs = 3_600_000

const stop = new AbortController()
const approaches = new Map<ApproachId, Approach>()
const asked = new Map<number, { resolve(row: Row): void; reject(error: Error): void }>()
let assignment: Assignment | undefined
let reads: Read[] = []
let requests = 0

const tell = (report: Report) => process.send?.(report)

setInterval(report, reportEveryMs)
joinCrew<Order>(obey)

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'open':
      return open(order.assignment)
    case 'read':
      return void (await Promise.all([...approaches].map(([id, approach]) => readUntilStopped(id, approach))))
    case 'update':
      await Promise.all([...approaches].map(([id, approach]) => update(id, approach)))
      return void tell({ kind: 'updated' })
    case 'answer':
      return settle(order.request, ({ resolve }) => resolve(order.row))
    case 'refuse':
      return settle(order.request, ({ reject }) => reject(new Error(order.message)))
    case 'stop':
      return end()
  }
}

/** Every lane has read once when it is open, so that its links are up and its memory is warm. */
async function open(given: Assignment): Promise<void> {
  assignment = given
  for (const id of given.approaches) {
    const approach = await openApproach(id, given)
    approaches.set(id, approach)
    await approach.read(() => ask(id, 'load'))
  }
  tell({ kind: 'opened' })
}

async function readUntilStopped(id: ApproachId, approach: Approach): Promise<void> {
  const ratePerSecond = 1000 / (assignment as Assignment).readEveryMs
  await openLoop({ ratePerSecond, durationMs: longestRunMs, signal: stop.signal, run: () => readOnce(id, approach) })
}

async function readOnce(id: ApproachId, approach: Approach): Promise<void> {
  const askedAtMs = sharedClockMs()
  let hasTurned = false
  setImmediate(() => {
    hasTurned = true
  })
  let hasLoaded = false
  try {
    const { version } = await approach.read(() => {
      hasLoaded = true
      return ask(id, 'load')
    })
    // What is there before the event loop turns once was waited for nowhere.
    const from = hasLoaded ? 'source' : hasTurned ? 'l2' : 'l1'
    reads.push({ approach: id, askedAtMs, answeredAtMs: sharedClockMs(), from, version })
  } catch {
    reads.push({ approach: id, askedAtMs, answeredAtMs: sharedClockMs(), from: 'error', version: -1 })
  }
}

async function update(id: ApproachId, approach: Approach): Promise<void> {
  try {
    await approach.update(() => ask(id, 'change'))
  } catch (error) {
    tell({ kind: 'trouble', approach: id, message: messageOf(error) })
  }
}

function ask(approach: ApproachId, what: 'load' | 'change'): Promise<Row> {
  const request = ++requests
  return new Promise((resolve, reject) => {
    asked.set(request, { resolve, reject })
    tell({ kind: 'ask', request, approach, what })
  })
}

function settle(request: number, end: (question: { resolve(row: Row): void; reject(error: Error): void }) => void): void {
  const question = asked.get(request)
  asked.delete(request)
  if (question !== undefined) end(question)
}

async function end(): Promise<void> {
  stop.abort()
  report()
  await Promise.all([...approaches.values()].map((approach) => approach.close()))
  report()
  tell({ kind: 'stopped' })
}

function report(): void {
  if (reads.length > 0) tell({ kind: 'reads', reads })
  reads = []
}
