import type { NodeRedis } from './node-redis-shape.ts'

export interface NodeRedisListener {
  /** The connection can be used; told before anything is written on it. */
  onReady?(): void
  /** The connection is lost, or was ended. */
  onLost(): void
}

const listenersOfClients = new WeakMap<NodeRedis, Set<NodeRedisListener>>()

/**
 * Listens to the connection of a live client; returns what takes the listener off.
 *
 * The client itself keeps three handlers for good, which do nothing when nobody listens: what `createClient` returns only inherits from the emitter,
 * and taking the last handler of a kind off may cut off its owner's.
 */
export function listenToNodeRedis(live: NodeRedis, listener: NodeRedisListener): () => void {
  const listeners = listenersOf(live)
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function listenersOf(live: NodeRedis): Set<NodeRedisListener> {
  const known = listenersOfClients.get(live)
  if (known !== undefined) return known
  const listeners = new Set<NodeRedisListener>()
  listenersOfClients.set(live, listeners)
  const tellLost = (): void => {
    for (const listener of [...listeners]) listener.onLost()
  }
  live.on('reconnecting', tellLost)
  live.on('end', tellLost)
  live.on('ready', () => {
    for (const listener of [...listeners]) listener.onReady?.()
  })
  return listeners
}
