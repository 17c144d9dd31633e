import type { Core } from './core.ts'
import type { Flight } from './flight.ts'
import type { Scope } from './scope.ts'

/**
 * Whether one more caller may share a flight: to join is to read from L1 what is not there yet, and obeys the same rules. `maybe`: something was
 * heard of its key or of a tag, which may have been the flight's own doing; `confirm` asks.
 */
export function joinable(core: Core, scope: Scope, flight: Flight, path: string): 'yes' | 'no' | 'maybe' {
  if (scope.changing.has(path) || scope.changingTags.size > 0) return 'no'
  if (core.l2 !== undefined && !core.proof.covers(flight.startedAtMs, core.nowMs())) return 'no'
  if (flight.touches === flight.confirmedTouches && flight.tagTouches === scope.tags.touched.count) return 'yes'
  return flight.snapshot === undefined ? 'no' : 'maybe'
}

/**
 * Whether nothing happened to the key since the flight took it, nor to a tag since before its load. Asked once for all who want to know.
 *
 * @throws what L2 was asked in vain for
 */
export function confirm(core: Core, scope: Scope, flight: Flight): Promise<boolean> {
  const { touches } = flight
  const tagTouches = scope.tags.touched.count
  if (flight.confirming?.touches === touches && flight.confirming.tagTouches === tagTouches) return flight.confirming.isConfirmed
  const isConfirmed = ask(core, scope, flight).then((isSame) => {
    if (!isSame) return false
    flight.confirmedTouches = touches
    flight.tagTouches = tagTouches
    return true
  })
  flight.confirming = { touches, tagTouches, isConfirmed }
  return isConfirmed
}

async function ask(core: Core, scope: Scope, flight: Flight): Promise<boolean> {
  const answers = await Promise.all([holdsClaim(core, flight), tagsAreOlder(scope, flight)])
  return answers.every(Boolean)
}

async function holdsClaim({ l2 }: Core, { claim, touches, confirmedTouches }: Flight): Promise<boolean> {
  if (touches === confirmedTouches) return true
  if (l2 === undefined || claim === undefined || claim.expected.length === 0) return false
  const head = await l2.getHead(claim.key)
  return head?.subarray(0, claim.expected.length).equals(claim.expected) === true
}

/** What is not one of its own tags could be named by its loader yet: it must have been bumped, or expired, before the load, if ever. */
async function tagsAreOlder({ tags }: Scope, { snapshot, tagTouches }: Flight): Promise<boolean> {
  const names = tags.touched.since(tagTouches)
  if (names === undefined || snapshot === undefined) return false
  const states = await Promise.all(Array.from(names, (name) => tags.read(tags.tag(name))))
  return states.every((state) => {
    if (typeof state === 'string') return false
    const own = snapshot.tokens.find(({ tag }) => tag === state.tag)
    return own === undefined ? state.number <= snapshot.number : own.hard === state.hard && own.soft === state.soft
  })
}
