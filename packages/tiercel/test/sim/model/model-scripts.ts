import { createHash } from 'node:crypto'
import { ServerError } from '../../../src/kernel/errors.ts'
import { ageTagsScript, fenceScript, snapScript } from '../../../src/stores/fence-scripts.ts'
import { overwriteValue, putUnlessFenced, swapOver } from '../../../src/stores/scripts.ts'
import type { Call, Result, ScriptRun } from './model-server.ts'

const nobody = '\0'.repeat(12)
const mostItems = 64
const tagLength = 41

/** Tiercel's scripts, by their hashes: line by line what their Lua says, so that a reader can hold one against the other. */
export class Scripts {
  /** By hash. A test replaces some. */
  readonly runs: Map<string, ScriptRun> = new Map([
    [swapOver.sha1, swap],
    [putUnlessFenced.sha1, put],
    [overwriteValue.sha1, overwrite],
    [fenceScript.sha1, fence],
    [snapScript.sha1, snap],
    [ageTagsScript.sha1, ageTags],
  ])
  readonly #known: Set<string> = new Set()

  learn(lua: string): string {
    const sha1 = createHash('sha1').update(lua, 'latin1').digest('hex')
    if (!this.runs.has(sha1)) throw new ServerError('ERR this script is none of those that the model knows')
    this.#known.add(sha1)
    return sha1
  }

  find(sha1: string): ScriptRun | undefined {
    return this.#known.has(sha1) ? this.runs.get(sha1) : undefined
  }

  forget(): Result {
    this.#known.clear()
    return 'OK'
  }
}

/** As `redis.pcall`: what fails is nothing. */
function tried(call: Call, ...words: (string | number)[]): Result {
  try {
    return call(...words)
  } catch (error) {
    if (error instanceof ServerError) return null
    throw error
  }
}

function timeOf(call: Call): { readonly seconds: number; readonly us: number } {
  const [seconds, us] = call('TIME') as string[]
  return { seconds: Number(seconds), us: Number(us) }
}

function nowMsOf(call: Call): number {
  const { seconds, us } = timeOf(call)
  return seconds * 1_000 + Math.floor(us / 1_000)
}

/** Lua's, of what counters and deadlines look like; it ends at a zero byte, as text does in C. */
function toNumber(text: Result): number | undefined {
  const [read = ''] = typeof text === 'string' ? text.split('\0', 1) : []
  return /^\s*-?\d+\s*$/.test(read) ? Number(read) : undefined
}

function count(call: Call, counter: string): number {
  if (toNumber(call('GET', counter)) === undefined) {
    const { seconds, us } = timeOf(call)
    call('SET', counter, String(seconds * 1_000_000 + us))
  }
  return call('INCR', counter) as number
}

interface Items {
  readonly found: string[]
  readonly isMine: boolean
  readonly latestMs: number
}

export function itemsOf(content: string, owner: string, nowMs: number): Items {
  const found: string[] = []
  let isMine = false
  let latestMs = 0
  for (let from = 2; from <= content.length - 25; from += 25) {
    const deadlineMs = toNumber(content.slice(from + 12, from + 25))
    if (content.slice(from, from + 12) === owner) isMine = true
    else if (deadlineMs !== undefined && deadlineMs > nowMs) {
      found.push(content.slice(from, from + 25))
      latestMs = Math.max(latestMs, deadlineMs)
    }
  }
  return { found, isMine, latestMs }
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0')
}

export function swap(call: Call, [key = '']: readonly string[], [expected = '', value = '', lifeMs = '']: readonly string[]): Result {
  if (tried(call, 'GETRANGE', key, 0, expected.length - 1) !== expected) return 0
  if (value === '') call('DEL', key)
  else call('SET', key, value, 'PX', lifeMs)
  return 1
}

export function put(call: Call, [key = '']: readonly string[], [value = '', lifeMs = '', notAfterMs = '']: readonly string[]): Result {
  const { seconds, us } = timeOf(call)
  if (seconds * 1_000 + us / 1_000 > Number(notAfterMs)) return -1
  if (tried(call, 'GETRANGE', key, 0, 0) === 'F') return 0
  call('SET', key, value, 'PX', lifeMs)
  return 1
}

