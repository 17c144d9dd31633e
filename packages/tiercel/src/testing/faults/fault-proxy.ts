import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { checkOptionNames, oneOf } from '../../kernel/options.ts'
import { type AnswerRule, checkAnswerRule } from './answer-rule.ts'
import { type Condition, checkCondition } from './condition.ts'
import { type FaultEvent, FaultLog } from './fault-log.ts'
import { FaultRules } from './fault-rules.ts'
import { checkScript, checkSeed, type FaultAction, type FaultScript } from './fault-script.ts'
import { directions, filterOf, type LinkFilter, type Scope } from './link-filter.ts'
import { type Direction, ProxyLink } from './proxy-link.ts'
import { addressOf, type ProxyTarget, type ServerAddress, urlThrough } from './proxy-target.ts'
import { ScriptPlayer, type ScriptRun } from './script-player.ts'

export interface FaultProxyOptions {
  /** Of what is random: jitter, and which commands a rule with a `probability` answers. Default 1. */
  readonly seed?: number | string
  /** By which delays pass and scripts are played. Default: the system's. */
  readonly clock?: Clock
}

export interface FaultCounts {
  readonly opened: number
  readonly refused: number
  readonly killed: number
}

/**
 * Stands between clients and a real server and does what networks and servers do: bytes are late, cut, lost, connections break, commands are
 * answered with errors. Nothing of the client or the server is replaced: what a service does then is what it will do.
 *
 * Listens on a free port of 127.0.0.1 until it is closed. Costs each chunk a copy at most, and a scan of it.
 *
 * Commands are understood in RESP2 and RESP3, inline too, however they are cut. What is not followed, after which a connection's bytes pass as they
 * come and no rule answers on it: RESP2 connections that subscribe, MONITOR, replication, subscriptions and CLIENT REPLY within MULTI, TLS. A
 * command to which CLIENT REPLY lets no reply come is not answered either.
 *
 * @example
 * const proxy = await FaultProxy.start('redis://127.0.0.1:6379')
 * const lift = proxy.answer({ with: 'READONLY' }) // what writes is refused, by every connection to proxy.url
 */
export class FaultProxy {
  readonly #listener: Server
  readonly #target: ProxyTarget
  readonly #address: ServerAddress
  readonly #clock: Clock
  readonly #links: Set<ProxyLink> = new Set()
  readonly #players: Set<ScriptPlayer> = new Set()
  readonly #log: FaultLog = new FaultLog()
  readonly #rules: FaultRules
  #counts: FaultCounts = { opened: 0, refused: 0, killed: 0 }
  #isRefusing = false

