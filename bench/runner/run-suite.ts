import { type Job, type JobOptions, runJob } from './job.ts'
import type { Measurements, Speed, Suite, Trial } from './suite.ts'

/** What came out of all rounds: figure → subject → one measurement per round. */
export type Collected = Map<string, Map<string, (Speed | number)[]>>

export interface Failure {
  readonly trial: string
  readonly subject: string
  readonly reason: string
}

export interface RunOptions extends JobOptions {
  readonly rounds: number
  readonly effort: number
  readonly url: string
  readonly onProgress: (line: string) => void
}

/**
 * Trial by trial, so that what is compared runs close together; within a trial round by round, A B C, A B C, so that a machine
 * that gets slower meanwhile gets slower for everybody.
 */
export async function runSuite(suite: Suite, options: RunOptions): Promise<{ collected: Collected; failures: Failure[] }> {
  const collected: Collected = new Map()
  const failures: Failure[] = []
  const total = suite.trials.reduce((sum, trial) => sum + trial.subjects.length, 0) * options.rounds
  let done = 0
  for (const { trial, round, subject } of turns(suite.trials, options.rounds)) {
    if (failures.some((failure) => failure.trial === trial.name && failure.subject === subject)) {
      done++
      continue
    }
    const startedAtMs = performance.now()
    const ended = await runJob(jobFor(suite, trial, subject, options), options).catch((error: Error) => error)
    options.signal.throwIfAborted()
    if (ended instanceof Error) failures.push({ trial: trial.name, subject, reason: ended.message })
    else collect(collected, subject, ended)
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
    const outcome = ended instanceof Error ? 'FAILED' : `${seconds} s`
    options.onProgress(`${++done}/${total}  ${trial.name}, round ${round} of ${options.rounds}: ${subject}  ${outcome}`)
  }
  return { collected, failures }
}

function* turns(trials: readonly Trial[], rounds: number) {
  for (const trial of trials) {
    for (let round = 1; round <= rounds; round++) {
      for (const subject of trial.subjects) yield { trial, round, subject }
    }
  }
}

function jobFor(suite: Suite, trial: Trial, subject: string, { url, effort }: RunOptions): Job {
  const prefix = `bench-${trial.name}-${subject}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return { suite: suite.name, trial: trial.name, subject, url, prefix, effort }
}

function collect(collected: Collected, subject: string, measurements: Measurements): void {
  for (const [figure, measurement] of Object.entries(measurements)) {
    const subjects = collected.get(figure) ?? new Map<string, (Speed | number)[]>()
    collected.set(figure, subjects)
    subjects.set(subject, [...(subjects.get(subject) ?? []), measurement])
  }
}
