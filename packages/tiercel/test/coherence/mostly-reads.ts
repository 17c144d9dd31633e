import type { Mix, WorkloadPlan } from './workload.ts'

/** Mostly reads: what is changed again and again is never stale for long. */
const mostlyReads: Mix = {
  get: 20,
  getOrSet: 68,
  forceFresh: 1,
  set: 2,
  commitAndDelete: 2,
  commitAndInvalidateTag: 1,
  mutateKey: 2,
  mutateKeys: 1,
  mutateTag: 1,
  mutateInVain: 0.5,
  expireTag: 0.5,
}
const clearsPerSecond = 0.3
const keysPerCallInASecond = 0.1

export interface WorkloadSize {
  readonly seed: string
  readonly processes: number
  /** Calls of each process. */
  readonly operations: number
  readonly overMs: number
  readonly endsThen?: boolean
}

/** Random calls in a mix, and on as many keys, that shows what is stale: see `WorkloadPlan.keys`. */
export function workloadOf({ processes, ...size }: WorkloadSize, mix: Mix = mostlyReads): WorkloadPlan {
  const perSecond = (processes * size.operations) / (size.overMs / 1_000)
  const clear = mix.clear ?? (100 * clearsPerSecond) / perSecond
  return { ...size, keys: Math.ceil(perSecond * keysPerCallInASecond), mix: { ...mix, clear } }
}
