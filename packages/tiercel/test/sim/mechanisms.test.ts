import { afterEach, expect, test, vi } from 'vitest'
import { Scopes } from '../../src/cache/scopes.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import type { Change } from './acts.ts'
import { changing } from './changing.ts'
import { SimStore } from './sim-store.ts'
import { type StoreMechanism, weakened } from './weakened.ts'
import type { Weather } from './world.ts'

const mostSeeds = 4_000

/** What it takes to notice. */
interface Aim {
  readonly weather: Weather
  readonly hasL1: boolean
  readonly aim: readonly Change[]
  /** The seed to try first: one that was once enough. */
  readonly near: number
}

/** Runs until something is seen that must not be, and would not be with all mechanisms. */
async function expectNoticed({ near, ...aim }: Aim, mechanism?: StoreMechanism): Promise<void> {
  const run = async (seed: number, off?: StoreMechanism): Promise<readonly string[]> => {
    const clock = new FakeClock({ startMs: 1_000_000 })
    const whole = memoryStore({ clock })
    const store = off === undefined ? whole : weakened(whole, off)
    return (await changing({ ...aim, seed, store, clock, canPass: true, namespace: 'n' })).violations
  }
  for (let tried = 0; tried < mostSeeds; tried += 1) {
    const seed = (near + tried) % mostSeeds
    if ((await run(seed, mechanism)).length === 0) continue
    switchOn()
    expect(await run(seed), `seed ${seed} with all mechanisms`).toEqual([])
    return
  }
  expect.fail('nobody noticed')
}

/** With the weather and the changes in which each is needed. */
const inStore: readonly (readonly [StoreMechanism, Weather, number, readonly Change[]])[] = [
  ['lease', 'calm', 11, ['delete']],
  ['version fence', 'calm', 131, ['delete', 'expire']],
  ['new version on expire', 'calm', 3, ['expire']],
  ['fence', 'crash', 212, ['mutate key']],
  ['delete at close', 'eviction', 475, ['mutate key']],
  ['owner list: newest wins', 'crash', 1414, ['mutate key']],
  ['owner list: none', 'crash', 471, ['mutate key']],
  ['fences stand against delete', 'crash', 503, ['mutate key', 'delete']],
  ['fences stand against set', 'crash', 0, ['mutate key', 'set']],
  ['fences stand against take-over', 'crash', 199, ['mutate key', 'invalidateTag']],
  ['contended flag', 'calm', 0, ['write through']],
  ['hold-off', 'lag', 22, ['mutate key']],
  ['fence renewed', 'crash', 22, ['mutate key']],
  ['token before load', 'calm', 578, ['clear', 'invalidateTag']],
  ['late-tag check', 'calm', 190, ['invalidateTag']],
  ['missing tag is a miss', 'calm', 0, ['clear', 'invalidateTag']],
  ['random token', 'calm', 0, ['clear', 'invalidateTag']],
]

test.each(inStore)(
  'without the mechanism "%s" somebody reads what was overtaken',
  { timeout: 600_000 },
  async (mechanism, weather, near, aim) => {
    await expectNoticed({ weather, hasL1: false, near, aim }, mechanism)
  },
)

/** In the client; with how it is switched off. */
const inClient: readonly (readonly [string, Weather, number, readonly Change[], () => void])[] = [
  [
    'replay after failover',
    'failover',
    0,
    ['delete', 'invalidateTag'],
    () => vi.spyOn(SimStore.prototype, 'onLink').mockReturnValue(() => undefined),
  ],
  ['push handling', 'calm', 0, ['delete'], () => vi.spyOn(Scopes.prototype, 'touch').mockImplementation(() => undefined)],
]

function switchOn(): void {
  vi.restoreAllMocks()
}

afterEach(switchOn)

test.each(inClient)(
  'without "%s" somebody reads what was overtaken',
  { timeout: 600_000 },
  async (_name, weather, near, aim, switchOff) => {
    switchOff()
    await expectNoticed({ weather, hasL1: weather !== 'failover', near, aim })
  },
)
