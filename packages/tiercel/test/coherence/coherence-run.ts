import { type CheckOptions, checkHistory, type HistoryReport, type Operation } from '../../src/testing/index.ts'
import { WorkerProcess } from '../fleet/worker-process.ts'
import type { SourceReady, SourceReply, SourceSetup, WorkerReply, WorkerSetup } from './messages.ts'
import type { SubjectOptions } from './subject.ts'
import type { SubjectName } from './subjects.ts'
import { tagsOfKey, type WorkloadPlan } from './workload.ts'

export interface RunPlan {
  readonly subject: SubjectName
  readonly cache: SubjectOptions
  readonly workload: WorkloadPlan
  /** Default: 4. */
  readonly processes?: number
  /** A read or commit of the source takes up to so long. Default: 4. */
  readonly sourceDelayMs?: number
  /** Goes on beside the workload, until that is over. */
  readonly disturb?: (isOver: AbortSignal) => Promise<void>
}

export interface RunResult {
  readonly operations: readonly Operation[]
  /** By call and code: how many threw it. */
  readonly errors: Readonly<Record<string, number>>
  /** The longest that an event loop was late. */
  readonly latestMs: number
}

/** Real processes that make random calls on caches of their own, and change one source; everything that they did, in one log. */
export async function runCoherence(plan: RunPlan): Promise<RunResult> {
  const { subject, cache, workload, processes = 4, sourceDelayMs: maxDelayMs = 4, disturb } = plan
  const sourceSetup: SourceSetup = { seed: workload.seed, maxDelayMs }
  const source = new WorkerProcess<object, SourceReply, SourceReady>(new URL('./source.ts', import.meta.url), sourceSetup)
  const workers: WorkerProcess<WorkloadPlan, WorkerReply>[] = []
  try {
    const { port: sourcePort } = await source.ready
    for (let process = 0; process < processes; process += 1) {
      const client = process % 2 === 0 ? 'ioredis' : 'node-redis'
      const setup: WorkerSetup = { client, ...cache, subject, process, processes, sourcePort }
      workers.push(new WorkerProcess(new URL('./worker.ts', import.meta.url), setup))
    }
    await Promise.all(workers.map(({ ready }) => ready))
    const replies = await beside(disturb, () => Promise.all(workers.map((worker) => worker.run(workload))))
    const changes = await source.run({})
    return {
      operations: [changes, ...replies].flatMap((reply) => reply.operations),
      errors: summed(replies.map(({ errors }) => errors)),
      latestMs: Math.max(...replies.map(({ latestMs }) => latestMs)),
    }
  } finally {
    await Promise.all([source, ...workers].map((process) => process.kill()))
  }
}

export function checkRun({ operations }: RunResult, options: CheckOptions): HistoryReport {
  return checkHistory(operations, { tagsOf: tagsOfKey, ...options })
}

async function beside<T>(disturb: RunPlan['disturb'], work: () => Promise<T>): Promise<T> {
  const over = new AbortController()
  const disturbing = disturb?.(over.signal)
  try {
    return await work()
  } finally {
    over.abort()
    await disturbing
  }
}

function summed(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const [name, count] of counts.flatMap(Object.entries)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
