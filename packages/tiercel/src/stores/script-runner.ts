import type { Command, Reply } from '../client/client.ts'
import { isUnknownScript, type Script, type ScriptCall, scriptCommand } from '../client/script.ts'
import { ServerError } from '../kernel/errors.ts'
import type { Link } from './link.ts'

const maxScriptsPerBatch = 1_000

export interface WatchedCall extends ScriptCall {
  /** As of a `Command`: what the script reads. */
  readonly tracked?: boolean
}

/** Runs scripts over a link, many as one pipeline. */
export class ScriptRunner {
  readonly #link: Link
  /** By the address of a server: those that it has been given the text of. */
  readonly #sentScripts: Map<string, Set<Script>> = new Map()

  constructor(link: Link) {
    this.#link = link
    // It may be another server, and what is sent first must not need a second try.
    link.onLink(() => this.#sentScripts.clear())
  }

  /**
   * The first call of a script that a server gets brings its text, so that it takes its place among the commands around it; later ones its hash. A server that
   * forgot it says so and has executed nothing.
   *
   * @param toCall told the last instant, of the server's clock, at which its batch may still be waited for
   * @param mayRepeat whether it does no harm when it is executed twice
   */
  async run<T>(
    items: readonly T[],
    operation: string,
    toCall: (item: T, notAfterMs: number) => WatchedCall,
    mayRepeat = false,
  ): Promise<readonly Reply[]> {
    const replies: Reply[] = []
    for (let from = 0; from < items.length; from += maxScriptsPerBatch) {
      const batch = items.slice(from, from + maxScriptsPerBatch)
      const notAfterMs = this.#link.notAfterMs(batch.length)
      const calls = batch.map((item) => toCall(item, notAfterMs))
      for (const reply of await this.#runBatch(calls, operation, mayRepeat)) {
        if (reply instanceof Error) throw reply
        replies.push(reply)
      }
    }
    return replies
  }

  /** As `run`, of one call. */
  async runOne(operation: string, toCall: (notAfterMs: number) => WatchedCall, mayRepeat = false): Promise<Reply> {
    const [reply] = await this.run([undefined], operation, (_, notAfterMs) => toCall(notAfterMs), mayRepeat)
    return reply as Reply
  }

  /** As `run`, of at most a thousand calls that do not stand for each other: one that failed has its error in its place. */
  runEach(calls: readonly WatchedCall[], operation: string, mayRepeat = false): Promise<readonly (Reply | Error)[]> {
    return this.#runBatch(calls, operation, mayRepeat)
  }

  async #runBatch(calls: readonly WatchedCall[], operation: string, mayRepeat: boolean): Promise<readonly (Reply | Error)[]> {
    const replies = await this.#link.batch(
      calls.map((call) => commandOf(call, this.#isKnown(call) ? 'EVALSHA' : 'EVAL')),
      operation,
      mayRepeat,
    )
    const unknown = calls.filter((_, at) => isUnknownScript(replies[at]))
    const again =
      unknown.length === 0
        ? []
        : await this.#link.batch(
            unknown.map((call) => commandOf(call, 'EVAL')),
            operation,
            mayRepeat,
          )
    return replies.map((first) => {
      const reply = isUnknownScript(first) ? (again.shift() as Reply) : first
      // Whether the text has arrived is not known.
      if (reply instanceof Error && !(reply instanceof ServerError)) this.#sentScripts.clear()
      return reply
    })
  }

  /** From the first time it is asked on: that call brings the text. */
  #isKnown({ script, keys }: WatchedCall): boolean {
    const node = this.#link.nodeOf(keys[0] as string)
    if (node === undefined) return false
    const sent = this.#sentScripts.get(node) ?? new Set()
    this.#sentScripts.set(node, sent)
    if (sent.has(script)) return true
    sent.add(script)
    return false
  }
}

function commandOf(call: WatchedCall, verb: 'EVAL' | 'EVALSHA'): Command {
  const command = scriptCommand(call, verb)
  return call.tracked === true ? { ...command, tracked: true } : command
}
