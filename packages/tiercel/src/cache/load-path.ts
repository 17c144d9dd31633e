import { callLoader } from './call-loader.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { Flight } from './flight.ts'
import type { Found } from './found.ts'
import type { LoadRequest } from './load-request.ts'
import type { Policy } from './policy.ts'
import { failedRead, judge, keepInL1 } from './read-path.ts'
import { SharedLoad } from './shared-load.ts'
import { checkFound } from './value-checks.ts'
import { keepInL1Alone } from './write-path.ts'

/** Starts the one flight of a key: looks into L2, and where that has nothing usable, calls the loader. */
export function startFlight(core: Core, request: LoadRequest): Flight {
  const flight = new Flight(request.scope.flights, request.path, core.nowMs())
  void fly(core, request, flight)
  return flight
}

/**
 * Never rejects: what goes wrong is the flight's result.
 *
 * A plain hit in L2 is the other hot path: it waits once, for the store, and makes nothing that it does not need.
 */
async function fly(core: Core, request: LoadRequest, flight: Flight): Promise<void> {
  const { scope, path, policy, known } = request
  core.background.begin()
  try {
    if (known !== undefined && !request.isForced) serveKnown(core, flight, known, policy)
    if (core.l2 === undefined) {
      await loadForL1(core, request, flight)
    } else {
      const stored = scope.storedKey(path)
      let bytes: Buffer | undefined
      let found: Found | undefined
      try {
        bytes = await core.l2.get(stored.key)
      } catch (error) {
        found = failedRead(core, scope, error)
      }
      found ??= judge(core, scope, path, stored, bytes, policy)
      if (request.check !== undefined) found = await checkFound(core, request, found)
      if (found.kind === 'entry' && !request.isForced && core.nowMs() < found.entry.lookAtMs) hit(core, request, flight, found.entry)
      else await new SharedLoad(core, request, flight).run(found)
    }
  } catch (error) {
    const old = flight.stale ?? known
    old?.rest(core.nowMs(), policy.graceBackoffMs)
    flight.fail(error)
  }
  flight.land()
  core.background.end()
}

function hit(core: Core, { scope, path, policy }: LoadRequest, flight: Flight, entry: Entry): void {
  if (flight.dropReason === undefined) keepInL1(core, scope, path, entry, policy)
  flight.resolve(entry.value)
}

/** What is fresh still is served at once; what is stale, when the flight takes too long. */
function serveKnown(core: Core, flight: Flight, known: Entry, policy: Policy): void {
  if (known.staleAtMs > core.nowMs()) flight.resolve(known.value)
  else flight.offer(known, policy.timeoutMs)
}

async function loadForL1(core: Core, request: LoadRequest, flight: Flight): Promise<void> {
  const loaded = await callLoader(core, request, flight, request.known)
  flight.resolve(loaded.encoded.value)
  keepInL1Alone(core, request, flight, loaded)
}
