import type { Client } from '../../client/client.ts'
import { defineScript, runScript, type Script } from '../../client/script.ts'
import { slotOf } from '../../client/slot.ts'
import { ServerError } from '../../kernel/errors.ts'

const maxKeysPerScript = 100

/**
 * KEYS     entries of one slot; those are removed that are no fences
 * returns  how many were removed, how many were fenced
 */
const script: Script = defineScript({
  name: 'unlink',
  lua: `
local removed, fenced = 0, 0
for _, key in ipairs(KEYS) do
  if redis.pcall('GETRANGE', key, 0, 0) == 'F' then fenced = fenced + 1 else removed = removed + redis.call('UNLINK', key) end
end
return {removed, fenced}`,
})

export interface Unlinked {
  readonly deleted: number
  readonly fenced: number
}

/** Removes entries that are no fences, with the rule of the store's own `delete`. On a cluster one call per slot, all in flight together. */
export async function unlinkUnlessFenced(client: Client, keys: readonly string[]): Promise<Unlinked> {
  return sum(await Promise.all(groups(client, keys).map((group) => unlink(client, group))))
}

async function unlink(client: Client, keys: readonly string[]): Promise<Unlinked> {
  try {
    const [deleted, fenced] = (await runScript(client, script, keys, [])) as [number, number]
    return { deleted, fenced }
  } catch (error) {
    // Their slot is being moved, and they are on both sides.
    const isSplit = error instanceof ServerError && error.reply === 'TRYAGAIN' && keys.length > 1
    if (!isSplit) throw error
    return sum(await Promise.all(keys.map((key) => unlink(client, [key]))))
  }
}

function sum(parts: readonly Unlinked[]): Unlinked {
  const total = { deleted: 0, fenced: 0 }
  for (const { deleted, fenced } of parts) {
    total.deleted += deleted
    total.fenced += fenced
  }
  return total
}

function groups(client: Client, keys: readonly string[]): string[][] {
  const bySlot = new Map<number, string[]>()
  for (const key of keys) {
    const slot = client.topology === 'cluster' ? slotOf(key) : 0
    const group = bySlot.get(slot)
    if (group === undefined) bySlot.set(slot, [key])
    else group.push(key)
  }
  return Array.from(bySlot.values()).flatMap(chunks)
}

function chunks(keys: string[]): string[][] {
  const count = Math.ceil(keys.length / maxKeysPerScript)
  return Array.from({ length: count }, (_, at) => keys.slice(at * maxKeysPerScript, (at + 1) * maxKeysPerScript))
}
