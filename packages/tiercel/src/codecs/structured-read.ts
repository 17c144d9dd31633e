import { byteKinds, tagSignUnit, tags } from './structured-tags.ts'

/**
 * What was tagged, as it was before: in place, since nobody else has what JSON.parse made.
 *
 * @throws when there is a tag that is not known: a later version wrote it
 */
export function readTagged(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json
  return Array.isArray(json) ? readElements(json) : readObject(json as Fields)
}

type Fields = Record<string, unknown>

function readElements(elements: unknown[]): unknown[] {
  for (let at = 0; at < elements.length; at += 1) {
    const element = elements[at]
    if (typeof element !== 'object' || element === null) continue
    const content = readTagged(element)
    if (content === hole) delete elements[at]
    else if (content !== element) elements[at] = content
  }
  return elements
}

function readObject(fields: Fields): unknown {
  for (const name in fields) {
    if (name.charCodeAt(0) === tagSignUnit && Object.keys(fields).length === 1) return readTag(name, fields[name])
    break
  }
  return readFields(fields)
}

/** An assignment to `__proto__` is harmless here: it is a property of the object's own. */
function readFields(fields: Fields): Fields {
  for (const name in fields) {
    const field = fields[name]
    if (typeof field !== 'object' || field === null) continue
    const content = readTagged(field)
    if (content !== field) fields[name] = content
  }
  return fields
}

const hole = Symbol('hole')

function readTag(tag: string, content: unknown): unknown {
  switch (tag) {
    case tags.escape:
      return readFields(content as Fields)
    case tags.date:
      return new Date((content as number | null) ?? Number.NaN)
    case tags.map:
      return readMap(readElements(arrayOf(content)))
    case tags.set:
      return new Set(readElements(arrayOf(content)))
    case tags.bigint:
      return BigInt(content as string)
    case tags.number:
      return Number(content)
    case tags.undefined:
      return undefined
    case tags.hole:
      return hole
    case tags.bytes:
      return readBytes(arrayOf(content) as [string, string])
    default:
      throw new Error(`There is no tag ${tag}.`)
  }
}

function arrayOf(content: unknown): unknown[] {
  if (Array.isArray(content)) return content
  throw new Error('The content of a tag is not what it should be.')
}

function readMap(flat: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>()
  for (let at = 0; at < flat.length; at += 2) map.set(flat[at], flat[at + 1])
  return map
}

/** In memory of its own: a view of Buffer's pool would hold it all. */
function readBytes([kind, base64]: [string, string]): object {
  const make = byteKinds.get(kind)
  if (make === undefined) throw new Error(`There are no bytes of kind ${kind}.`)
  const bytes = Buffer.from(base64, 'base64')
  const buffer = new ArrayBuffer(bytes.length)
  bytes.copy(Buffer.from(buffer))
  return make(buffer)
}
