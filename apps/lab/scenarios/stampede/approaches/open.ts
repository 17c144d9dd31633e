import { createClient } from '@redis/client'
import type { Assignment } from '../protocol.ts'
import type { ByHand, Get } from './approach.ts'
import { flight } from './flight.ts'
import { lock } from './lock.ts'
import { naive } from './naive.ts'
import { throughCache, tiercelCache } from './tiercel.ts'

export interface OpenApproach {
  readonly get: Get
  /** Times that Valkey did not answer a cache within its budget, or at all. */
  storeErrors(): number
  /** Loads whose lease had run out, or was taken, before they ended. */
  lostLeases(): number
  close(): Promise<void>
}

/** Keys of what is written by hand. */
export function keysOf(namespace: string): { readonly value: string; readonly lock: string } {
  return { value: `${namespace}:hot`, lock: `${namespace}:hot:lock` }
}

/** Links are up when it resolves. */
export async function openApproach(assignment: Assignment): Promise<OpenApproach> {
  const { approach } = assignment
  if (approach === 'naive' || approach === 'flight' || approach === 'lock') return openByHand(assignment, approach)
  const cache = tiercelCache(assignment)
  await cache.get('warm-up')
  let lost = 0
  cache.on((event) => {
    if (event.type === 'write.dropped' && event.reason === 'revoked') lost++
  })
  return {
    get: throughCache(cache),
    storeErrors: () => cache.stats().l2.errors,
    lostLeases: () => lost,
    close: () => cache.close(),
  }
}

async function openByHand(assignment: Assignment, approach: 'naive' | 'flight' | 'lock'): Promise<OpenApproach> {
  const { valkeyUrl, namespace, ttlMs, leaseMs } = assignment
  const keys = keysOf(namespace)
  const client = createClient({ url: valkeyUrl })
  client.on('error', () => undefined)
  await client.connect()
  const byHand: ByHand = { client: client as ByHand['client'], key: keys.value, ttlMs }
  const get = { naive: () => naive(byHand), flight: () => flight(byHand), lock: () => lock(byHand, keys.lock, leaseMs) }[approach]()
  return { get, storeErrors: () => 0, lostLeases: () => 0, close: async () => client.destroy() }
}