  private constructor(target: ProxyTarget, { seed = 1, clock = systemClock }: FaultProxyOptions) {
    this.#target = target
    this.#address = addressOf(target)
    this.#clock = clock
    this.#rules = new FaultRules({
      ...{ seed, target: `${this.#address.host}:${this.#address.port}`, log: this.#log },
      onConditions: () => this.#updateLinks(),
    })
    this.#listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.#accept(client))
  }

  /**
   * @throws {TIERCEL_INVALID_OPTION} no place of a server, or one over TLS; a seed that is neither a number nor a text
   * @throws {TIERCEL_UNKNOWN_OPTION} a misspelt option
   */
  static async start(target: ProxyTarget, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    checkOptionNames(options, ['seed', 'clock'], 'FaultProxy.start')
    checkSeed(options.seed)
    const proxy = new FaultProxy(target, options)
    proxy.#listener.listen(0, '127.0.0.1')
    await once(proxy.#listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  /** For clients, in place of the server's: its user, password and database, if it was given as a URL. */
  get url(): string {
    return urlThrough(this.#target, this.port)
  }

  /** Those that are open. */
  get links(): readonly ProxyLink[] {
    return [...this.#links]
  }

  get counts(): FaultCounts {
    return this.#counts
  }

  /** What it did, the last 10 000 events. Without times: the same script, seed and commands give the same log. */
  get log(): readonly FaultEvent[] {
    return this.#log.events
  }

  /**
   * From now on connections are like this, those that are open and those to come. Where several conditions apply, the last one imposed does.
   *
   * @returns lifts it
   * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} as the condition's options say
   */
  impose(condition: Condition, scope: Scope = {}): () => void {
    checkCondition(condition, 'impose')
    checkOptionNames(scope, ['direction', 'where'], 'impose')
    if (scope.direction !== undefined) oneOf(scope.direction, directions, 'direction')
    return this.#rules.impose(condition, scope)
  }

  /**
   * From now on commands that fit get this reply, at their place among those of the server. Of several rules that fit, the last one made answers.
   *
   * In a transaction, a command that is answered instead of being queued spoils it, as on a server: EXEC is answered with EXECABORT, and nothing is
   * executed. A request that had begun to pass before there was any rule passes.
   *
   * @returns lifts it
   * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} as the rule's options say
   */
  answer(rule: AnswerRule): () => void {
    return this.#rules.answer(checkAnswerRule(rule))
  }

  /**
   * Plays a script from now on. Several may be played at once.
   *
   * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} before anything of it is done
   */
  play(script: FaultScript): ScriptRun {
    const { seed } = checkScript(script)
    if (seed !== undefined) this.#rules.reseed(seed)
    const named = new Map<string, () => void>()
    const player: ScriptPlayer = new ScriptPlayer(script, {
      clock: this.#clock,
      beforeStep: () => this.links.forEach((link) => link.flush()),
      take: (action, step) => {
        this.#log.add({ kind: 'step', step })
        this.#take(action, named)
      },
      onEnd: () => this.#players.delete(player),
    })
    this.#players.add(player)
    player.start()
    return player
  }

  /** All is well again: nothing is imposed or answered, new connections are accepted. A script goes on. */
  heal(): void {
    this.#isRefusing = false
    this.#rules.clear()
  }

  /** Breaks connections. @returns how many */
  kill(how: 'reset' | 'end' = 'reset', where: LinkFilter = () => true): number {
    const killed = this.links.filter(where)
    for (const link of killed) link.kill(how)
    this.#count('killed', killed.length)
    return killed.length
  }

  /**
   * Ends one direction of connections: its receiver sees an orderly end after what was on its way, what is sent later is lost, and the other
   * direction goes on.
   *
   * @returns how many
   */
  halfClose(direction: Direction, where: LinkFilter = () => true): number {
    const closed = this.links.filter(where)
    for (const link of closed) link.halfClose(oneOf(direction, directions, 'direction'))
    return closed.length
  }

  /** New connections are reset as soon as they are made, until `heal`. */
  refuse(): void {
    this.#isRefusing = true
  }

  /** Ends every script, every connection and the listener. */
  async close(): Promise<void> {
    for (const player of this.#players) player.stop()
    const closed = new Promise((resolve) => this.#listener.close(resolve))
    for (const link of this.#links) link.kill('reset')
    await closed
  }

  #take(action: FaultAction, named: Map<string, () => void>): void {
    if ('impose' in action || 'answer' in action) {
      const where = filterOf(action.links)
      const lift =
        'answer' in action
          ? this.answer({ ...action.answer, where })
          : this.impose(action.impose, { where, ...(action.direction === undefined ? {} : { direction: action.direction }) })
      if (action.name !== undefined) named.set(action.name, lift)
    } else if ('lift' in action) named.get(action.lift)?.()
    else if ('kill' in action) this.kill(action.kill, filterOf(action.links))
    else if ('halfClose' in action) this.halfClose(action.halfClose, filterOf(action.links))
    else if ('refuse' in action) this.refuse()
    else this.heal()
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined)
    if (this.#isRefusing) {
      client.resetAndDestroy()
      this.#count('refused', 1)
      return
    }
    this.#count('opened', 1)
    const server = connect({ host: this.#address.host, port: this.#address.port, allowHalfOpen: true })
    const link = new ProxyLink(this.#counts.opened, client, server, {
      clock: this.#clock,
      rules: this.#rules,
      onCommand: () => this.#players.forEach((player) => player.countCommand()),
      onClose: (closed) => this.#links.delete(closed),
    })
    this.#links.add(link)
    client.resume()
  }

  #updateLinks(): void {
    for (const link of this.#links) link.update()
  }

  #count(what: keyof FaultCounts, by: number): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + by }
  }
}
