import { callLoader } from './call-loader.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { Flight } from './flight.ts'
import type { LoadRequest } from './load-request.ts'
import type { Policy } from './policy.ts'
import { keepInL1, readL2 } from './read-path.ts'
import { SharedLoad } from './shared-load.ts'
import { checkFound } from './value-checks.ts'
import { keepInL1Alone } from './write-path.ts'

/** Starts the one flight of a key: looks into L2, and where that has nothing usable, calls the loader. */
export function startFlight(core: Core, request: LoadRequest): Flight {
  const flight = new Flight(request.scope.flights, request.path, core.nowMs())
  void fly(core, request, flight)
  return flight
}

/** Never rejects: what goes wrong is the flight's result. */
async function fly(core: Core, request: LoadRequest, flight: Flight): Promise<void> {
  const { known } = request
  core.background.begin()
  try {
    if (known !== undefined && !request.isForced) serveKnown(core, flight, known, request.policy)
    if (core.l2 === undefined) await loadForL1(core, request, flight)
    else await readOrLoad(core, request, flight)
  } catch (error) {
    const old = flight.stale ?? known
    old?.rest(core.nowMs(), request.policy.graceBackoffMs)
    flight.fail(error)
  }
  flight.land()
  core.background.end()
}

/** What is fresh still is served at once; what is stale, when the flight takes too long. */
function serveKnown(core: Core, flight: Flight, known: Entry, policy: Policy): void {
  if (known.staleAtMs > core.nowMs()) flight.resolve(known.value)
  else flight.offer(known, policy.timeoutMs)
}

async function readOrLoad(core: Core, request: LoadRequest, flight: Flight): Promise<void> {
  const { scope, path, policy } = request
  const read = await readL2(core, scope, path, policy)
  const found = request.check === undefined ? read : await checkFound(core, request, read)
  if (found.kind !== 'entry' || request.isForced || found.entry.lookAtMs <= core.nowMs()) {
    await new SharedLoad(core, request, flight).run(found)
    return
  }
  if (flight.dropReason === undefined) keepInL1(core, scope, path, found.entry, policy)
  flight.resolve(found.entry.value)
}

async function loadForL1(core: Core, request: LoadRequest, flight: Flight): Promise<void> {
  const loaded = await callLoader(core, request, flight, request.known)
  flight.resolve(loaded.encoded.value)
  keepInL1Alone(core, request, flight, loaded)
}
