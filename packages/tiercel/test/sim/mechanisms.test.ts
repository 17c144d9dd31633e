import { afterEach, expect, test, vi } from 'vitest'
import { Scope } from '../../src/cache/scope.ts'
import { Scopes } from '../../src/cache/scopes.ts'
import { Proof } from '../../src/coherence/proof.ts'
import { Tags } from '../../src/coherence/tags.ts'
import { Link } from '../../src/stores/link.ts'
import type { Change } from './acts.ts'
import { changing } from './changing.ts'
import type { Plan, Tier, Weather } from './plan.ts'
import type { StoreMechanism } from './weakened.ts'

/** The rarest is noticed once in some three thousand. */
const mostSeeds = 20_000

/** What it takes to notice. */
interface Aim {
  readonly weather: Weather
  readonly tier: Tier
  readonly aim: readonly Change[]
  /** The seed to try first: one that was once enough. */
  readonly near: number
}

/** Runs until something is seen that must not be, and would not be with all mechanisms. */
async function expectNoticed({ near, ...aim }: Aim, off?: StoreMechanism): Promise<void> {
  for (let tried = 0; tried < mostSeeds; tried += 1) {
    const seed = near + tried
    const plan: Plan = { ...aim, seed, canCompare: seed % 2 === 0 }
    if ((await changing({ ...plan, off })).violations.length === 0) continue
    switchOn()
    expect((await changing(plan)).violations, `seed ${seed} with all mechanisms`).toEqual([])
    return
  }
  expect.fail('nobody noticed')
}

/** With the weather and the changes in which each is needed. */
const inServer: readonly (readonly [StoreMechanism, Weather, number, readonly Change[]])[] = [
  ['lease', 'calm', 19, ['delete']],
  ['version fence', 'calm', 98, ['delete', 'expire']],
  ['new version on expire', 'calm', 126, ['expire']],
  ['fence', 'crash', 1162, ['mutate key']],
  ['delete at close', 'eviction', 2909, ['mutate key']],
  ['owner list: newest wins', 'crash', 621, ['mutate key']],
  ['owner list: none', 'crash', 691, ['mutate key']],
  ['fences stand against delete', 'crash', 108, ['mutate key', 'delete']],
  ['fences stand against set', 'crash', 69, ['mutate key', 'set']],
  ['fences stand against take-over', 'crash', 877, ['mutate key', 'invalidateTag']],
  ['contended flag', 'calm', 88, ['write through']],
  ['hold-off', 'lag', 2, ['mutate key']],
  ['fence renewed', 'crash', 4255, ['mutate key']],
  ['not-after on set', 'slow links', 3277, ['set', 'delete']],
  ['token before load', 'calm', 353, ['clear', 'invalidateTag']],
  ['late-tag check', 'calm', 4, ['invalidateTag']],
  ['missing tag is a miss', 'calm', 2, ['clear', 'invalidateTag']],
  ['random token', 'calm', 2, ['clear', 'invalidateTag']],
  ['dead fence of a tag counts', 'crash', 749, ['mutate tag']],
]

test.each(inServer)('without the mechanism "%s" it is noticed', { timeout: 600_000 }, async (mechanism, weather, near, aim) => {
  await expectNoticed({ weather, tier: 'L2 only', near, aim }, mechanism)
})

type Off = () => unknown

/** As if an answer proved something of the time until it came, which may be as long again as the bound. */
function proveForLonger(): void {
  const { prove } = Proof.prototype
  vi.spyOn(Proof.prototype, 'prove').mockImplementation(function (this: Proof, sentAtMs) {
    prove.call(this, sentAtMs + this.boundMs)
  })
}

/** In the client; with how it is switched off. */
const inClient: readonly (readonly [string, Weather, Tier, number, readonly Change[], Off])[] = [
  [
    'replay of the journal with a new link',
    'failover',
    'L2 only',
    41,
    ['delete', 'invalidateTag'],
    () => vi.spyOn(Link.prototype, 'onUsable').mockReturnValue(() => undefined),
  ],
  ['push handling', 'calm', 'broadcast', 0, ['delete'], () => vi.spyOn(Scopes.prototype, 'touch').mockImplementation(() => undefined)],
  [
    'questioning everything with a new link',
    'cut links',
    'broadcast',
    7572,
    ['delete'],
    () => vi.spyOn(Proof.prototype, 'void').mockImplementation(() => undefined),
  ],
  [
    'the bound on what is served without proof',
    'cut links',
    'broadcast',
    622,
    ['delete', 'invalidateTag'],
    () => vi.spyOn(Proof.prototype, 'covers').mockReturnValue(true),
  ],
  ['a proof counts from when it was asked for', 'slow links', 'broadcast', 8620, ['delete'], proveForLonger],
  [
    'own writes overtake what is under way',
    'calm',
    'broadcast',
    33,
    ['delete'],
    () => vi.spyOn(Scope.prototype, 'overtake').mockImplementation(() => undefined),
  ],
  [
    'trust in tags ends',
    'slow links',
    'broadcast',
    3,
    ['invalidateTag'],
    () => vi.spyOn(Tags.prototype, 'isTrusted').mockImplementation((tag) => tag.held !== undefined),
  ],
]

function switchOn(): void {
  vi.restoreAllMocks()
}

afterEach(switchOn)

test.each(inClient)('without "%s" it is noticed', { timeout: 600_000 }, async (_name, weather, tier, near, aim, switchOff) => {
  switchOff()
  await expectNoticed({ weather, tier, near, aim })
})
