import type { Value } from '../protocol.ts'
import type { ByHand, Get } from './approach.ts'
import { naive } from './naive.ts'

/** Single flight: callers of one process share what is under way. Other processes know nothing of it. */
export function flight(byHand: ByHand): Get {
  const get = naive(byHand)
  const underWay = new Map<string, Promise<Value>>()
  return (load) => {
    const other = underWay.get(byHand.key)
    if (other !== undefined) return other
    const own = get(load).finally(() => underWay.delete(byHand.key))
    underWay.set(byHand.key, own)
    return own
  }
}
