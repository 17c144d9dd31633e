import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { defineTrial, type Measurements, type Trial, type TrialContext } from '../runner/suite.ts'
import type { OpenCache } from '../subjects/subject.ts'
import { assertItems, type Product, product } from './product.ts'

const CALLERS = 1_000
const LOAD_MS = 20

/** How often the loader runs when a thousand callers of one process ask for one missing key at once. */
export function oneLoad(subjects: Readonly<Record<string, OpenCache>>): Trial {
  return defineTrial({
    name: 'one-load',
    figures: [{ kind: 'count', name: 'loads', title: 'loads when 1,000 callers ask for one missing key', unit: 'loads' }],
    subjects,
    measure,
  })
}

async function measure(open: OpenCache, { url, prefix }: TrialContext): Promise<Measurements> {
  let loads = 0
  const load = async (): Promise<Product> => {
    loads++
    await delay(LOAD_MS)
    return product(7)
  }
  const cache = await open({ url, load })
  const key = `${prefix}:missing:${randomUUID()}`
  const values = await Promise.all(Array.from({ length: CALLERS }, () => cache.read(key)))
  await cache.close()
  assertItems(values, new Array<Product>(CALLERS).fill(product(7)))
  return { loads }
}
