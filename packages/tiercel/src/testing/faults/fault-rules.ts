import type { Request } from '../resp/request.ts'
import { seededRandom } from '../seeded-random.ts'
import { ActiveAnswer, labelOf } from './active-answer.ts'
import type { AnswerRule } from './answer-rule.ts'
import { type Condition, goodCondition } from './condition.ts'
import type { Decision } from './decision.ts'
import type { FaultLog } from './fault-log.ts'
import type { Scope } from './link-filter.ts'
import type { Direction, LinkRules, ProxyLink } from './proxy-link.ts'

export interface FaultRulesOptions {
  readonly seed: number | string
  /** Host and port of the server behind the proxy. */
  readonly target: string
  readonly log: FaultLog
  /** What is imposed has changed. */
  readonly onConditions: () => void
}

interface Imposed extends Scope {
  readonly condition: Condition
}

interface Answering {
  readonly rule: AnswerRule
  readonly active: ActiveAnswer
}

/** What is imposed and what is answered now. */
export class FaultRules implements LinkRules {
  readonly #target: string
  readonly #log: FaultLog
  readonly #onConditions: () => void
  #seed: number | string
  #imposed: readonly Imposed[] = []
  #answering: readonly Answering[] = []
  #made = 0
  /** By direction of a link: what one draws does not depend on what others do meanwhile. */
  #randoms: WeakMap<ProxyLink, Map<Direction, () => number>> = new WeakMap()

  constructor({ seed, target, log, onConditions }: FaultRulesOptions) {
    this.#seed = seed
    this.#target = target
    this.#log = log
    this.#onConditions = onConditions
  }

  impose(condition: Condition, scope: Scope): () => void {
    const imposed = { condition, ...scope }
    this.#setImposed([...this.#imposed, imposed])
    return () => this.#setImposed(this.#imposed.filter((other) => other !== imposed))
  }

  answer(rule: AnswerRule): () => void {
    this.#made += 1
    const answering = { rule, active: new ActiveAnswer(rule, { seed: `${this.#seed}/rule ${this.#made}`, target: this.#target }) }
    this.#answering = [...this.#answering, answering]
    return () => {
      this.#answering = this.#answering.filter((other) => other !== answering)
    }
  }

  clear(): void {
    this.#answering = []
    this.#setImposed([])
  }

  /** What is drawn from now on follows from this seed alone. */
  reseed(seed: number | string): void {
    this.#seed = seed
    this.#made = 0
    this.#randoms = new WeakMap()
  }

  conditionOf(link: ProxyLink, direction: Direction): Condition {
    const fits = (imposed: Imposed): boolean => (imposed.direction ?? direction) === direction && (imposed.where?.(link) ?? true)
    return this.#imposed.findLast(fits)?.condition ?? goodCondition
  }

  random(link: ProxyLink, direction: Direction): number {
    const ofLink = this.#randoms.get(link) ?? new Map<Direction, () => number>()
    const random = ofLink.get(direction) ?? seededRandom(`${this.#seed}/${link.number} ${direction}`)
    this.#randoms.set(link, ofLink.set(direction, random))
    return random()
  }

  get hasAnswers(): boolean {
    return this.#answering.length > 0
  }

  decide(link: ProxyLink, request: Request, isQueued: boolean): Decision | undefined {
    for (const { rule, active } of this.#answering.toReversed()) {
      const decision = active.decide(request, link, isQueued)
      if (decision === undefined) continue
      const when = decision.kind === 'truncate' ? 'truncated' : decision.kind
      const event = { link: link.number, request: link.commands + 1, command: request.name, with: labelOf(rule.with), when } as const
      this.#log.add({ kind: 'answered', ...event })
      return decision
    }
    return undefined
  }

  onUntracked(link: ProxyLink, because: string): void {
    this.#log.add({ kind: 'untracked', link: link.number, request: link.commands, because })
  }

  onCut(link: ProxyLink, direction: Direction, byte: number): void {
    this.#log.add({ kind: 'cut', link: link.number, direction, byte })
  }

  #setImposed(imposed: readonly Imposed[]): void {
    this.#imposed = imposed
    this.#onConditions()
  }
}
