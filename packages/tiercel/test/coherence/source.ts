// The source of truth in a process of its own: a version for each key, over TCP, a line of JSON for a request and one for its answer. A commit takes
// effect in one step, whose times are logged here, so that no answer is lost on the way to the log.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '@tiercel/workloads'
import { machineClockMs, type SourceChange } from '../../src/testing/index.ts'
import type { Told } from '../fleet/worker-process.ts'
import type { SourceAnswer, SourceReady, SourceReply, SourceRequest, SourceSetup } from './messages.ts'

const setup: SourceSetup = JSON.parse(process.argv[2] ?? '{}')
const random = createRandom(setup.seed)
const committed = new Map<string, number>()
const numbered = new Map<string, number>()
let changes: SourceChange[] = []

const listener = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => undefined)
  createInterface({ input: socket }).on('line', (line) => void answer(socket, JSON.parse(line) as SourceRequest))
})
listener.listen(0, '127.0.0.1', () => {
  const ready: SourceReady = { port: (listener.address() as AddressInfo).port }
  process.send?.({ id: -1, ...ready })
})

process.on('disconnect', () => process.exit())
process.on('message', ({ id }: Told<object>) => {
  const reply: SourceReply = { operations: changes }
  changes = []
  process.send?.({ id, ...reply })
})

async function answer(socket: Socket, { id, kind, key }: SourceRequest): Promise<void> {
  const delayMs = setup.maxDelayMs * random.next()
  const beforeMs = delayMs * random.next()
  if (setup.maxDelayMs > 0) await sleep(beforeMs)
  const reply: SourceAnswer = { id, version: kind === 'read' ? (committed.get(key) ?? 0) : change(key, kind) }
  if (setup.maxDelayMs > 0) await sleep(delayMs - beforeMs)
  socket.write(`${JSON.stringify(reply)}\n`)
}

function change(key: string, kind: 'commit' | 'abort'): number {
  const startMs = machineClockMs()
  const version = (numbered.get(key) ?? 0) + 1
  numbered.set(key, version)
  if (kind === 'commit') committed.set(key, version)
  const outcome = kind === 'commit' ? 'committed' : 'aborted'
  changes.push({ kind: 'change', key, version, outcome, process: 'source', startMs, endMs: machineClockMs() })
  return version
}
