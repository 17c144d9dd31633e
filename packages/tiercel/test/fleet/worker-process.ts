import { type ChildProcess, fork } from 'node:child_process'
import { compiled } from './compiled.ts'

/** As a program is told it: its answer has the same number. */
export type Told<Call> = Call & { readonly id: number }

type Message = Told<object>

const readyId = -1
const noteId = -2

/**
 * A program in a process of its own that is told things and answers each. It gets its set-up as its argument, sends `{ id: -1 }` when it is ready,
 * answers a call with the call's `id`, and may say something unasked with `{ id: -2 }`.
 *
 * One that ends by itself has failed, whether or not it was asked anything at the time: a rejection that nobody handles ends a process.
 */
export class WorkerProcess<Call extends object, Reply extends object, Ready extends object = object> {
  readonly ready: Promise<Ready>
  readonly #child: ChildProcess
  /** How it ended. */
  readonly #exited: Promise<string>
  readonly #replies: Map<number, (reply: Message) => void> = new Map()
  #lastId = 0

  constructor(program: URL, setup: object, onNote: () => void = () => undefined) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
    const execArgv = ['--enable-source-maps', '--expose-gc']
    this.#child = fork(compiled(program), [JSON.stringify(setup)], { execArgv, stdio: [...stdio] })
    this.#exited = new Promise((resolve) => this.#child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`)))
    this.ready = this.#reply<Ready>(readyId)
    this.#child.on('message', (reply: Message) => {
      if (reply.id === noteId) onNote()
      this.#replies.get(reply.id)?.(reply)
    })
  }

  /** @throws when the process dies before it answers */
  run(call: Call): Promise<Reply> {
    this.#lastId += 1
    const reply = this.#reply<Reply>(this.#lastId)
    // What cannot be sent has nobody who answers: its end is what is told.
    this.#child.send({ ...call, id: this.#lastId }, () => undefined)
    return reply
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** `SIGSTOP` and `SIGCONT`: as if its machine stood still. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** @throws when it had ended by itself */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    const how = await this.#exited
    if (how !== 'SIGKILL') throw new Error(`the process had ended by itself: ${how}`)
  }

  #reply<T>(id: number): Promise<T> {
    const answered = new Promise<Message>((resolve) => this.#replies.set(id, resolve))
    const gone = this.#exited.then((how) => Promise.reject(new Error(`the process has gone: ${how}`)))
    return Promise.race([answered, gone]).finally(() => this.#replies.delete(id)) as Promise<T>
  }
}
