import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, fraction } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { PolicyOptions } from './options.ts'

/** How entries live and are loaded, in checked numbers. Times in ms; `Infinity`: no limit. */
export interface Policy {
  readonly ttlMs: number
  readonly graceMs: number
  /** What this process may serve its copy for before it asks L2 again. */
  readonly l1TtlMs: number
  readonly absentTtlMs: number
  /** 0: failures are not shared. */
  readonly errorTtlMs: number
  /** Fraction of the ttl that chance may take away. */
  readonly jitter: number
  /** How long callers wait for a refresh while there is a stale value. */
  readonly timeoutMs: number
  readonly hardTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly graceBackoffMs: number
  /** Fraction of the ttl after which an entry is refreshed; 1: never early. */
  readonly refreshAhead: number
  /** Of XFetch; 0: never early. */
  readonly beta: number
  readonly sliding: boolean
  /** Whether an entry may have to be looked at before it is stale. */
  readonly looksEarly: boolean
}

const defaults: Policy = {
  ttlMs: durationMs('5m', 'ttl'),
  graceMs: 0,
  l1TtlMs: Number.POSITIVE_INFINITY,
  absentTtlMs: durationMs('10s', 'absentTtl'),
  errorTtlMs: durationMs('1s', 'errorTtl'),
  jitter: 0,
  timeoutMs: 0,
  hardTimeoutMs: Number.POSITIVE_INFINITY,
  lockTimeoutMs: Number.POSITIVE_INFINITY,
  graceBackoffMs: durationMs('10s', 'graceBackoff'),
  refreshAhead: 1,
  beta: 0,
  sliding: false,
  looksEarly: false,
}

const lifeOptionNames: readonly string[] = ['ttl', 'grace', 'l1Ttl', 'jitter']
export const setOptionNames: readonly string[] = [...lifeOptionNames, 'tags']
export const policyOptionNames: readonly string[] = [
  ...lifeOptionNames,
  'absentTtl',
  'errorTtl',
  'timeout',
  'hardTimeout',
  'lockTimeout',
  'graceBackoff',
  'refreshAhead',
  'beta',
  'sliding',
]
const policyNames: ReadonlySet<string> = new Set(policyOptionNames)
export const getOrSetOptionNames: readonly string[] = [...policyOptionNames, 'tags', 'exact', 'forceFresh', 'signal', 'schema', 'migrate']
export const getOptionNames: readonly string[] = ['schema', 'migrate', 'exact']

/** The policy of a cache. */
export function cachePolicy(options: PolicyOptions): Policy {
  return over(defaults, options)
}

/** The policy of one call: its own options over the cache's. */
export function callPolicy(policy: Policy, options: PolicyOptions | undefined, known: readonly string[], call: string): Policy {
  if (options === undefined) return policy
  checkOptionNames(options, known, call)
  return saysNothing(options) ? policy : over(policy, options)
}

/** Calls that only name tags are many. */
function saysNothing(options: PolicyOptions): boolean {
  for (const name of Object.keys(options)) if (policyNames.has(name)) return false
  return true
}

const maxBeta = 100

function over(policy: Policy, options: PolicyOptions): Policy {
  const refreshAhead = fractionOrOff(options.refreshAhead, policy.refreshAhead)
  const beta = options.beta === undefined ? policy.beta : checkBeta(options.beta)
  const sliding = options.sliding === undefined ? policy.sliding : checkFlag(options.sliding, 'sliding')
  return {
    ttlMs: options.ttl === undefined ? policy.ttlMs : durationMs(options.ttl, 'ttl'),
    graceMs: duration(options.grace, 'grace', policy.graceMs, 0),
    l1TtlMs: duration(options.l1Ttl, 'l1Ttl', policy.l1TtlMs, Number.POSITIVE_INFINITY),
    absentTtlMs: options.absentTtl === undefined ? policy.absentTtlMs : durationMs(options.absentTtl, 'absentTtl'),
    errorTtlMs: duration(options.errorTtl, 'errorTtl', policy.errorTtlMs, 0),
    jitter: options.jitter === undefined ? policy.jitter : fraction(options.jitter, 'jitter'),
    timeoutMs: duration(options.timeout, 'timeout', policy.timeoutMs, 0),
    hardTimeoutMs: duration(options.hardTimeout, 'hardTimeout', policy.hardTimeoutMs, Number.POSITIVE_INFINITY),
    lockTimeoutMs: duration(options.lockTimeout, 'lockTimeout', policy.lockTimeoutMs, Number.POSITIVE_INFINITY),
    graceBackoffMs: options.graceBackoff === undefined ? policy.graceBackoffMs : durationMs(options.graceBackoff, 'graceBackoff'),
    refreshAhead,
    beta,
    sliding,
    looksEarly: refreshAhead < 1 || beta > 0 || sliding,
  }
}

function fractionOrOff(given: number | false | undefined, inherited: number): number {
  return given === undefined ? inherited : given === false ? 1 : fraction(given, 'refreshAhead')
}

function duration(given: Duration | false | undefined, option: string, inherited: number, off: number): number {
  return given === undefined ? inherited : given === false ? off : durationMs(given, option)
}

function checkBeta(beta: number | false): number {
  if (beta === false) return 0
  if (typeof beta === 'number' && beta >= 0 && beta <= maxBeta) return beta
  throw new UsageError('TIERCEL_INVALID_OPTION', `beta: ${show(beta)} is not allowed. Allowed: a number from 0 to ${maxBeta}; 1 is usual.`)
}

/** @throws {TIERCEL_INVALID_OPTION} */
export function checkFlag(given: boolean, option: string): boolean {
  if (typeof given === 'boolean') return given
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not allowed. Allowed: true or false.`)
}

/**
 * The fresh life of one entry: `ttl`, less a random part of it. Never more than `ttl`, so that the stated bound on an entry's age holds;
 * never less than 1 ms.
 */
export function lifeMs(ttlMs: number, jitter: number, random: () => number): number {
  return jitter === 0 ? ttlMs : Math.max(1, Math.round(ttlMs * (1 - jitter * random())))
}
