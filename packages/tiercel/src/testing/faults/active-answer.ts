import { encodeError, errorText, isAnsweredWith } from '../resp/error-reply.ts'
import { keysOf, type Request } from '../resp/request.ts'
import { seededRandom } from '../seeded-random.ts'
import { type AnswerRule, type AnswerWith, isTruncated, type KeyTest } from './answer-rule.ts'
import type { Decision } from './decision.ts'
import type { ProxyLink } from './proxy-link.ts'

export interface AnswerContext {
  readonly seed: number | string
  /** Host and port of the server behind the proxy. */
  readonly target: string
}

/** A rule at work: it counts what fits it. */
export class ActiveAnswer {
  readonly #rule: AnswerRule
  readonly #context: AnswerContext
  readonly #isCommand: (request: Request) => boolean
  readonly #isKey: ((key: string) => boolean) | undefined
  readonly #randoms: WeakMap<ProxyLink, () => number> = new WeakMap()
  #fits = 0
  #answered = 0

  constructor(rule: AnswerRule, context: AnswerContext) {
    this.#rule = rule
    this.#context = context
    this.#isCommand = rule.command === undefined ? (request) => isFor(rule.with, request) : commandTest(rule.command)
    this.#isKey = rule.key === undefined ? undefined : keyTest(rule.key)
  }

  /** @returns `undefined`: it is none of this rule's */
  decide(request: Request, link: ProxyLink, isQueued: boolean): Decision | undefined {
    const { where, nth, times = Number.POSITIVE_INFINITY, probability = 1 } = this.#rule
    if (isQueued && this.#isAfter) return undefined
    if (!this.#isCommand(request) || (where !== undefined && !where(link))) return undefined
    if (this.#isKey !== undefined && !keysOf(request).some(this.#isKey)) return undefined
    this.#fits += 1
    if (this.#answered >= times || (nth !== undefined && this.#fits !== nth)) return undefined
    if (probability < 1 && this.#randomOf(link)() >= probability) return undefined
    this.#answered += 1
    return this.#decision(request)
  }

  get #isAfter(): boolean {
    return this.#rule.when === 'after' || isTruncated(this.#rule.with)
  }

  /** By connection: the draws of one do not depend on what others do meanwhile. */
  #randomOf(link: ProxyLink): () => number {
    const random = this.#randoms.get(link) ?? seededRandom(`${this.#context.seed}/${link.number}`)
    this.#randoms.set(link, random)
    return random
  }

  #decision(request: Request): Decision {
    const { with: given, when = 'instead' } = this.#rule
    if (isTruncated(given)) return { kind: 'truncate', firstBytes: given.firstBytes, then: given.then ?? 'reset' }
    return { kind: when, reply: encodeError(this.#text(given, request)) }
  }

  #text(given: Exclude<AnswerWith, { readonly firstBytes: number }>, request: Request): string {
    if (typeof given === 'string') return errorText(given, request, this.#context.target)
    return 'redirect' in given ? errorText(given.redirect, request, given.to) : given.error
  }
}

/** What a rule's `with` is called in the log. */
export function labelOf(given: AnswerWith): string {
  if (typeof given === 'string') return given
  if ('redirect' in given) return given.redirect
  return 'error' in given ? (given.error.split(' ', 1)[0] as string) : `the first ${given.firstBytes} bytes`
}

function isFor(given: AnswerWith, request: Request): boolean {
  if (typeof given === 'string') return isAnsweredWith(given, request)
  return 'redirect' in given ? isAnsweredWith(given.redirect, request) : true
}

function commandTest(command: string | readonly string[]): (request: Request) => boolean {
  const names = new Set([command].flat().map((name) => name.toUpperCase()))
  return ({ name, args }) => names.has(name) || (args[0] !== undefined && names.has(`${name} ${args[0].toUpperCase()}`))
}

function keyTest(key: string | KeyTest): (key: string) => boolean {
  if (typeof key === 'function') return key
  // A text's own flags keep no state; those of a pattern that was handed in may.
  const pattern = typeof key === 'string' ? globOf(key) : new RegExp(key.source, key.flags.replaceAll(/[gy]/g, ''))
  return (given) => pattern.test(given)
}

function globOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}
