import type { EntryTag } from '../../codecs/envelope.ts'
import { fenceByte } from '../../codecs/fence.ts'
import { decodeTag, type TagToken } from '../../codecs/tag-token.ts'
import type { HeldToken } from '../../coherence/tag.ts'
import type { Core } from '../core.ts'
import type { Scope } from '../scope.ts'
import type { ExplainedTag, TagHalves } from './explanation.ts'

/** A token that an entry carries. */
export interface CarriedTag {
  readonly name: string
  readonly hard: string
  readonly soft: string
  /** Of a stand-in for what no server has: what the tag's count was. */
  readonly touches?: number | undefined
}

export function carriedByL1({ name, hard, soft, touches }: HeldToken): CarriedTag {
  return { name, hard, soft, touches }
}

export function carriedByL2({ name, hardToken, softToken }: EntryTag): CarriedTag {
  return { name, hard: hardToken.toString('latin1'), soft: softToken.toString('latin1') }
}

/** What the keys of tags hold, by stored key; those that could not be asked for are not in it. Nothing of it is learnt. */
export type TagContents = ReadonlyMap<string, Buffer | undefined>

export async function readTags(core: Core, scope: Scope, carried: readonly CarriedTag[]): Promise<TagContents> {
  const keys = [...new Set(carried.map(({ name }) => scope.tagKey(name)))]
  if (core.l2 === undefined || keys.length === 0) return new Map()
  try {
    const contents = await core.l2.getMany(keys)
    return new Map(keys.map((key, at) => [key, contents[at]]))
  } catch {
    return new Map()
  }
}

export function explainTag(core: Core, scope: Scope, carried: CarriedTag, contents: TagContents): ExplainedTag {
  const storedKey = scope.tagKey(carried.name)
  const known = scope.tags.known(storedKey)
  const isStandIn = carried.touches !== undefined
  const isTrusted = known !== undefined && scope.tags.isTrusted(known, core.nowMs())
  const held = isTrusted ? known.held : undefined
  const isUntouched = known?.touches === carried.touches
  const here = isStandIn ? (isUntouched ? 'same' : 'unknown') : compared(carried, held)
  const now = decodeTag(contents.get(storedKey))
  return {
    name: carried.name,
    storedKey,
    carried: isStandIn ? null : halves(carried),
    now: now === undefined ? null : halves(now),
    state:
      core.l2 === undefined || isStandIn ? stateHere(carried, known?.held, isUntouched) : stateThere(core, carried, storedKey, contents),
    here: here === 'other' ? 'unknown' : here,
  }
}

/** Without a server this process alone knows. */
function stateHere(carried: CarriedTag, held: TagToken | undefined, isUntouched: boolean): ExplainedTag['state'] {
  if (carried.touches !== undefined) return isUntouched ? 'same' : 'other'
  return held === undefined ? 'missing' : (compared(carried, held) as 'same' | 'expired' | 'other')
}

function stateThere(core: Core, carried: CarriedTag, storedKey: string, contents: TagContents): ExplainedTag['state'] {
  if (core.isQueued(storedKey, core.nowMs())) return 'queued'
  if (!contents.has(storedKey)) return 'unknown'
  const content = contents.get(storedKey)
  const token = decodeTag(content)
  if (token !== undefined) return compared(carried, token) as 'same' | 'expired' | 'other'
  return content?.[0] === fenceByte ? 'fenced' : 'missing'
}

function compared(carried: CarriedTag, token: TagToken | undefined): 'same' | 'expired' | 'other' | 'unknown' {
  if (token === undefined) return 'unknown'
  if (token.hard !== carried.hard) return 'other'
  return token.soft === carried.soft ? 'same' : 'expired'
}

function halves({ hard, soft }: Pick<TagToken, 'hard' | 'soft'>): TagHalves {
  return { hard: hex(hard), soft: hex(soft) }
}

/** Of bytes as Latin-1 text. */
export function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}
