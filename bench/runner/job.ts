import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Measurements, ServerCounters } from './suite.ts'

/** One process: one subject of one trial, once. */
export interface Job {
  readonly suite: string
  readonly trial: string
  readonly subject: string
  readonly url: string
  readonly prefix: string
  readonly effort: number
}

/** What a worker tells its parent, and what it hears. */
export type Request =
  | { readonly kind: 'counters' }
  | { readonly kind: 'measured'; readonly measurements: Measurements }
  | { readonly kind: 'failed'; readonly reason: string }

export interface Response {
  readonly counters: ServerCounters
}

const TIME_LIMIT_MS = 120_000

export interface JobOptions {
  readonly worker: URL
  readonly serverCounters: () => Promise<ServerCounters>
  readonly signal: AbortSignal
}

/** Runs `job` in a process of its own. Rejects when it fails, dies or takes longer than two minutes. */
export function runJob(job: Job, { worker, serverCounters, signal }: JobOptions): Promise<Measurements> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(worker), [JSON.stringify(job)], {
      execArgv: ['--expose-gc'],
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
    })
    child.on('message', (request: Request) => {
      if (request.kind === 'measured') resolve(request.measurements)
      else if (request.kind === 'failed') reject(new Error(request.reason))
      else serverCounters().then((counters) => child.send({ counters } satisfies Response), reject)
    })
    child.once('error', reject)
    child.once('exit', (code, by) => reject(new Error(`ended with ${by ?? code} before it had measured anything`)))
  })
}
