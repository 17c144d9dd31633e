import type { Suite } from '../runner/suite.ts'
import type { OpenFleetCache } from '../subjects/fleet.ts'
import { failingLoad, hotKey, oneMissingKey } from '../trials/stampede.ts'

const fleet: Record<string, OpenFleetCache> = {
  tiercel: async (setup) => (await import('../subjects/fleet.ts')).openTiercel(setup),
  bentocache: async (setup) => (await import('../subjects/fleet.ts')).openBentocache(setup),
}

export const suite: Suite = {
  name: 'stampede',
  summary: 'one key and four processes: how often the source is asked when it is missing, when it fails, and when it ends again and again',
  needsServer: true,
  trials: [oneMissingKey(fleet), failingLoad(fleet), hotKey(fleet)],
  checks: [
    { kind: 'exactly', name: 'loads of one missing key', figure: 'fleet-loads', subject: 'tiercel', value: 1 },
    { kind: 'exactly', name: 'loads when the one that loads is killed', figure: 'killed-loads', subject: 'tiercel', value: 2 },
    { kind: 'atMost', name: 'calls of a failing loader in one process', figure: 'failing-per-process', subject: 'tiercel', value: 1 },
    { kind: 'atMost', name: 'wait for its failure, × load', figure: 'failing-wait', subject: 'tiercel', value: 1.2 },
    { kind: 'atMost', name: 'loads each time a hot key is renewed', figure: 'loads-per-renewal', subject: 'tiercel', value: 1.05 },
    { kind: 'atMost', name: 'callers who waited for it, of a million', figure: 'waited', subject: 'tiercel', value: 0 },
  ],
}
