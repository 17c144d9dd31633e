import { createHash } from 'node:crypto'
import { ServerError } from '../kernel/errors.ts'
import type { Client, Command, Reply, Word } from './client.ts'

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
  const call = { script, keys, args }
  return client.send(scriptCommand(call, 'EVALSHA')).catch((error) => {
    if (isUnknownScript(error)) return client.send(scriptCommand(call, 'EVAL'))
    throw error
  })
}

/** A script with what it works on. */
export interface ScriptCall {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly Word[]
}

/** `EVALSHA` names the script by its hash; `EVAL` brings its text, and the server keeps it. */
export function scriptCommand({ script, keys, args }: ScriptCall, name: 'EVALSHA' | 'EVAL'): Command {
  const words = [name, name === 'EVAL' ? script.lua : script.sha1, String(keys.length), ...keys, ...args]
  return keys[0] === undefined ? { words } : { words, key: keys[0] }
}

/** Whether an answer says that the server does not know the script, and so executed nothing. */
export function isUnknownScript(answer: unknown): boolean {
  return answer instanceof ServerError && answer.reply === 'NOSCRIPT'
}
