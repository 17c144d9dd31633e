/**
 * The measured process: one subject of one trial, then the end. Told what to do by its argument, a `Job` as JSON; answers over the
 * channel of its parent.
 */
import { type Job, type MemberMessage, type Request, type Response, startMembers } from './job.ts'
import type { ServerCounters, Suite, Trial, TrialContext } from './suite.ts'

const job = JSON.parse(process.argv[2] ?? '') as Job

if (job.isMember === true) await answerAsMember()
else
  measure().then(
    (measurements) => finish({ kind: 'measured', measurements }),
    (error: unknown) => finish({ kind: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )

async function measure() {
  return (await loadTrial()).measure(job.subject, context())
}

async function answerAsMember(): Promise<void> {
  const tell = (message: MemberMessage): void => void process.send?.(message)
  const answer = await (await loadTrial()).answer?.(job.subject, context(), (told) => tell({ told }))
  process.on('disconnect', () => process.exit())
  process.on('message', ({ id, question }: { id: number; question: unknown }) => {
    answer?.(question).then(
      (result) => tell({ id, answer: result }),
      (error: unknown) => tell({ id, failure: String(error) }),
    )
  })
}

async function loadTrial(): Promise<Trial> {
  const { suite } = (await import(new URL(`../suites/${job.suite}.mjs`, import.meta.url).href)) as { suite: Suite }
  const trial = suite.trials.find(({ name }) => name === job.trial)
  if (trial === undefined) throw new Error(`suite ${job.suite} has no trial ${job.trial}`)
  return trial
}

function context(): TrialContext {
  return {
    url: job.url,
    prefix: job.prefix,
    effort: job.effort,
    startMembers: (count, onTold) => startMembers(job, count, onTold),
    serverCounters,
  }
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
