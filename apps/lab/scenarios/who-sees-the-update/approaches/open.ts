import type { ApproachId, Assignment } from '../protocol.ts'
import type { Approach } from './approach.ts'
import { pubSub } from './pub-sub.ts'
import { tiercel } from './tiercel.ts'
import { tracking } from './tracking.ts'

/** The key of a lane; Tiercel's keys have it as their namespace. */
export function keyOf(namespace: string, approach: ApproachId): string {
  return `${namespace}-${approach}`
}

export function openApproach(id: ApproachId, { valkeyUrl: url, namespace, ttlMs, maxStalenessMs }: Assignment): Promise<Approach> {
  const place = { url, key: keyOf(namespace, id), ttlMs }
  if (id === 'lease') return tiercel(place, maxStalenessMs)
  return id === 'tracking' ? tracking(place) : pubSub(place)
}
