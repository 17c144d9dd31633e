export { type Condition, cut, type Split } from './condition.ts'
export { type FaultCounts, FaultProxy, type LinkFilter, type Scope } from './fault-proxy.ts'
export type { Direction, ProxyLink } from './proxy-link.ts'
export { reset } from './reset.ts'
