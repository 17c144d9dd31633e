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
  /** A process beside the measured one, which does what that tells it. */
  readonly isMember?: boolean
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

/** A process that a trial has started beside its own. */
export interface Member {
  /** What it answers. Rejects when it dies. */
  ask(question: unknown): Promise<unknown>
  kill(): Promise<void>
}

/** What goes back and forth between a trial and its members. */
export type MemberMessage =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: string }
  | { readonly told: unknown }

/** Starts `count` more of this process, as members. */
export function startMembers(job: Job, count: number, onTold: (told: unknown, member: number) => void): Member[] {
  return Array.from({ length: count }, (_, at) => startMember({ ...job, isMember: true }, (told) => onTold(told, at)))
}

function startMember(job: Job, onTold: (told: unknown) => void): Member {
  const child = fork(process.argv[1] as string, [JSON.stringify(job)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const asked = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>()
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let lastId = 0
  process.once('exit', () => child.kill('SIGKILL'))
  child.on('message', (message: MemberMessage) => {
    if ('told' in message) return onTold(message.told)
    const call = asked.get(message.id)
    asked.delete(message.id)
    if ('failure' in message) call?.reject(new Error(message.failure))
    else call?.resolve(message.answer)
  })
  void exited.then(() => {
    for (const { reject } of asked.values()) reject(new Error('the member has gone'))
  })
  return {
    ask(question) {
      lastId += 1
      const id = lastId
      return new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject })
        child.send({ id, question })
      })
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
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
