import { createCache } from '../../src/cache/create-cache.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import type { Describer } from './describe.ts'
import { Floors } from './floors.ts'
import type { Plan } from './plan.ts'
import { ProcessClock } from './process-clock.ts'
import type { Scheduler } from './scheduler.ts'
import type { Servers } from './servers.ts'
import { SimClient, type SimHost } from './sim-client.ts'
import { boundMs, budgetMs, leaseMs, type Member, namespace } from './world.ts'

export interface Surroundings {
  readonly plan: Plan
  readonly scheduler: Scheduler
  readonly servers: Servers
  readonly describer: Describer
  latencyMs(): number
  losesMessage(): boolean
  readonly ttlMs: number
}

/** Starts a process: a cache on the store of the library, on a client over the simulated network. */
export function startMember(name: string, around: Surroundings, isCold: boolean): Member {
  const { plan, scheduler, servers } = around
  // Some processes live with wall clocks that are wrong by seconds.
  const wrongMs = scheduler.chance(0.5) ? 0 : (scheduler.random() - 0.5) * 10_000
  const clock = new ProcessClock(scheduler, Math.floor(scheduler.random() * 1e6), wrongMs)
  const host: SimHost = {
    name,
    scheduler,
    describer: around.describer,
    primary: () => servers.primary,
    latencyMs: () => around.latencyMs(),
    isDead: () => member.isDead,
    losesMessage: () => around.losesMessage(),
  }
  const client = new SimClient(host)
  const store = valkeyStore(client, {
    timeout: budgetMs,
    clock,
    random: scheduler.random,
    // What it does again with a new link must not be refused, or nobody could say from when on it is done.
    ...(plan.weather === 'failover' ? { breaker: false } : {}),
  })
  const hasL1 = plan.tier !== 'L2 only'
  const cache = createCache({
    l1: hasL1 ? { maxEntries: 10, seed: plan.seed } : false,
    l2: store,
    clock,
    namespace,
    ttl: around.ttlMs,
    grace: 20_000,
    lease: leaseMs,
    graceBackoff: 100,
    errorTtl: false,
    random: scheduler.random,
    coherence: { mode: plan.tier === 'L2 only' ? 'broadcast' : plan.tier, maxStaleness: boundMs },
  })
  const member: Member = { name, client, clock, store, cache, own: new Floors(), isCold, isDead: false, open: 0, locks: 0 }
  return member
}
