import type { Suite } from '../runner/suite.ts'
import { inMemory } from '../subjects/in-memory.ts'
import { hitRatios } from '../trials/hit-ratios.ts'
import { memoryGet } from '../trials/memory-get.ts'
import { memoryHeap } from '../trials/memory-heap.ts'

export const suite: Suite = {
  name: 'l1',
  summary: 'the memory of this process alone: what a hit costs, what an entry takes, what it keeps',
  needsServer: false,
  trials: [memoryGet(inMemory), memoryHeap(inMemory), hitRatios(inMemory)],
  checks: [
    { kind: 'ratio', name: 'get against lru-cache, with ttl', figure: 'get-hit', subject: 'tiercel', against: 'lru-cache', atLeast: 1 },
    { kind: 'atMost', name: 'bookkeeping per entry, bytes', figure: 'bookkeeping', subject: 'tiercel', value: 90 },
    { kind: 'atMost', name: 'growth over 10,000,000 keys, kB', figure: 'churn', subject: 'tiercel', value: 512 },
    { kind: 'atLeast', name: 'hit ratio, Zipf, %', figure: 'hits-steady', subject: 'tiercel', value: 76 },
    { kind: 'atLeast', name: 'hit ratio, popular keys replaced, %', figure: 'hits-shifting', subject: 'tiercel', value: 69 },
    { kind: 'atLeast', name: 'hit ratio, beside a scan, %', figure: 'hits-scanned', subject: 'tiercel', value: 55.5 },
  ],
}
