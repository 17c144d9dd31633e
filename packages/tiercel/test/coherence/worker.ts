// One process of a coherence run: a cache of its own on the shared server, a connection to the source, random calls, and a log of them.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { historyRecorder } from '../../src/testing/index.ts'
import type { Told } from '../fleet/worker-process.ts'
import type { WorkerReply, WorkerSetup } from './messages.ts'
import { SourceClient } from './source-client.ts'
import { subjects } from './subjects.ts'
import { runWorkload, type WorkloadPlan } from './workload.ts'

const setup: WorkerSetup = JSON.parse(process.argv[2] ?? '{}')
const source = await SourceClient.connect(setup.sourcePort)
const subject = await subjects[setup.subject](setup)
const recorder = historyRecorder(`p${setup.process}`)

process.on('message', (call: Told<WorkloadPlan>) => void answer(call))
process.on('disconnect', () => process.exit())
process.send?.({ id: -1 })

async function answer({ id, ...plan }: Told<WorkloadPlan>): Promise<void> {
  const errors: Record<string, number> = {}
  const onError = (call: string, error: unknown): void => {
    const { code, message } = error as { readonly code?: string; readonly message?: string }
    const name = `${call}: ${code ?? message ?? String(error)}`
    errors[name] = (errors[name] ?? 0) + 1
  }
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  await runWorkload({ process: setup.process, processes: setup.processes, subject, source, recorder, onError }, plan)
  delay.disable()
  const reply: WorkerReply = { operations: recorder.take(), errors, latestMs: delay.max / 1e6 }
  process.send?.({ id, ...reply })
}
