import { trace, traceCells } from '@tiercel/workloads'
import { defineTrial, type Measurements, type Trial, type TrialContext } from '../runner/suite.ts'
import type { OpenMemory } from '../subjects/memory.ts'

/** That a cache of policy `lru` answers every request of every cell as lru-cache does. */
export function lruAlike(subjects: Readonly<Record<string, OpenMemory>>, reference: OpenMemory): Trial {
  return defineTrial({
    name: 'alike',
    figures: [{ kind: 'count', name: 'lru-differences', title: 'requests that lru-cache answers otherwise, all cells', unit: '' }],
    subjects,
    measure: async (open, context) => differences(open, reference, context),
  })
}

async function differences(open: OpenMemory, reference: OpenMemory, { effort }: TrialContext): Promise<Measurements> {
  let count = 0
  for (const { trace: name, entries } of traceCells) {
    const [own, other] = [await open({ maxEntries: entries }), await reference({ maxEntries: entries })]
    const keys = trace(name)
    for (let index = 0; index < keys.length * effort; index++) {
      const key = keys[index] as string
      const value = own.get(key)
      if (value !== other.get(key)) count++
      if (value !== undefined) continue
      own.set(key, index)
      other.set(key, index)
    }
  }
  return { 'lru-differences': count }
}
