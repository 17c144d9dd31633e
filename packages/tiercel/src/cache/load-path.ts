import type { Reader, Store } from '../stores/store.ts'
import { callLoader } from './call-loader.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { Flight } from './flight.ts'
import type { Found } from './found.ts'
import type { LoadRequest } from './load-request.ts'
import type { Policy } from './policy.ts'
import { failedRead, judge, keepInL1 } from './read-path.ts'
import type { StoredKey } from './scope.ts'
import { SharedLoad } from './shared-load.ts'
import { checkFound } from './value-checks.ts'
import { keepInL1Alone } from './write-path.ts'

/**
 * Starts the one flight of a key: looks into L2, and where that has nothing usable, calls the loader.
 *
 * A plain hit in L2 is the other hot path: one promise, the flight's own, and one call back from the store.
 */
export function startFlight(core: Core, request: LoadRequest): Flight {
  const flight = new Flight(request.scope.flights, request.path, core.nowMs())
  core.background.begin()
  if (request.known !== undefined && !request.isForced) serveKnown(core, flight, request.known, request.policy)
  if (core.l2 === undefined) void loadForL1(core, request, flight)
  else readFirst(core.l2, new FirstLook(core, request, flight))
  return flight
}

function readFirst(l2: Store, look: FirstLook): void {
  const { key } = look.stored
  if (l2.read === undefined)
    l2.get(key).then(
      (bytes) => look.onRead(bytes),
      (error) => look.onFailure(error),
    )
  else l2.read(key, look)
}

/** What a flight does with the answer of L2. */
class FirstLook implements Reader {
  readonly stored: StoredKey
  readonly #core: Core
  readonly #request: LoadRequest
  readonly #flight: Flight

  constructor(core: Core, request: LoadRequest, flight: Flight) {
    this.stored = request.scope.storedKey(request.path)
    this.#core = core
    this.#request = request
    this.#flight = flight
  }

  onRead(bytes: Buffer | undefined): void {
    const core = this.#core
    const { scope, path, policy, check, isForced } = this.#request
    const found = judge(core, scope, path, this.stored, bytes, policy)
    if (found.kind !== 'entry' || check !== undefined || isForced || core.nowMs() >= found.entry.lookAtMs) {
      void this.#goOn(found)
      return
    }
    if (this.#flight.dropReason === undefined) keepInL1(core, scope, path, found.entry, policy)
    this.#flight.resolve(found.entry.value)
    end(core, this.#flight)
  }

  onFailure(error: unknown): void {
    void this.#goOn(undefined, error)
  }

  /** Never rejects: what goes wrong is the flight's result. */
  async #goOn(read: Found | undefined, failure?: unknown): Promise<void> {
    const core = this.#core
    const request = this.#request
    try {
      let found = read ?? failedRead(core, request.scope, failure)
      if (request.check !== undefined) found = await checkFound(core, request, found)
      await new SharedLoad(core, request, this.#flight).run(found)
    } catch (error) {
      fail(core, request, this.#flight, error)
    }
    end(core, this.#flight)
  }
}

async function loadForL1(core: Core, request: LoadRequest, flight: Flight): Promise<void> {
  try {
    const loaded = await callLoader(core, request, flight, request.known)
    flight.resolve(loaded.encoded.value)
    keepInL1Alone(core, request, flight, loaded)
  } catch (error) {
    fail(core, request, flight, error)
  }
  end(core, flight)
}

function fail(core: Core, { known, policy }: LoadRequest, flight: Flight, error: unknown): void {
  const old = flight.stale ?? known
  old?.rest(core.nowMs(), policy.graceBackoffMs)
  flight.fail(error)
}

function end(core: Core, flight: Flight): void {
  flight.land()
  core.background.end()
}

/** What is fresh still is served at once; what is stale, when the flight takes too long. */
function serveKnown(core: Core, flight: Flight, known: Entry, policy: Policy): void {
  if (known.staleAtMs > core.nowMs()) flight.resolve(known.value)
  else flight.offer(known, policy.timeoutMs)
}
