import type { Reply, Word } from '../../../src/client/client.ts'
import { ServerError } from '../../../src/kernel/errors.ts'
import { commands } from './model-commands.ts'
import { Scripts } from './model-scripts.ts'

/** What a key holds; bytes as Latin-1 text. */
export interface Content {
  readonly text: string
  /** Unix time in ms; `Infinity`: for ever. */
  readonly endsAtMs: number
  /** Of another type than bytes. */
  readonly isList: boolean
}

/** What the servers that there are can do. */
export interface Abilities {
  /** `SET … IFEQ` and `DELIFEQ`. */
  readonly canCompare: boolean
}

/** What a server says without having been asked. */
export type Push =
  | { readonly kind: 'invalidate'; readonly keys: readonly string[] | null }
  | { readonly kind: 'message'; readonly channel: string; readonly message: Buffer }

/** A connection, as the server sees it. */
export interface Connection {
  /** `undefined`: not tracked. */
  prefixes: readonly string[] | undefined
  readonly channels: Set<string>
  push(push: Push): void
}

/** A script of Tiercel's, as a function. */
export type ScriptRun = (call: Call, keys: readonly string[], args: readonly string[]) => Result
/** Runs a command within a script; throws what the server would answer with an error. */
export type Call = (...words: (string | number)[]) => Result
/** As `Reply`, with Latin-1 text in the place of bytes. */
export type Result = string | number | null | Result[]

/**
 * What Tiercel knows of a server, as a program: the commands that it sends, its scripts as functions, expiry, tracking by prefix, and channels.
 *
 * It is right as far as it answers and pushes what real servers do: `model-server.test.ts` compares them, by commands drawn at random.
 */
export class ModelServer {
  readonly contents: Map<string, Content> = new Map()
  readonly connections: Set<Connection> = new Set()
  readonly scripts: Scripts = new Scripts()
  readonly abilities: Abilities
  /** Commands by name: a test replaces some. */
  readonly commands: Map<string, Command> = new Map(commands)
  readonly #clockMs: () => number
  /** Keys changed since the last push. */
  #changed: Set<string> = new Set()
  #isFlushed = false
  /** A script sees one instant. */
  #frozenMs: number | undefined

  /** @param clockMs Unix time in ms, with what there is of it below one */
  constructor(clockMs: () => number, abilities: Abilities) {
    this.#clockMs = clockMs
    this.abilities = abilities
  }

  get timeMs(): number {
    return this.#frozenMs ?? this.#clockMs()
  }

  execute(connection: Connection, words: readonly Word[]): Reply {
    const [name = '', ...rest] = words.map(textOf)
    try {
      return bytesOf(this.run(connection, name, rest))
    } catch (error) {
      if (error instanceof ServerError) return error
      throw error
    }
  }

  run(connection: Connection, name: string, args: readonly string[]): Result {
    const command = this.commands.get(name.toUpperCase())
    if (command === undefined) throw new ServerError(`ERR unknown command '${name}'`)
    return command(this, args, connection)
  }

  /** What a script calls. */
  caller(): Call {
    const connection = scriptConnection()
    return (name, ...args) => this.run(connection, String(name), args.map(String))
  }

  /** Everything within it happens at one instant. */
  atOneInstant<T>(run: () => T): T {
    this.#frozenMs = this.#clockMs()
    try {
      return run()
    } finally {
      this.#frozenMs = undefined
    }
  }

  /** What is there; what has run out is taken away, and told of, now that somebody asks. */
  find(key: string): Content | undefined {
    const content = this.contents.get(key)
    if (content === undefined || Math.floor(this.timeMs) <= content.endsAtMs) return content
    this.remove(key)
    return undefined
  }

  /** @throws when it is of another type */
  text(key: string): string | undefined {
    const content = this.find(key)
    if (content?.isList) throw new ServerError('WRONGTYPE Operation against a key holding the wrong kind of value')
    return content?.text
  }

  put(key: string, text: string, endsAtMs: number, isList = false): void {
    this.contents.set(key, { text, endsAtMs, isList })
    this.#changed.add(key)
  }

  /** @returns whether there was something */
  remove(key: string): boolean {
    if (!this.contents.delete(key)) return false
    this.#changed.add(key)
    return true
  }

  /** Takes away what has run out without having been asked for. */
  expire(): void {
    for (const key of [...this.contents.keys()]) this.find(key)
  }

  flush(): void {
    this.contents.clear()
    this.#changed.clear()
    this.#isFlushed = true
  }

  publish(channel: string, message: string): number {
    let heard = 0
    for (const connection of this.connections) {
      if (!connection.channels.has(channel)) continue
      heard += 1
      connection.push({ kind: 'message', channel, message: Buffer.from(message, 'latin1') })
    }
    return heard
  }

  /** The end of a turn of its event loop: what has changed is told, each key once, by prefix. */
  endTurn(): void {
    const changed = [...this.#changed]
    const isFlushed = this.#isFlushed
    this.#changed = new Set()
    this.#isFlushed = false
    for (const connection of this.connections) {
      if (connection.prefixes === undefined) continue
      if (isFlushed) connection.push({ kind: 'invalidate', keys: null })
      for (const prefix of connection.prefixes) {
        const keys = changed.filter((key) => key.startsWith(prefix)).map((key) => Buffer.from(key, 'latin1').toString())
        if (keys.length > 0) connection.push({ kind: 'invalidate', keys })
      }
    }
  }
}

export type Command = (server: ModelServer, args: readonly string[], connection: Connection) => Result

/** What a script runs is told of to all, as of nobody. */
function scriptConnection(): Connection {
  return { prefixes: undefined, channels: new Set(), push: () => undefined }
}

function textOf(word: Word): string {
  return typeof word === 'string' ? Buffer.from(word).toString('latin1') : word.toString('latin1')
}

function bytesOf(result: Result): Reply {
  if (typeof result === 'string') return Buffer.from(result, 'latin1')
  return Array.isArray(result) ? result.map(bytesOf) : result
}
