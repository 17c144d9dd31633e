import type { RedisClientType } from '@redis/client'
import type { Value } from '../protocol.ts'

/** One way to read the hot key. `load` asks the source, and may be called or not. */
export type Get = (load: () => Promise<Value>) => Promise<Value>

export interface ByHand {
  readonly client: Pick<RedisClientType, 'get' | 'set' | 'eval'>
  readonly key: string
  readonly ttlMs: number
}
