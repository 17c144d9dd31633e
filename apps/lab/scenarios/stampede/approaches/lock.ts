import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { ByHand, Get } from './approach.ts'

const pollEveryMs = 50

/** Gives the lock back, if it is still ours. */
const release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

/** Who gets the lock loads; the others look again and again. A holder that dies is replaced when its lock runs out. */
export function lock({ client, key, ttlMs }: ByHand, lockKey: string, lockMs: number): Get {
  return async (load) => {
    for (;;) {
      const kept = await client.get(key)
      if (kept !== null) return JSON.parse(kept)
      const token = randomUUID()
      const isMine = await client.set(lockKey, token, { condition: 'NX', expiration: { type: 'PX', value: lockMs } })
      if (isMine !== null) {
        try {
          // Between the look and the lock, somebody else may have stored it.
          const found = await client.get(key)
          if (found !== null) return JSON.parse(found)
          const value = await load()
          await client.set(key, JSON.stringify(value), { expiration: { type: 'PX', value: ttlMs } })
          return value
        } finally {
          await client.eval(release, { keys: [lockKey], arguments: [token] })
        }
      }
      await wait(pollEveryMs)
    }
  }
}
