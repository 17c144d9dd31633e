import { setTimeout as wait } from 'node:timers/promises'
import { openLoop } from '@tiercel/workloads'
import { outcomeOf } from '../../measure/outcome-of.ts'
import { joinCrew } from '../crew-member.ts'
import { sharedClockMs } from '../shared-clock.ts'
import { type OpenApproach, openApproach } from './approaches/open.ts'
import type { Assignment, Order, Read, Report, Value } from './protocol.ts'

/**
 * One process of the stampede: reads the hot key at a steady rate, in the way of the lane, and asks the lab for every load, so that
 * loads are counted where they happen. It ends when the lab does, however that ends.
 */
const reportEveryMs = 100
/** A refresh that an answered call has set off begins within this: it takes a lock before it. */
const setOffMs = 50
const longestRunMs = 3_600_000

let stop = new AbortController()
let job: { readonly assignment: Assignment; readonly approach: OpenApproach } | undefined
let reads: Read[] = []
let requests = 0
const loads = new Map<number, { resolve(value: Value): void; reject(error: Error): void }>()

const tell = (report: Report) => process.send?.(report)

setInterval(report, reportEveryMs)
joinCrew<Order>(obey)

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'connect':
      stop = new AbortController()
      job = { assignment: order.assignment, approach: await openApproach(order.assignment) }
      tell({ kind: 'connected' })
      return
    case 'read':
      return readUntilStopped(order.startsAtMs)
    case 'stop':
      return stop.abort()
    case 'loaded':
      return settle(order.request, ({ resolve }) => {
        resolve({ number: order.number, loadedAtMs: sharedClockMs(), by: job?.assignment.process ?? 0, rows: order.rows })
      })
    case 'load-failed':
      return settle(order.request, ({ reject }) => reject(new Error(order.message)))
  }
}

async function readUntilStopped(startsAtMs: number): Promise<void> {
  if (job === undefined) return
  const { assignment, approach } = job
  await wait(Math.max(0, startsAtMs - sharedClockMs()))
  const offsetMs = sharedClockMs() - performance.now()
  await openLoop({
    ratePerSecond: assignment.ratePerSecond,
    durationMs: longestRunMs,
    signal: stop.signal,
    run: (_index, intendedAtMs) => readOnce(job as NonNullable<typeof job>, intendedAtMs + offsetMs),
  })
  await approach.close()
  report()
  tell({ kind: 'stopped', storeErrors: approach.storeErrors(), lostLeases: approach.lostLeases() })
}

/** @param calledAtMs when it was due: what kept it from starting is part of its wait */
async function readOnce({ assignment, approach }: NonNullable<typeof job>, calledAtMs: number): Promise<void> {
  const { process: by, ttlMs } = assignment
  let ownLoad: number | undefined
  let hasSetOff = false
  try {
    const value = await approach.get(async (replaced) => {
      hasSetOff = true
      const loaded = await askSource(replaced)
      ownLoad = loaded.number
      return loaded
    })
    const answeredAtMs = sharedClockMs()
    await wait(setOffMs)
    const outcome = outcomeOf(value, { by, calledAtMs, ownLoad, hasSetOff, ttlMs })
    reads.push({ by, calledAtMs, answeredAtMs, outcome, ageMs: answeredAtMs - value.loadedAtMs })
  } catch {
    reads.push({ by, calledAtMs, answeredAtMs: sharedClockMs(), outcome: 'error', ageMs: null })
  }
}

function askSource(replaced: Value | undefined): Promise<Value> {
  const request = ++requests
  return new Promise((resolve, reject) => {
    loads.set(request, { resolve, reject })
    tell({ kind: 'load', request, ...(replaced === undefined ? {} : { replaces: replaced.number }) })
  })
}

function settle(request: number, end: (load: { resolve(value: Value): void; reject(error: Error): void }) => void): void {
  const load = loads.get(request)
  loads.delete(request)
  if (load !== undefined) end(load)
}

function report(): void {
  if (reads.length > 0) tell({ kind: 'reads', reads })
  reads = []
}
