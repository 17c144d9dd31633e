import { createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import type { QueryId } from '../../airport/queries.ts'
import { listenToCommands } from '../../measure/listen-to-commands.ts'
import type { Lab } from '../lab.ts'
import type { Exhibit } from '../run-result.ts'
import type { Parameters } from './parameters.ts'

const indexNotes: Readonly<Record<QueryId, string>> = {
  flight: 'One descent of the primary key: there is no better way to ask this.',
  manifest: 'The bookings of one flight by the index on `booking.flight_id`, each passenger by the primary key.',
  itinerary: 'The bookings of one passenger by the index on `booking.passenger_id`; the other seven tables by their primary keys.',
  busiest: 'Flights of the days by the index on `flight.departure`; counting their bookings is the work, and no index does that.',
}

/** Asking for the plan runs the query, and listening needs a cache of its own: once for each question is enough. */
const shown = new WeakMap<Lab, Map<string, Promise<readonly Exhibit[]>>>()

export function exhibits(lab: Lab, { query }: Parameters): Promise<readonly Exhibit[]> {
  const ofLab = shown.get(lab) ?? new Map<string, Promise<readonly Exhibit[]>>()
  shown.set(lab, ofLab)
  const kept = ofLab.get(query)
  if (kept !== undefined) return kept
  const fresh = collect(lab, query)
  ofLab.set(query, fresh)
  fresh.catch(() => ofLab.delete(query))
  return fresh
}

async function collect(lab: Lab, id: QueryId): Promise<readonly Exhibit[]> {
  const query = lab.airport.queries[id]
  const values = query.valuesOf(0)
  const plan = await lab.airport.explain(id, values)
  const commands = await commandsOfOneQuestion(lab, id, values)
  return [
    { id: 'sql', kind: 'sql', title: 'The query', about: query.answers, text: query.sql },
    { id: 'plan', kind: 'plan', title: 'What the database did', about: indexNotes[id], text: plan },
    {
      id: 'commands',
      kind: 'commands',
      title: 'What Valkey was told',
      about:
        'Recorded with `MONITOR`: one question asked twice, each time with an empty L1. First a miss: a look, a lease, and the value in its place; then a hit.',
      text: commands,
    },
  ]
}

/** What goes over the wire, as the server saw it. */
function commandsOfOneQuestion(lab: Lab, id: QueryId, values: readonly (string | number)[]): Promise<string> {
  const key = [id, ...values]
  return listenToCommands(lab.valkey.url, async (namespace) => {
    const cache = createCache({ namespace, l1: false, l2: valkeyStore(lab.valkey.url, { timeout: '1s' }), ttl: '5m' })
    try {
      for (let time = 0; time < 2; time++) {
        await cache.getOrSet(key, async () => (await lab.airport.query(lab.airport.queries[id].sql, values)).rows)
        await cache.idle()
      }
    } finally {
      await cache.close()
    }
  })
}
