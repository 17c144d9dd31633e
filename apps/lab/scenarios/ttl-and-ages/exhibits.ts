import { setTimeout as wait } from 'node:timers/promises'
import { createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import { listenToCommands } from '../../measure/listen-to-commands.ts'
import type { Lab } from '../lab.ts'
import type { Exhibit } from '../run-result.ts'

/** Living through a key takes a moment: once is enough. */
const shown = new WeakMap<Lab, Promise<readonly Exhibit[]>>()

export function exhibits(lab: Lab): Promise<readonly Exhibit[]> {
  const kept = shown.get(lab)
  if (kept !== undefined) return kept
  const fresh = collect(lab)
  shown.set(lab, fresh)
  fresh.catch(() => shown.delete(lab))
  return fresh
}

const ttlMs = 150

async function collect({ valkey }: Lab): Promise<readonly Exhibit[]> {
  const text = await listenToCommands(valkey.url, async (namespace) => {
    const cache = createCache({ namespace, l1: false, l2: valkeyStore(valkey.url, { timeout: '1s' }), ttl: ttlMs, grace: 60_000 })
    const read = async () => {
      await cache.getOrSet('departures', () => ['TC 7', 'TC 12'])
      await cache.idle()
    }
    await read()
    await read()
    await wait(ttlMs + 20)
    await read()
    await read()
    await cache.close()
  })
  const about =
    'Recorded with `MONITOR`: a key is read four times. A miss: a look, a lease, the value in its place. A fresh hit. A stale hit, which takes a lock named ' +
    'by the version that it found and stores over exactly that version. A fresh hit.'
  return [{ id: 'commands', kind: 'commands', title: 'What Valkey was told in the life of a key', about, text }]
}
