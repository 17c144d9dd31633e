import { troubles } from '@tiercel/test-servers'
import type { Check, Suite } from '../runner/suite.ts'
import type { OpenCoherent } from '../subjects/coherent.ts'
import { coherent } from '../subjects/coherent-caches.ts'
import type { OpenCache } from '../subjects/subject.ts'
import { faults } from '../trials/faults.ts'
import { l2Hit } from '../trials/l2-hit.ts'

const all: Record<string, OpenCoherent> = {
  ...coherent,
  'cache-manager': async (setup) => (await import('../subjects/cache-manager.ts')).openCoherent(setup),
  'async-cache-dedupe': async (setup) => (await import('../subjects/async-cache-dedupe.ts')).openCoherent(setup),
}

const guarded: Record<string, OpenCache> = {
  'all off': async (setup) => (await import('../subjects/tiercel.ts')).openUnguarded(setup),
  tiercel: async (setup) => (await import('../subjects/tiercel.ts')).openTiered('ioredis 5', setup, 'freeze'),
}

export const suite: Suite = {
  name: 'faults',
  summary:
    'one process whose server is killed, hung, cut off, slow or full: what its users notice, what the source has to bear, what stays wrong',
  needsServer: true,
  trials: [...troubles.map((trouble) => faults(all, trouble)), l2Hit(guarded, 'all off')],
  checks: [
    ...troubles.flatMap((trouble): Check[] => [
      { kind: 'exactly', name: `${trouble}: reads that fail, %`, figure: `${trouble}-failed`, subject: 'tiercel', value: 0 },
      { kind: 'exactly', name: `${trouble}: old values when all is over, %`, figure: `${trouble}-old`, subject: 'tiercel', value: 0 },
      { kind: 'exactly', name: `${trouble}: errors that nobody can catch`, figure: `${trouble}-uncaught`, subject: 'tiercel', value: 0 },
      { kind: 'atMost', name: `${trouble}: p99, ms: one budget and a load`, figure: `${trouble}-p99`, subject: 'tiercel', value: 100 },
    ]),
    {
      kind: 'ratio',
      name: 'L2 hit with breaker, limits and retries against without',
      figure: 'l2-hit',
      subject: 'tiercel',
      against: 'all off',
      atLeast: 0.95,
    },
  ],
}
