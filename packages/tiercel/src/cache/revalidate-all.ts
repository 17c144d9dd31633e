import type { Pace } from '../coherence/pace.ts'
import { startTimer } from '../kernel/clock.ts'
import type { Store } from '../stores/store.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { stillHolds } from './read-path.ts'
import type { Scope } from './scope.ts'

const entriesPerStep = 50
const mostEntries = 5_000
const stepMs = 10

/**
 * Asks for what L1 holds after everything was questioned, by versions and a few at a time, so that most of it is right again before somebody wants it. A
 * fleet whose links come back together asks at its own uneven pace. What is wanted earlier is asked for by who wants it.
 *
 * Never rejects.
 *
 * @param isFirst there was no link before: what is here was read a moment ago, and serves for a while. A process that has just begun has better things to do
 * @param isCurrent false once everything was questioned again, or the cache is closed
 */
export async function revalidateAll(
  core: Core,
  scopes: Iterable<Scope>,
  pace: Pace,
  isFirst: boolean,
  isCurrent: () => boolean,
): Promise<void> {
  if (isFirst && !(await rest(pace, core.proof.boundMs / 2, isCurrent))) return
  let left = mostEntries
  for (const scope of scopes) {
    let step: Promise<void>[] = []
    // A map's own iterator bears its changes.
    for (const path of scope.l1?.slots.keys() ?? []) {
      const entry = scope.l1?.peek(path) as Entry | undefined
      if (entry === undefined || entry.version === '' || !isDoubtful(core, entry)) continue
      step.push(ask(core, scope, path as string, entry))
      left -= 1
      if (step.length < entriesPerStep) continue
      await Promise.all(step)
      step = []
      if (left <= 0 || !(await rest(pace, stepMs, isCurrent))) return
    }
    await Promise.all(step)
  }
}

function isDoubtful({ proof }: Core, entry: Entry): boolean {
  return entry.isSuspect || entry.sentAtMs < proof.heardSinceMs
}

async function ask(core: Core, scope: Scope, path: string, entry: Entry): Promise<void> {
  const { doubts } = entry
  const look = { scope, path, policy: core.policy, sentAtMs: core.nowMs() }
  try {
    const head = await stillHolds(core, core.l2 as Store, look, scope.storedKey(path), entry, () => entry.doubts === doubts)
    if (head === undefined && entry.doubts <= doubts + 1 && scope.l1?.peek(path) === entry) scope.l1.delete(path)
  } catch {
    // It stays as it is: who wants it asks.
  }
}

async function rest(pace: Pace, forMs: number, isCurrent: () => boolean): Promise<boolean> {
  await new Promise<void>((resolve) => startTimer(pace.clock, forMs * (0.5 + pace.random()), resolve))
  return isCurrent()
}
