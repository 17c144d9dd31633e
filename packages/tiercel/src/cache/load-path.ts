import type { TagSnapshot } from '../coherence/tag.ts'
import type { Reader, Store } from '../stores/store.ts'
import { callLoader } from './call-loader.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { Flight } from './flight.ts'
import { away, type Found } from './found.ts'
import { L2Budget } from './l2-budget.ts'
import type { LoadRequest } from './load-request.ts'
import type { Policy } from './policy.ts'
import { failedRead, judge, keepInL1, type Look, lookUp, settle } from './read-path.ts'
import type { Scope, StoredKey } from './scope.ts'
import { SharedLoad } from './shared-load.ts'
import { checkFound } from './value-checks.ts'
import { keepInL1Alone } from './write-path.ts'

/**
 * Starts the one flight of a key: looks into L2, and where that has nothing usable, calls the loader.
 *
 * A plain hit in L2 is the other hot path: one promise, the flight's own, and one call back from the store.
 */
export function startFlight(core: Core, request: LoadRequest): Flight {
  const { scope, doubted } = request
  const flight = new Flight(scope.flights, request.path, core, scope.tags.touched.count)
  core.background.begin()
  if (core.l1 !== undefined) core.changes?.start()
  if (request.known !== undefined && !request.isForced) serveKnown(core, flight, request.known, request.policy)
  if (core.l2 === undefined) {
    void loadForL1(core, request, flight)
    return flight
  }
  if (request.isL2Away === true) {
    void goOn(core, request, flight, async () => away)
    return flight
  }
  if (core.format.hasHeader) scope.tags.prefetch(request.tags)
  if (doubted !== undefined) void lookAgain(core, request, flight, doubted)
  else readFirst(core.l2, new FirstLook(core, request, flight))
  return flight
}

function readFirst(l2: Store, look: FirstLook): void {
  const { key } = look.stored
  if (l2.read === undefined)
    l2.get(key, look.mayLag).then(
      (bytes) => look.onRead(bytes),
      (error) => look.onFailure(error),
    )
  else l2.read(key, look, look.mayLag)
}

/** What a flight does with the answer of L2. */
class FirstLook implements Reader, Look {
  readonly scope: Scope
  readonly path: string
  readonly policy: Policy
  readonly sentAtMs: number
  readonly isExact: boolean
  readonly mayLag: boolean
  readonly shared: Flight
  readonly stored: StoredKey
  /** None for a plain hit, which is one step. */
  budget: L2Budget | undefined
  readonly #core: Core
  readonly #request: LoadRequest

  constructor(core: Core, request: LoadRequest, flight: Flight) {
    const { scope, path, policy, isExact } = request
    this.scope = scope
    this.path = path
    this.policy = policy
    this.sentAtMs = flight.startedAtMs
    this.isExact = isExact
    this.mayLag = mayLag(request)
    this.shared = flight
    this.stored = scope.storedKey(path)
    this.#core = core
    this.#request = request
  }

  onRead(bytes: Buffer | undefined): void {
    const core = this.#core
    const request = this.#request
    const flight = this.shared
    const found = judge(core, this, this.stored, bytes)
    if (found.kind !== 'entry' || request.check !== undefined || request.isForced || core.nowMs() >= found.entry.lookAtMs) {
      void goOn(core, request, flight, (budget) => {
        budget.spend(core.nowMs() - this.sentAtMs)
        this.budget = budget
        return settle(core, this, found)
      })
      return
    }
    if (flight.isKeepable) keepInL1(core, request, found.entry)
    flight.resolve(found.entry.value)
    end(core, flight)
  }

  onFailure(error: unknown): void {
    void goOn(this.#core, this.#request, this.shared, async () => failedRead(this.#core, this.#request.scope, error))
  }
}

/** Asks whether L2 still has what L1 has. */
function lookAgain(core: Core, request: LoadRequest, flight: Flight, doubted: Entry): Promise<void> {
  const look = new FirstLook(core, request, flight)
  return goOn(core, request, flight, (budget) => {
    look.budget = budget
    return lookUp(core, look, doubted, () => flight.isKeepable)
  })
}

/** What is to be replaced has to be what is there now. */
function mayLag({ isExact, isForced }: LoadRequest): boolean {
  return !isExact && !isForced
}

/** Never rejects: what goes wrong is the flight's result. */
async function goOn(core: Core, request: LoadRequest, flight: Flight, look: (budget: L2Budget) => Promise<Found>): Promise<void> {
  try {
    const budget = new L2Budget(core.l2?.budgetMs, core)
    const found = await checkFound(core, request, await look(budget))
    await new SharedLoad(core, request, flight, budget).run(found)
  } catch (error) {
    fail(core, request, flight, error)
  }
  end(core, flight)
}

async function loadForL1(core: Core, request: LoadRequest, flight: Flight): Promise<void> {
  try {
    flight.snapshot = request.scope.tags.snap(request.tags, 0) as TagSnapshot
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
