/**
 * The measured process: one subject of one trial, then the end. Told what to do by its argument, a `Job` as JSON; answers over the
 * channel of its parent.
 */
import type { Job, Request, Response } from './job.ts'
import type { ServerCounters, Suite } from './suite.ts'

const job = JSON.parse(process.argv[2] ?? '') as Job

run().then(
  (measurements) => finish({ kind: 'measured', measurements }),
  (error: unknown) => finish({ kind: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
)

async function run() {
  const { suite } = (await import(new URL(`../suites/${job.suite}.mjs`, import.meta.url).href)) as { suite: Suite }
  const trial = suite.trials.find(({ name }) => name === job.trial)
  if (trial === undefined) throw new Error(`suite ${job.suite} has no trial ${job.trial}`)
  return trial.measure(job.subject, { url: job.url, prefix: job.prefix, effort: job.effort, serverCounters })
}

function serverCounters(): Promise<ServerCounters> {
  return new Promise((resolve) => {
    process.once('message', (response: Response) => resolve(response.counters))
    send({ kind: 'counters' })
  })
}

function finish(request: Request): void {
  send(request, () => process.exit(0))
}

function send(request: Request, onSent?: () => void): void {
  if (process.send === undefined) throw new Error('started by hand: there is no parent to answer to')
  process.send(request, undefined, undefined, onSent)
}
