import { ServerError } from '../../../src/kernel/errors.ts'
import type { Command, Content, ModelServer, Result } from './model-server.ts'

const never = Number.POSITIVE_INFINITY
const wholeNumber = /^-?\d+$/

/** What Tiercel sends, and what tests send to see what became of it. Options that it does not send are errors here. */
export const commands: readonly (readonly [string, Command])[] = [
  ['PING', () => 'PONG'],
  ['TIME', (server) => timeOf(server)],
  ['GET', (server, [key = '']) => server.text(key) ?? null],
  ['MGET', (server, keys) => keys.map((key) => bytesUnder(server, key))],
  ['GETRANGE', (server, [key = '', from, to]) => rangeOf(server.text(key) ?? '', Number(from), Number(to))],
  ['SET', set],
  ['SETRANGE', setRange],
  ['DEL', (server, keys) => removeAll(server, keys)],
  ['UNLINK', (server, keys) => removeAll(server, keys)],
  ['DELIFEQ', deleteIfEqual],
  ['INCR', increment],
  ['PEXPIRE', (server, [key = '', ms]) => expireIn(server, key, Number(ms))],
  ['PTTL', (server, [key = '']) => lifeOf(server, server.find(key))],
  ['RPUSH', push],
  ['PUBLISH', (server, [channel = '', message = '']) => server.publish(channel, message)],
  ['SUBSCRIBE', (_, channels, connection) => subscribe(connection.channels, channels)],
  ['CLIENT', track],
  ['EVAL', (server, [lua = '', count, ...rest]) => runScript(server, server.scripts.learn(lua), Number(count), rest)],
  ['EVALSHA', (server, [sha1 = '', count, ...rest]) => runScript(server, sha1, Number(count), rest)],
  ['SCRIPT', (server) => server.scripts.forget()],
  ['FLUSHALL', (server) => flush(server)],
]

function timeOf(server: ModelServer): Result {
  const us = Math.floor(server.timeMs * 1_000)
  return [String(Math.floor(us / 1_000_000)), String(us % 1_000_000)]
}

function bytesUnder(server: ModelServer, key: string): string | null {
  const content = server.find(key)
  return content === undefined || content.isList ? null : content.text
}

function rangeOf(text: string, from: number, to: number): string {
  const start = Math.max(from < 0 ? text.length + from : from, 0)
  return text.slice(start, Math.max((to < 0 ? text.length + to : to) + 1, start))
}

interface SetOptions {
  isNew: boolean
  getsOld: boolean
  lifeMs: number | undefined
  expected: string | undefined
}

/** Of another type is what nobody expected. */
function set(server: ModelServer, [key = '', value = '', ...words]: readonly string[]): Result {
  const { isNew, getsOld, lifeMs, expected } = setOptions(server, words)
  const old = getsOld || expected !== undefined ? server.text(key) : undefined
  const isAllowed = expected !== undefined ? old === expected : !isNew || server.find(key) === undefined
  if (isAllowed) server.put(key, value, lifeMs === undefined ? never : Math.floor(server.timeMs) + lifeMs)
  if (getsOld) return old ?? null
  return isAllowed ? 'OK' : null
}

function setOptions(server: ModelServer, words: readonly string[]): SetOptions {
  const options: SetOptions = { isNew: false, getsOld: false, lifeMs: undefined, expected: undefined }
  for (let at = 0; at < words.length; at += 1) {
    const word = (words[at] as string).toUpperCase()
    if (word === 'NX') options.isNew = true
    else if (word === 'GET') options.getsOld = true
    else if (word === 'PX') options.lifeMs = lifeFrom(words[++at])
    else if (word === 'IFEQ' && server.abilities.canCompare && at + 1 < words.length) options.expected = words[++at]
    else throw new ServerError('ERR syntax error')
  }
  return options
}

function lifeFrom(word: string | undefined): number {
  if (word === undefined) throw new ServerError('ERR syntax error')
  if (!wholeNumber.test(word)) throw new ServerError('ERR value is not an integer or out of range')
  if (Number(word) > 0) return Number(word)
  throw new ServerError("ERR invalid expire time in 'set' command")
}

function setRange(server: ModelServer, [key = '', offset, bytes = '']: readonly string[]): Result {
  const at = Number(offset)
  const old = server.text(key)
  if (bytes === '') return old?.length ?? 0
  const text = (old ?? '').padEnd(at, '\0')
  server.put(key, text.slice(0, at) + bytes + text.slice(at + bytes.length), server.contents.get(key)?.endsAtMs ?? never)
  return Math.max(text.length, at + bytes.length)
}

function removeAll(server: ModelServer, keys: readonly string[]): number {
  return keys.filter((key) => server.find(key) !== undefined && server.remove(key)).length
}

function deleteIfEqual(server: ModelServer, [key = '', expected]: readonly string[]): Result {
  if (!server.abilities.canCompare) throw new ServerError("ERR unknown command 'DELIFEQ'")
  return server.text(key) === expected && server.remove(key) ? 1 : 0
}

function increment(server: ModelServer, [key = '']: readonly string[]): number {
  const old = server.text(key)
  if (old !== undefined && !/^(0|-?[1-9]\d{0,17})$/.test(old)) throw new ServerError('ERR value is not an integer or out of range')
  const next = Number(old ?? 0) + 1
  server.put(key, String(next), server.contents.get(key)?.endsAtMs ?? never)
  return next
}

function expireIn(server: ModelServer, key: string, ms: number): number {
  const content = server.find(key)
  if (content === undefined) return 0
  if (ms <= 0) server.remove(key)
  else server.put(key, content.text, Math.floor(server.timeMs) + ms, content.isList)
  return 1
}

function lifeOf(server: ModelServer, content: Content | undefined): number {
  if (content === undefined) return -2
  return content.endsAtMs === never ? -1 : Math.max(content.endsAtMs - Math.floor(server.timeMs), 0)
}

/** As far as it needs to be a key of another type. */
function push(server: ModelServer, [key = '', ...items]: readonly string[]): number {
  const content = server.find(key)
  if (content !== undefined && !content.isList) throw new ServerError('WRONGTYPE Operation against a key holding the wrong kind of value')
  const text = `${content?.text ?? ''}${'.'.repeat(items.length)}`
  server.put(key, text, content?.endsAtMs ?? never, true)
  return text.length
}

function subscribe(heard: Set<string>, channels: readonly string[]): Result {
  for (const channel of channels) heard.add(channel)
  return 'OK'
}

/** `CLIENT TRACKING ON BCAST PREFIX … PREFIX …`: the mode that Tiercel uses unless it is told otherwise. */
function track(_: ModelServer, words: readonly string[], connection: { prefixes: readonly string[] | undefined }): Result {
  connection.prefixes = words.filter((_, at) => words[at - 1] === 'PREFIX')
  return 'OK'
}

function runScript(server: ModelServer, sha1: string, keyCount: number, rest: readonly string[]): Result {
  const run = server.scripts.find(sha1)
  if (run === undefined) throw new ServerError('NOSCRIPT No matching script.')
  return server.atOneInstant(() => run(server.caller(), rest.slice(0, keyCount), rest.slice(keyCount)))
}

function flush(server: ModelServer): Result {
  server.flush()
  return 'OK'
}
