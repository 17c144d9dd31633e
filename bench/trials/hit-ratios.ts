import { hitRatio, scannedRequests, shiftingRequests, steadyRequests } from '@tiercel/workloads'
import { defineTrial, type Measurements, type Trial, type TrialContext } from '../runner/suite.ts'
import type { OpenMemory } from '../subjects/memory.ts'

const ENTRIES = 10_000

const workloads = {
  'hits-steady': { title: 'Zipf 0.99 over 100,000 keys', requests: steadyRequests },
  'hits-shifting': { title: 'the same, popular keys replaced every 100,000 requests', requests: shiftingRequests },
  'hits-scanned': { title: 'the same, every fourth request for a key that never comes back', requests: scannedRequests },
}

/** Hit ratios of 10,000 entries on generated requests, the same in every round. */
export function hitRatios(subjects: Readonly<Record<string, OpenMemory>>): Trial {
  return defineTrial({
    name: 'hits',
    figures: Object.entries(workloads).map(([name, { title }]) => ({
      kind: 'count',
      name,
      title: `hit ratio of 10,000 entries, ${title}`,
      unit: '%',
    })),
    subjects,
    measure,
  })
}

async function measure(open: OpenMemory, { effort }: TrialContext): Promise<Measurements> {
  const ratios: Record<string, number> = {}
  for (const [name, { requests }] of Object.entries(workloads)) {
    const keys = requests('hit ratio')
    ratios[name] = hitRatio(keys.slice(0, keys.length * effort), await open({ maxEntries: ENTRIES }))
  }
  return ratios
}
