import { createRandom, zipf } from '@tiercel/workloads'
import { type Cache, createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import { forgetNamespace } from '../measure/forget-namespace.ts'
import { watchL1Hits } from '../measure/l1-hits.ts'
import type { Lab } from '../scenarios/lab.ts'
import type { Mark } from '../scenarios/live.ts'
import type { Outcome } from '../scenarios/outcome.ts'

/** A few real requests a second for the home page, so that the strip shows the system and not a drawing of it. */
export interface Trickle {
  /** Requests since the last call. */
  take(): readonly Mark[]
  pause(): void
  resume(): void
  close(): Promise<void>
}

const perSecond = 6
const flights = 60

/** Two app instances on one Valkey, flights by popularity, and a short time to live: so every tier has something to do. */
export function startTrickle(lab: Lab): Trickle {
  const namespace = `lab-board-${process.pid}`
  const caches = Array.from({ length: 2 }, () => createCache({ namespace, l2: valkeyStore(lab.valkey.url), ttl: '20s', jitter: 0.5 }))
  const popularity = zipf({ items: flights, exponent: 1, random: createRandom('board') })
  const query = lab.airport.queries.flight
  let marks: Mark[] = []
  let timer: NodeJS.Timeout | undefined
  let turn = 0
  const l1Hits = watchL1Hits(caches)

  const request = async (cache: Cache) => {
    const values = query.valuesOf(popularity.next() % query.distinct)
    let outcome: Outcome = 'l2'
    l1Hits.begin()
    const startMs = performance.now()
    const answer = cache.getOrSet([query.id, ...values], async () => {
      outcome = 'source'
      return (await lab.airport.query(query.sql, values)).rows
    })
    if (l1Hits.isHit) outcome = 'l1'
    await answer.catch(() => {
      outcome = 'error'
    })
    marks.push({ outcome, ms: performance.now() - startMs })
  }
  const resume = () => {
    timer ??= setInterval(() => void request(caches[turn++ % caches.length] as Cache), 1000 / perSecond)
  }
  const pause = () => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    take() {
      const taken = marks
      marks = []
      return taken
    },
    pause,
    resume,
    async close() {
      pause()
      await Promise.all(caches.map((cache) => cache.close()))
      await forgetNamespace(lab.valkey.url, namespace)
    },
  }
}
