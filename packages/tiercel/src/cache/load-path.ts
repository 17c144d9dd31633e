import { prefixBytes } from '../codecs/envelope.ts'
import type { ValueCheck } from '../codecs/schema.ts'
import { UsageError } from '../kernel/errors.ts'
import type { LoadContext, Loader } from './cache.ts'
import type { Core } from './core.ts'
import { Flight } from './flight.ts'
import type { Policy } from './policy.ts'
import { readL2 } from './read-path.ts'
import type { Found, Scope } from './scope.ts'
import { checkLoaded, checkStored, reportRefusal } from './value-checks.ts'
import { encodeValue, keepLoaded } from './write-path.ts'

/** What is to be loaded, and how long the result lives. */
export interface LoadRequest {
  readonly scope: Scope
  readonly path: string
  readonly load: Loader<unknown>
  readonly policy: Policy
  readonly check: ValueCheck | undefined
}

/** Starts the one flight of a key: reads L2, and where that has nothing, calls the loader and stores what it returns. */
export function startFlight(core: Core, request: LoadRequest): Flight {
  const flight = new Flight(request.scope.flights, request.path)
  void fly(core, request, flight)
  return flight
}

/** Never rejects: what goes wrong is the flight's result. */
async function fly(core: Core, request: LoadRequest, flight: Flight): Promise<void> {
  core.background.begin()
  try {
    const read = core.l2 === undefined ? nothingThere : await readL2(core, request.scope, request.path)
    const found = read.isHit && request.check !== undefined ? await checkFound(core, request, request.check, read) : read
    flight.resolve(found.isHit ? found.value : await load(core, request, flight, found.present))
  } catch (error) {
    flight.reject(error)
  }
  flight.land()
  core.background.end()
}

/** What is there and does not satisfy the schema is to be replaced by what is loaded. */
async function checkFound(core: Core, request: LoadRequest, check: ValueCheck, read: Found & { readonly isHit: true }): Promise<Found> {
  if ((await checkStored(core.format.values.handOut(read.value), check)).isValid) return read
  reportRefusal(core, request.scope, request.path, 'l2')
  return { isHit: false, present: read.bytes.subarray(0, prefixBytes) }
}

const nothingThere = { isHit: false, present: undefined } as const

async function load(core: Core, request: LoadRequest, flight: Flight, present: Buffer | undefined): Promise<unknown> {
  const { scope, path } = request
  if (core.emitter.isHeard) core.emitter.emit({ type: 'read.miss', namespace: scope.name, key: path })
  flight.checkWanted()
  const startedAtMs = performance.now()
  const loaded = await callLoader(core, request, flight)
  if (loaded === undefined) throw undefinedLoaded(path)
  const loadCostMs = performance.now() - startedAtMs
  const encoded = encodeValue(core, loaded)
  if (request.check !== undefined) await checkLoaded(core, encoded.value, request.check, path)
  return keepLoaded(core, request, flight, { ...encoded, loadCostMs }, present)
}

async function callLoader(core: Core, request: LoadRequest, flight: Flight): Promise<unknown> {
  const { counters, emitter } = core
  const subject = { namespace: request.scope.name, key: request.path }
  const startedAtMs = performance.now()
  counters.loads += 1
  if (emitter.isHeard) emitter.emit({ type: 'load.started', ...subject })
  try {
    const loaded = await request.load(new Context(request.path, flight))
    if (emitter.isHeard) emitter.emit({ type: 'load.done', ...subject, durationMs: performance.now() - startedAtMs })
    return loaded
  } catch (error) {
    counters.loadErrors += 1
    if (emitter.isHeard) emitter.emit({ type: 'load.failed', ...subject, durationMs: performance.now() - startedAtMs, error })
    throw error
  } finally {
    counters.loadTimeMs += performance.now() - startedAtMs
  }
}

class Context implements LoadContext {
  readonly key: string
  readonly #flight: Flight

  constructor(key: string, flight: Flight) {
    this.key = key
    this.#flight = flight
  }

  get signal(): AbortSignal {
    return this.#flight.signal
  }
}

function undefinedLoaded(key: string): UsageError {
  return new UsageError(
    'TIERCEL_UNDEFINED_VALUE',
    'The loader returned undefined, which cannot be stored. Return null for "there is none".',
    {
      operation: 'getOrSet',
      key,
    },
  )
}
