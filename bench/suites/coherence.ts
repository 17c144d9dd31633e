import type { Suite } from '../runner/suite.ts'
import { coherent } from '../subjects/coherent-caches.ts'
import type { OpenCache } from '../subjects/subject.ts'
import type { OpenTagged } from '../subjects/tagged.ts'
import { consistency } from '../trials/consistency.ts'
import { invalidate } from '../trials/invalidate.ts'
import { l1Hit } from '../trials/l1-hit.ts'
import { l2Hit } from '../trials/l2-hit.ts'

const tagged: Record<string, OpenTagged> = {
  tiercel: async (setup) => (await import('../subjects/tiercel.ts')).openTagged(setup),
  bentocache: async (setup) => (await import('../subjects/bentocache.ts')).openTagged(setup),
  cacheable: async (setup) => (await import('../subjects/cacheable.ts')).openTagged(setup),
  'member sets': async (setup) => (await import('../subjects/hand-tagged.ts')).openMemberSets(setup),
  'SCAN and UNLINK': async (setup) => (await import('../subjects/hand-tagged.ts')).openScan(setup),
}

const onServer: Record<string, OpenCache> = {
  'no tags': async (setup) => (await import('../subjects/tiercel.ts')).openTiered('ioredis 5', setup, 'freeze'),
  'five tags': async (setup) => (await import('../subjects/tiercel.ts')).openTieredWithTags(fiveTags)(setup),
}

const inMemory: Record<string, OpenCache> = {
  'L1 alone': async (setup) => (await import('../subjects/tiercel.ts')).openMemory(setup, 'freeze'),
  ...onServer,
}

/** Lists that are there before: to build them is the caller's. As products have them: of all, of a price list, of a shelf, of a supplier, of a region. */
const tagLists = Array.from({ length: 10 }, (_, digit) => [
  'products',
  `prices:${digit % 2}`,
  `shelf:${digit}`,
  `supplier:${digit % 5}`,
  `region:${digit % 3}`,
])

/** By the last digit of the key. */
function fiveTags(key: string): readonly string[] {
  return tagLists[key.charCodeAt(key.length - 1) - 48] as readonly string[]
}

/** 1.1 times the time. */
const leastSpeed = 1 / 1.1

export const suite: Suite = {
  name: 'coherence',
  summary: 'what it costs to keep caches true, and who does: invalidation by tag, reads of what carries tags, two processes on bad links',
  needsServer: true,
  trials: [invalidate(tagged), l1Hit(inMemory, 'no tags'), l2Hit(onServer, 'no tags'), consistency(coherent)],
  checks: [
    { kind: 'atMost', name: 'time for 100,000 tagged entries over that for one', figure: 'growth', subject: 'tiercel', value: 1.5 },
    { kind: 'exactly', name: 'commands for 100,000 entries over those for one', figure: 'commands-growth', subject: 'tiercel', value: 1 },
    {
      kind: 'ratio',
      name: 'L1 hit with five tags against none',
      figure: 'l1-hit',
      subject: 'five tags',
      against: 'no tags',
      atLeast: leastSpeed,
    },
    {
      kind: 'ratio',
      name: 'L2 hit with five tags against none',
      figure: 'l2-hit',
      subject: 'five tags',
      against: 'no tags',
      atLeast: leastSpeed,
    },
    {
      kind: 'ratio',
      name: 'L1 hit with L2 behind it against L1 alone',
      figure: 'l1-hit',
      subject: 'no tags',
      against: 'L1 alone',
      atLeast: 0.8,
    },
    { kind: 'exactly', name: 'late loads kept, %', figure: 'late-load-wrong', subject: 'tiercel', value: 0 },
    { kind: 'exactly', name: 'late loads kept, by tag, %', figure: 'late-load-tag-wrong', subject: 'tiercel', value: 0 },
    { kind: 'exactly', name: 'own writes missed, %', figure: 'own-write-wrong', subject: 'tiercel', value: 0 },
    { kind: 'exactly', name: 'old values back after an eviction, %', figure: 'evicted-wrong', subject: 'tiercel', value: 0 },
    { kind: 'atMost', name: 'staleness with lost messages, × bound', figure: 'lost-message-staleness-max', subject: 'tiercel', value: 1.1 },
    { kind: 'atMost', name: 'staleness on a hung link, × bound', figure: 'hung-link-staleness-max', subject: 'tiercel', value: 1.1 },
    { kind: 'exactly', name: 'reads that hang on a hung link, %', figure: 'hung-link-unanswered', subject: 'tiercel', value: 0 },
  ],
}
