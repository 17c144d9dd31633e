import { createHash } from 'node:crypto'
import { ServerError } from '../kernel/errors.ts'
import type { Client, Reply, Word } from './client.ts'

/** A Lua script with a constant text: what varies is in KEYS and ARGV. */
export interface Script {
  /** For messages and metrics. */
  readonly name: string
  readonly lua: string
  /** What the server knows it by. */
  readonly sha1: string
}

export function defineScript({ name, lua }: { readonly name: string; readonly lua: string }): Script {
  return { name, lua, sha1: createHash('sha1').update(lua).digest('hex') }
}

/**
 * Runs a script by its hash, with its text where the server does not know it yet.
 *
 * @param keys all of one slot; the first decides the node. None: any node
 * @throws {TIERCEL_SERVER_ERROR} {TIERCEL_STORE_UNAVAILABLE} as `Client.send`
 * @remarks One round trip; two the first time on a server, and after `SCRIPT FLUSH` or a restart. `NOSCRIPT` says that nothing was executed.
 */
export function runScript(client: Client, script: Script, keys: readonly string[], args: readonly Word[]): Promise<Reply> {
  const rest = [String(keys.length), ...keys, ...args]
  const send = (name: string, body: string) => {
    const words = [name, body, ...rest]
    return client.send(keys[0] === undefined ? { words } : { words, key: keys[0] })
  }
  return send('EVALSHA', script.sha1).catch((error) => {
    if (error instanceof ServerError && error.reply === 'NOSCRIPT') return send('EVAL', script.lua)
    throw error
  })
}
