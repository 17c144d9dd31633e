import { messageOf } from '../../format/message-of.ts'
import { formatCount } from '../../format/number.ts'
import type { Finding } from '../scenario.ts'
import { finding } from './finding.ts'
import { type Context, createLane, type Lane } from './lane.ts'

const saysEveryMs = 200

export async function run(context: Context): Promise<Finding> {
  const { parameters, signal, lanes: recorders, progress } = context
  const lanes = recorders.map((recorder) => createLane(recorder, context))
  await Promise.all(lanes.map((lane) => lane.connect()))
  const startMs = performance.now()
  for (const { recorder } of lanes) recorder.isWorking = true
  const elapsed = () => Math.min(1, (performance.now() - startMs) / (parameters.seconds * 1000))
  const ticker = setInterval(() => progress(elapsed(), 'reading'), saysEveryMs)
  try {
    await Promise.all(lanes.map((lane) => lane.run(startMs)))
    const lengthMs = signal.aborted ? performance.now() - startMs : parameters.seconds * 1000
    say(context, lanes)
    return finding(parameters, lanes, lengthMs)
  } finally {
    clearInterval(ticker)
    for (const { recorder } of lanes) recorder.isWorking = false
    await Promise.all(lanes.map((lane) => lane.close()))
  }
}

function say({ note, signal }: Context, lanes: readonly Lane[]): void {
  if (signal.aborted) note('Stopped by hand: the timeline ends there.')
  for (const { recorder, failures, storeErrors } of lanes) {
    const { first } = failures
    if (first !== undefined) note(`${recorder.label}: the first read that failed said: ${messageOf(first)}`)
    if (storeErrors() > 0) note(`${recorder.label}: Valkey did not answer within a second ${formatCount(storeErrors())} times.`)
  }
}