export function overwrite(call: Call, [key = '']: readonly string[], [offset = '', bytes = '']: readonly string[]): Result {
  const kind = tried(call, 'GETRANGE', key, 0, 0)
  if (kind === 'V') {
    call('SETRANGE', key, offset, bytes)
    return 1
  }
  if (kind === 'F') call('SETRANGE', key, 1, '1')
  else call('DEL', key)
  return 0
}

export function fence(call: Call, keys: readonly string[], args: readonly string[]): Result {
  const isTag = args[5] === '1'
  const nowMs = nowMsOf(call)
  const counter = isTag ? (keys.at(-1) as string) : undefined
  return (isTag ? keys.slice(0, -1) : keys).map((key) => fenceOne(call, key, args, nowMs, counter))
}

function fenceOne(call: Call, key: string, args: readonly string[], nowMs: number, counter: string | undefined): number {
  const [op = '', owner = '', forText = '', value = '', lifeMs = ''] = args
  const forMs = Number(forText)
  const isFence = tried(call, 'GETRANGE', key, 0, 0) === 'F'
  const content = isFence ? (call('GET', key) as string) : ''
  let contended = isFence ? content.slice(1, 2) : '0'
  const { found, isMine, latestMs } = itemsOf(content, owner, nowMs)
  const added = op !== 'close' ? owner : forMs > 0 ? nobody : undefined
  if (found.length > 0 || added === nobody || (op === 'renew' && !isMine)) contended = '1'
  const endMs = added === undefined ? latestMs : Math.max(latestMs, nowMs + forMs)
  let all = added === undefined ? found : [...found, added + digits(nowMs + forMs, 13)]
  if (all.length > mostItems) all = [nobody + digits(endMs, 13)]
  if (all.length > 0) {
    call('SET', key, `F${contended}${all.join('')}`, 'PX', counter === undefined ? Math.max(endMs - nowMs, 1) : lifeMs)
    return 0
  }
  if (value !== '' && isMine && contended !== '1') {
    call('SET', key, value, 'PX', lifeMs)
    return 2
  }
  call('UNLINK', key)
  if (counter !== undefined) count(call, counter)
  return 1
}

export function snap(call: Call, [counter = '', ...tags]: readonly string[], args: readonly string[]): Result {
  const nowMs = nowMsOf(call)
  let number = toNumber(call('GET', counter)) ?? count(call, counter)
  const first = String(number)
  const contents = tags.map((key, at) => {
    const lifeMs = args[at * 2] as string
    const held = tried(call, 'GET', key)
    const content = typeof held === 'string' ? held : ''
    const kind = content.slice(0, 1)
    if (kind === 'F' && itemsOf(content, '', nowMs).found.length > 0) return 'F'
    if (kind === 'T' && content.length === tagLength) {
      if (lifeMs === '') return content
      const leftMs = call('PTTL', key) as number
      if (leftMs >= 0 && leftMs < Number(lifeMs) / 2) call('PEXPIRE', key, lifeMs)
      return content
    }
    if (kind === 'F') number = count(call, counter)
    const made = `T${args[at * 2 + 1]}${digits(number, 16)}`
    call('SET', key, made)
    if (lifeMs !== '') call('PEXPIRE', key, lifeMs)
    return made
  })
  return [first, ...contents]
}

export function ageTags(call: Call, keys: readonly string[], args: readonly string[]): Result {
  const counter = keys.at(-1) as string
  keys.slice(0, -1).forEach((key, at) => {
    const kind = tried(call, 'GETRANGE', key, 0, 0)
    if (kind === 'T') call('SETRANGE', key, 13, (args[at] as string) + digits(count(call, counter), 16))
    else if (kind !== 'F') {
      call('UNLINK', key)
      count(call, counter)
    }
  })
  return 1
}
