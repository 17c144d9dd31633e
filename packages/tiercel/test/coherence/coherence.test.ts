import { coherenceSuite } from './coherence.suite.ts'

coherenceSuite({
  title: 'L1 and L2',
  servers: ['valkey-8.0', 'valkey-9.1'],
  faults: 'each',
  cache: {},
  rules: { maxStaleness: '1s', tolerance: 5, ownQueued: true },
  // An invalidation is queued instead. A set says that it does not know, or that a fence stands whose end could not be told yet.
  allowedErrors: /^set: TIERCEL_(STORE_|BREAKER_|FENCED)/,
})
