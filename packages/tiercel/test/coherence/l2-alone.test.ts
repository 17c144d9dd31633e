import { coherenceSuite } from './coherence.suite.ts'

/** A caller joins a load of its own process that began less than a second ago; beyond that nothing is stale. */
coherenceSuite({
  title: 'L2 alone',
  servers: ['valkey-8.0', 'valkey-9.1'],
  faults: 'in turn',
  cache: { l1: false },
  rules: { maxStaleness: '1s', tolerance: 5 },
  allowedErrors: /^set: TIERCEL_(STORE_|BREAKER_|FENCED)/,
})
