import { randomBytes } from 'node:crypto'
import type { Client, Command, Reply, Word } from '../../client/client.ts'

/** A client to be checked, with the words of its cases. */
export interface ClientContext {
  readonly client: Client
  /** A key of the case's own; all of them are in one slot. */
  key(name: string): string
  /** A command with the key `name`; the words after it are as they are. */
  send(command: string, name: string, ...words: Word[]): Promise<Reply>
}

export function clientContext(client: Client): ClientContext {
  const prefix = `{tiercel:conformance:${randomBytes(6).toString('hex')}}`
  const key = (name: string): string => `${prefix}${name}`
  const send = (command: string, name: string, ...words: Word[]) => client.send(keyed(command, key(name), ...words))
  return { client, key, send }
}

export function keyed(name: string, key: string, ...words: Word[]): Command {
  return { words: [name, key, ...words], key }
}

/** Bytes as text, also within arrays. */
export function asText(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(asText)
  return Buffer.isBuffer(reply) ? reply.toString() : reply
}

/** All text that a log of the error could show. */
export function everythingIn(error: unknown): string {
  const seen = new Set<unknown>()
  const collect = (value: unknown): string => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return String(value)
    seen.add(value)
    if (value instanceof Uint8Array) return Buffer.from(value).toString()
    return Object.getOwnPropertyNames(value)
      .map((name) => collect((value as Record<string, unknown>)[name]))
      .join('\n')
  }
  return collect(error)
}
