import type { ValueFormat } from '../codecs/format.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkPath, joinKey, type Key } from '../kernel/key.ts'
import { show } from '../kernel/show.ts'

/**
 * What entries are invalidated by together. Written as a key is: a string is the programmer's own, `'category:7'`; what comes from outside goes into
 * an array, `['category', id]`, where no text can reach another tag.
 */
export type Tag = Key

const mostTags = 100
/** Of an encoded name; it stands in each entry. */
const longestName = 1_000

/**
 * Encoded names, each once.
 *
 * @throws {TIERCEL_INVALID_KEY} {TIERCEL_INVALID_OPTION} not a list, or more than 100
 * @throws {TIERCEL_UNSUPPORTED} stored values have no room for any
 */
export function tagNames(tags: readonly Tag[], call: string, format: ValueFormat): readonly string[] {
  if (!Array.isArray(tags)) throw new UsageError('TIERCEL_INVALID_OPTION', `${call}: tags: a list of tags is needed, not ${show(tags)}.`)
  if (tags.length > mostTags)
    throw new UsageError('TIERCEL_INVALID_OPTION', `${call}: tags: ${tags.length} are given, allowed are ${mostTags}.`)
  if (tags.length > 0) checkRoom(format, call)
  const names: string[] = []
  for (const tag of tags) {
    const name = tagName(tag)
    if (!names.includes(name)) names.push(name)
  }
  return names
}

/** What can be said of tags before there is a value. */
export function checkTags(given: readonly Tag[] | ((...args: never[]) => unknown) | undefined, call: string, format: ValueFormat): void {
  if (typeof given === 'function') checkRoom(format, call)
  else if (given !== undefined) tagNames(given, call, format)
}

/** @throws {TIERCEL_UNSUPPORTED} */
export function checkRoom({ hasHeader }: ValueFormat, call: string): void {
  if (hasHeader) return
  throw new UsageError('TIERCEL_UNSUPPORTED', `${call}: tags: what is stored with format: 'plain' has no room for them. Delete its keys.`)
}

/** @throws {TIERCEL_INVALID_KEY} */
export function tagName(tag: Tag): string {
  const name = typeof tag === 'string' ? tag : joinKey(tag)
  if (typeof tag === 'string') checkPath(tag)
  // Most are so short that nobody has to count their bytes.
  if (name.length * 3 <= longestName || Buffer.byteLength(name) <= longestName) return name
  throw new UsageError('TIERCEL_INVALID_KEY', `Tag ${show(name)} is not allowed: it takes more than ${longestName} bytes, encoded.`)
}
