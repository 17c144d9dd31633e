import { randomBytes } from 'node:crypto'
import { encodeEntry } from '../../src/codecs/envelope.ts'
import { tokenBytes } from '../../src/kernel/token.ts'
import { Floors } from './floors.ts'
import { lateTagOf, rowOf } from './source.ts'
import { commit } from './steps.ts'
import { counterKey, entryKey, type Member, tagKey, tags, type World } from './world.ts'

const lifeMs = 120_000

/** A change whose value comes into the place of its fence. */
export async function writeThrough(world: World, member: Member, key: string): Promise<void> {
  const { source, verdicts } = world
  const { store } = member
  const stored = entryKey(key)
  const names = ['', ...tags]
  const owner = randomBytes(tokenBytes)
  const [, snapshot] = await Promise.all([
    store.fence({ keys: [stored], op: 'open', owner, forMs: 600_000, ttlMs: 600_000 }),
    store.snap({ counter: counterKey, tags: names.map((name) => ({ key: tagKey(name), lifeMs: 600_000 })) }),
  ])
  const versions = await commit(world, member, [rowOf(key)])
  verdicts.rest.raise(versions, 0)
  const value = source.read(key)
  const carried = ['', 's', lateTagOf(value)].map((name) => ({ name, content: snapshot.tags[names.indexOf(name)] }))
  const held = carried.flatMap(({ name, content }) =>
    Buffer.isBuffer(content) ? [{ name, hardToken: content.subarray(1, 13), softToken: content.subarray(13, 25) }] : [],
  )
  const nowMs = store.nowMs()
  const head = { storedKey: stored, echo: undefined, codec: 1, createdAtMs: nowMs, staleAtMs: nowMs + lifeMs, deadAtMs: nowMs + lifeMs }
  const bytes = encodeEntry({ ...head, loadCostMs: 0, tags: held }, { payload: JSON.stringify(value) })
  const isFenced = held.length < carried.length
  const step = { keys: [stored], op: 'close', owner, forMs: 0, value: isFenced ? undefined : bytes, ttlMs: lifeMs } as const
  // Whether it was closed is not known then: the key is deleted, now or with the next link.
  const outcome = await store.fence(step).then(
    () => 'applied' as const,
    () => member.cache.delete(key),
  )
  // The cache of this process was passed by: it hears of it as all others do.
  verdicts.invalidated({ name: member.name, own: new Floors() }, versions, outcome, false)
}
