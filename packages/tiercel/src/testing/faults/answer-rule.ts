import { checkOptionNames, fraction, oneOf } from '../../kernel/options.ts'
import { show } from '../../kernel/show.ts'
import { type ErrorName, errorNames } from '../resp/error-reply.ts'
import { type Ending, endings } from './condition.ts'
import { checkPlain, wholeFrom } from './fault-checks.ts'
import type { LinkFilter } from './link-filter.ts'

/** Which commands get which reply, as plain data. */
export interface PlainAnswerRule {
  readonly with: AnswerWith
  /**
   * `instead`: the server never sees the command. `after`: it is executed, and its reply replaced; commands that a transaction queues are left
   * alone then, since they are executed by EXEC. Default `instead`; a truncated reply is always `after`.
   */
  readonly when?: 'instead' | 'after'
  /** Names, in whatever case, with a subcommand if need be: `'SET'`, `['GET', 'MGET']`, `'CONFIG GET'`. Default: those that the error is for. */
  readonly command?: string | readonly string[]
  /** Commands with a key that fits; in a text, `*` stands for anything and `?` for one character. Default: with whatever keys, or none. */
  readonly key?: string | KeyTest
  /** Only the n-th of those that fit, from 1, counted over all connections since the rule was made. */
  readonly nth?: number
  /** No more than so many are answered, from 1. Default: all. */
  readonly times?: number
  /** The share of those that fit which is answered, 0 to 1, drawn by the seed for each connection by itself. Default 1. */
  readonly probability?: number
}

export interface AnswerRule extends PlainAnswerRule {
  /** Default: all connections. */
  readonly where?: LinkFilter
}

export type KeyTest = RegExp | ((key: string) => boolean)

export type AnswerWith = ErrorName | OwnError | Redirection | TruncatedReply

/** An error in your own words, such as `'NOAUTH Authentication required.'`; one line. */
export interface OwnError {
  readonly error: string
}

/** To a node of your choice; by its name alone, `MOVED` and `ASK` lead to the server behind the proxy. */
export interface Redirection {
  readonly redirect: 'MOVED' | 'ASK'
  /** Host and port: `127.0.0.1:6380`. */
  readonly to: string
}

/** The server's own reply, which breaks off. */
export interface TruncatedReply {
  /** From 0. A reply that is shorter comes whole. */
  readonly firstBytes: number
  /** What comes of the connection then. Default `reset`. */
  readonly then?: Ending
}

const names = ['with', 'when', 'command', 'key', 'nth', 'times', 'probability']

/**
 * @throws {TIERCEL_INVALID_OPTION} out of range
 * @throws {TIERCEL_UNKNOWN_OPTION} a misspelt name
 */
export function checkAnswerRule(rule: AnswerRule, { isPlain = false }: { readonly isPlain?: boolean } = {}): AnswerRule {
  checkOptionNames(rule, isPlain ? names : [...names, 'where'], 'answer')
  const { when, command, key, nth, times, probability, where } = rule
  checkWith(rule.with)
  if (when !== undefined) oneOf(when, ['instead', 'after'], 'when')
  checkPlain(!isTruncated(rule.with) || when !== 'instead', "when: a truncated reply is the server's own, so it cannot come instead.")
  checkPlain(command === undefined || isNames(command), `command: ${show(command)} is not allowed. Allowed: names of commands.`)
  const isTest = key instanceof RegExp || typeof key === 'function'
  checkPlain(key === undefined || typeof key === 'string' || (isTest && !isPlain), `key: ${show(key)} is not allowed here.`)
  checkPlain(where === undefined || typeof where === 'function', `where: ${show(where)} is not a function.`)
  if (nth !== undefined) wholeFrom(1, nth, 'nth')
  if (times !== undefined) wholeFrom(1, times, 'times')
  if (probability !== undefined) fraction(probability, 'probability')
  return rule
}

export function isTruncated(given: AnswerWith): given is TruncatedReply {
  return typeof given === 'object' && 'firstBytes' in given
}

function checkWith(given: AnswerWith): void {
  if (typeof given !== 'object' || given === null) {
    oneOf(given, errorNames, 'with')
    return
  }
  checkOptionNames(given, isTruncated(given) ? ['firstBytes', 'then'] : 'redirect' in given ? ['redirect', 'to'] : ['error'], 'with')
  if (isTruncated(given)) {
    wholeFrom(0, given.firstBytes, 'with.firstBytes')
    oneOf(given.then ?? 'reset', endings, 'with.then')
  } else if ('redirect' in given) {
    oneOf(given.redirect, ['MOVED', 'ASK'], 'with.redirect')
    checkPlain(
      /^\S+:\d+$/.test(given.to),
      `with.to: ${show(given.to)} is not allowed. Allowed: a host and a port, such as '127.0.0.1:6380'.`,
    )
  } else checkPlain(/^[^\r\n]+$/.test(given.error), `with.error: ${show(given.error)} is not allowed. Allowed: one line of text.`)
}

function isNames(command: string | readonly string[]): boolean {
  const given = typeof command === 'string' ? [command] : command
  return Array.isArray(given) && given.length > 0 && given.every((name) => typeof name === 'string' && /^\S+( \S+)?$/.test(name))
}
