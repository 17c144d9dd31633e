import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '@tiercel/workloads'
import type { Condition } from '../../src/testing/faults/condition.ts'
import type { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import type { LinkFilter, Scope } from '../../src/testing/faults/link-filter.ts'

/** Goes on until the signal fires, and leaves the proxy healed. */
export type Disturbance = (proxy: FaultProxy, isOver: AbortSignal) => Promise<void>

/** Longer than what L1 may lag behind, and then long enough to come back. */
const onAndOff = { onMs: 1_500, offMs: 1_000 }
const drop: Condition = { flow: 'drop' }
const toClient: Scope = { direction: 'to-client' }
const toServer: Scope = { direction: 'to-server' }
/** The link on which the server tells of changes. */
const isTracking: LinkFilter = (link) => link.hasSent('TRACKING') || link.hasSent('subscribe')

/** What networks do. */
export const disturbances: Readonly<Record<string, Disturbance>> = {
  'links killed at random': kills(() => true),
  'tracking links killed at random': kills(isTracking),
  'nothing reaches the server': spells(drop, toServer, onAndOff),
  'nothing comes from the server': spells(drop, toClient, onAndOff),
  'nothing gets through': spells(drop, {}, onAndOff),
  'everything arrives late, after a hole': spells({ flow: 'hold' }, {}, onAndOff),
  'the tracking links are half-open': spells(drop, { ...toClient, where: isTracking }, onAndOff),
  'the tracking links are late, after a hole': spells({ flow: 'hold' }, { ...toClient, where: isTracking }, onAndOff),
  'replies and pushes are split at every byte': spells({ split: { every: 1 } }, toClient, onAndOff),
  'replies and pushes are late': spells({ delayMs: 10, jitterMs: 60 }, toClient, onAndOff),
}

/** Each for a while, one after the other. */
export function inTurn(all: readonly Disturbance[], eachMs: number): Disturbance {
  return async (proxy, isOver) => {
    for (const disturb of all) {
      await disturb(proxy, AbortSignal.any([isOver, AbortSignal.timeout(eachMs)]))
      if (isOver.aborted) return
    }
  }
}

/** Resets a connection picked at random, about seven times a second: two hundred in half a minute. */
function kills(where: LinkFilter): Disturbance {
  const random = createRandom(1)
  return async (proxy, isOver) => {
    while (await passes(300 * random.next(), isOver)) {
      const links = proxy.links.filter(where)
      if (links.length === 0) continue
      const victim = links[random.integer(links.length)]
      proxy.kill('reset', (link) => link === victim)
    }
  }
}

/** Imposes a condition for a while, lifts it for a while, and so on. */
export function spells(
  condition: Condition,
  scope: Scope,
  { onMs, offMs }: { readonly onMs: number; readonly offMs: number },
): Disturbance {
  return async (proxy, isOver) => {
    do {
      proxy.impose(condition, scope)
      await passes(onMs, isOver)
      proxy.heal()
    } while (await passes(offMs, isOver))
  }
}

/** @returns whether it is not over yet */
async function passes(ms: number, isOver: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal: isOver }).catch(() => undefined)
  return !isOver.aborted
}
