import { setTimeout as wait } from 'node:timers/promises'
import { formatInterval } from '../../format/number.ts'
import type { Finding } from '../scenario.ts'
import { createCrew } from './crew.ts'
import { finding } from './finding.ts'
import { hotQuestion } from './hot-question.ts'
import type { LaneLog } from './lane-log.ts'
import { type Context, runLane } from './run-lane.ts'

export async function run(context: Context): Promise<Finding> {
  const { parameters, lanes, signal, progress } = context
  const crew = createCrew(parameters.processes)
  const work = sourceOf(context)
  const logs: LaneLog[] = []
  try {
    progress(0, `starting ${parameters.processes} processes`)
    for (const [place, recorder] of lanes.entries()) {
      if (signal.aborted) break
      const onExpiry = (over: number) =>
        progress((place + Math.max(0, over) / parameters.expiries) / lanes.length, activity(recorder.label, over))
      logs.push(await runLane(context, { recorder, crew, work, onExpiry }))
    }
  } finally {
    await crew.close()
  }
  sayWhatHappened(context, logs)
  return finding(parameters, logs)

  function activity(label: string, over: number): string {
    return `${label}: expiry ${Math.min(over + 1, parameters.expiries)} of ${parameters.expiries}`
  }
}

function sourceOf({ lab, parameters, signal }: Context): () => Promise<readonly unknown[]> {
  if (parameters.source === 'timed') return () => wait(parameters.load, [{ source: 'timer' }])
  const { sql, values } = hotQuestion(lab)
  const ask = async () => (await lab.airport.query(sql, values)).rows
  return lab.airport.isSingleConnection ? inLine(ask, signal) : ask
}

/** The line before the one connection stands here, so that a run that is stopped does not have to wait for it. */
function inLine<T>(ask: () => Promise<T>, signal: AbortSignal): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const mine = last.then(() => {
      signal.throwIfAborted()
      return ask()
    })
    last = mine.catch(() => undefined)
    return mine
  }
}

function sayWhatHappened({ note }: Context, logs: readonly LaneLog[]): void {
  const kills = logs.flatMap(({ kill }) => (kill === undefined ? [] : [kill.loadedForMs]))
  if (kills.length > 0) {
    const when = formatInterval(Math.min(...kills), Math.max(...kills))
    note(
      `In each lane the process that loaded first was killed, ${when} into its load. Its reads under way went with it and are counted nowhere.`,
    )
  }
  for (const { recorder, endedBy, storeErrors, lostLeases } of logs) {
    if (endedBy === 'budget') note(`${recorder.label}: ended early, as its time was used up.`)
    if (endedBy === 'signal') note(`${recorder.label}: stopped by hand.`)
    if (storeErrors > 0)
      note(`${recorder.label}: Valkey did not answer within a second ${storeErrors} times; Tiercel then goes on without it.`)
    if (lostLeases > 0)
      note(`${recorder.label}: a process was held up for longer than its lease ${lostLeases} times; another loaded as well.`)
  }
}
