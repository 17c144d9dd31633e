import type { RedisClientType } from '@redis/client'
import type { Value } from '../protocol.ts'

/** Asks the source, and tells it which value is to be replaced, where there is one still. */
export type Load = (replaced?: Value) => Promise<Value>

/** One way to read the hot key: `load` may be called or not. */
export type Get = (load: Load) => Promise<Value>

export interface ByHand {
  readonly client: Pick<RedisClientType, 'get' | 'set' | 'eval'>
  readonly key: string
  readonly ttlMs: number
}
