import { ServerError } from '../kernel/errors.ts'
import type { Client, Reply, Word } from './client.ts'

/** What the server lets this user do. False also where the user has no permission: the fall-back is the same. */
export interface Capabilities {
  readonly flavour: 'valkey' | 'redis' | 'unknown'
  /** Such as `9.1.2`; empty when the user may not ask. For messages: decide by the flags. */
  readonly version: string
  /** `SET … IFEQ`: compare and set in one step. */
  readonly ifeq: boolean
  /** `DELIFEQ`: compare and delete in one step. */
  readonly delifeq: boolean
  /** Lua scripts. */
  readonly scripts: boolean
  /** Expiry of single hash fields. */
  readonly hashFieldExpiry: boolean
  /** Vector sets (`VADD`, `VSIM`). */
  readonly vectorSets: boolean
  /** The search module (`FT.*`). */
  readonly search: boolean
}

const defaultProbeKey = 'tiercel:probe'

/**
 * Finds out by trying, never by version: forks and managed servers differ in what they call themselves and in what they allow.
 *
 * @param probeKey a key that is not there and that the user may use. Nothing is written to it. Default: `tiercel:probe`
 * @throws {TIERCEL_STORE_UNAVAILABLE} no link; {TIERCEL_SERVER_ERROR} the server is loading, busy or its cluster is down: ask again later
 * @remarks One pipeline. On a cluster it asks the node of `probeKey`.
 */
export async function probeCapabilities(client: Client, probeKey: string = defaultProbeKey): Promise<Capabilities> {
  const attempts: readonly (readonly Word[])[] = [
    ['INFO', 'server'],
    // On a missing key IFEQ stores nothing, whatever it is compared with.
    ['SET', probeKey, 'x', 'IFEQ', 'y', 'PX', '1'],
    ['DELIFEQ', probeKey, 'y'],
    ['EVAL', 'return 1', '1', probeKey],
    ['HPTTL', probeKey, 'FIELDS', '1', 'x'],
    ['VCARD', probeKey],
    ['FT._LIST'],
  ]
  const replies = await client.batch(attempts.map((words) => ({ words, key: probeKey })))
  for (const reply of replies) if (isTransient(reply)) throw reply
  const has = replies.map((reply) => !(reply instanceof Error))
  return {
    ...identify(replies[0]),
    ifeq: has[1] === true,
    delifeq: has[2] === true,
    scripts: has[3] === true,
    hashFieldExpiry: has[4] === true,
    vectorSets: has[5] === true,
    search: has[6] === true,
  }
}

/**
 * The server's clock against this process's.
 *
 * @returns `offsetMs`: what to add to `Date.now()` to get the server's time, off by at most half of `roundTripMs`
 */
export async function serverTimeMs(client: Client): Promise<{ offsetMs: number; roundTripMs: number }> {
  const sentAtMs = Date.now()
  const sentAt = performance.now()
  const reply = await client.send({ words: ['TIME'] })
  const roundTripMs = performance.now() - sentAt
  if (!Array.isArray(reply)) throw new ServerError(`TIME answered with ${String(reply)}`)
  const serverMs = Number(String(reply[0])) * 1000 + Number(String(reply[1])) / 1000
  return { offsetMs: serverMs - (sentAtMs + roundTripMs / 2), roundTripMs }
}

const passing = new Set(['LOADING', 'BUSY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN'])

/** Whether an answer says nothing about what the server can do. */
function isTransient(reply: Reply): reply is Error {
  return reply instanceof Error && !(reply instanceof ServerError && !passing.has(reply.reply))
}

function identify(info: Reply | undefined): Pick<Capabilities, 'flavour' | 'version'> {
  const text = info instanceof Buffer ? info.toString() : ''
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1]
  const valkey = field('valkey_version')
  if (valkey !== undefined) return { flavour: 'valkey', version: valkey }
  const redis = field('redis_version')
  return { flavour: redis === undefined ? 'unknown' : 'redis', version: redis ?? '' }
}
