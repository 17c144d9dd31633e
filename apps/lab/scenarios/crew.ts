import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { guard } from '@tiercel/test-servers'

/** Real processes, and the only way to reach them. */
export interface Crew<Order, Report> {
  /** Places of those that live, from 0. */
  readonly alive: readonly number[]
  /** Their process ids. */
  readonly pids: readonly number[]
  /** Hears what they tell, and `undefined` when one has ended by itself. */
  listen(listener: (place: number, report: Report | undefined) => void): void
  send(place: number, order: Order): void
  /** `SIGKILL`: it has no time for a last word. */
  kill(place: number): void
  /** Starts a process in every place that has none. Resolves when all are up. */
  fill(): Promise<void>
  /** Kills what still runs, and waits until it is gone. */
  close(): Promise<void>
}

const startTimeoutMs = 20_000

/** @param program what each of them runs; it tells something when it is up, and is not told anything before */
export function createCrew<Order extends object, Report>(program: URL, size: number): Crew<Order, Report> {
  const members = new Map<number, ChildProcess>()
  /** Killed ones too, until they are gone. */
  const running = new Set<ChildProcess>()
  let hear: (place: number, report: Report | undefined) => void = () => undefined

  const start = async (place: number): Promise<void> => {
    const child = fork(fileURLToPath(program), [], {
      execArgv: ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'json',
    })
    members.set(place, child)
    running.add(child)
    if (child.pid !== undefined) child.once('exit', guard('pid', child.pid))
    child.once('exit', () => {
      running.delete(child)
      if (members.get(place) !== child) return
      members.delete(place)
      hear(place, undefined)
    })
    const isUp = once(child, 'message', { signal: AbortSignal.timeout(startTimeoutMs) })
    const hasFailed = once(child, 'exit').then(() => Promise.reject(new Error(`process ${place + 1} ended before it was up`)))
    await Promise.race([isUp, hasFailed])
    child.on('message', (report: Report) => hear(place, report))
  }

  return {
    get alive() {
      return [...members.keys()].sort((one, other) => one - other)
    },
    get pids() {
      return [...members.values()].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
    },
    listen(listener) {
      hear = listener
    },
    send(place, order) {
      const child = members.get(place)
      // One that is just dying does not hear any more.
      if (child?.connected === true) child.send(order, () => undefined)
    },
    kill(place) {
      members.get(place)?.kill('SIGKILL')
      members.delete(place)
    },
    async fill() {
      const missing = Array.from({ length: size }, (_, place) => place).filter((place) => !members.has(place))
      await Promise.all(missing.map(start))
    },
    async close() {
      hear = () => undefined
      await Promise.all(
        [...running].map(async (child) => {
          const gone = once(child, 'exit')
          child.kill('SIGKILL')
          await gone
        }),
      )
    },
  }
}
