import type { Reply } from '../client/client.ts'
import { claimScript, letterScript, readScript, renewScript, settleScript } from './owner-scripts.ts'
import { PartitionLease } from './partition-lease.ts'
import type { StreamRecord } from './record.ts'
import type { StreamContext } from './stream-context.ts'
import type { PartitionKeys } from './stream-keys.ts'
import { readTried, type Tried, writeTried } from './verdict.ts'

/** What became of a record. `over`: all that follows from its death is done. */
export type Settlement =
  | { readonly what: 'done' | 'over'; readonly sequence: number }
  | { readonly what: 'failed'; readonly sequence: number; readonly tried: Tried }
  | { readonly what: 'dead'; readonly sequence: number; readonly tries: number; readonly problem: string }

/** One call of a script keeps all others of its server waiting. */
const mostPerCall = 200
const mostBytesPerRead = 1024 * 1024
const mostProblemLength = 500
const buried = 'dead '

/** A partition in the hands of this process, until it is lost. Every step shows the token; one that is told that it is not the newest ends the lease. */
export class Ownership {
  readonly keys: PartitionKeys
  readonly lease: PartitionLease
  /** What had been tried before it was claimed. */
  readonly tried: ReadonlyMap<number, Tried>
  /** Letters whose burial its owner before did not finish, by their sequence. */
  readonly unburied: ReadonlyMap<number, string>
  readonly #context: StreamContext

  private constructor(context: StreamContext, keys: PartitionKeys, lease: PartitionLease, tries: readonly Reply[]) {
    this.#context = context
    this.keys = keys
    this.lease = lease
    const tried = new Map<number, Tried>()
    const unburied = new Map<number, string>()
    for (let at = 0; at + 1 < tries.length; at += 2) {
      const text = String(tries[at + 1])
      if (text.startsWith(buried)) unburied.set(Number(tries[at]), text.slice(buried.length))
      else tried.set(Number(tries[at]), readTried(text))
    }
    this.tried = tried
    this.unburied = unburied
  }

  /** @returns `undefined`: somebody else's lease runs. One round trip */
  static async claim(context: StreamContext, keys: PartitionKeys, worker: string, leaseMs: number): Promise<Ownership | undefined> {
    const sentAtMs = context.monotonicMs()
    const call = { script: claimScript, keys: [keys.meta, keys.tries], args: [worker, String(leaseMs)] }
    const reply = await context.scripts.runOne('claim', () => call)
    if (!Array.isArray(reply)) return undefined
    const [token, ...tries] = reply
    const lease = new PartitionLease(String(token), leaseMs, { clock: context.setUp.clock, sentAtMs })
    return new Ownership(context, keys, lease, tries)
  }

  async renew(leaseMs: number): Promise<void> {
    const sentAtMs = this.#context.monotonicMs()
    const call = { script: renewScript, keys: [this.keys.meta], args: [this.lease.token, String(leaseMs)] }
    if (this.#isKept(await this.#context.scripts.runOne('renew', () => call, true))) this.lease.renewed(sentAtMs)
  }

  /** Whoever claims it next need not wait for the end of the lease. */
  async release(): Promise<void> {
    this.lease.lose()
    const call = { script: renewScript, keys: [this.keys.meta], args: [this.lease.token, '0'] }
    await this.#context.scripts.runOne('release', () => call, true)
  }

  /** Records after a sequence; `undefined`: lost. */
  async read(after: number, most: number): Promise<readonly StreamRecord[] | undefined> {
    const args = [this.lease.token, String(after), String(most), String(mostBytesPerRead)]
    const call = { script: readScript, keys: [this.keys.meta, this.keys.stream], args }
    const reply = await this.#context.scripts.runOne('read', () => call, true)
    if (!Array.isArray(reply)) {
      this.lease.lose()
      return undefined
    }
    const records: StreamRecord[] = []
    for (let at = 0; at + 2 < reply.length; at += 3) {
      records.push({ sequence: Number(reply[at]), key: String(reply[at + 1]), body: reply[at + 2] as Buffer })
    }
    return records
  }

  /** @returns whether it was still ours. In the order given: where it ends early, none is settled before an older one of its key */
  async settle(settlements: readonly Settlement[]): Promise<boolean> {
    const { meta, stream, pending, tries, dead } = this.keys
    for (let from = 0; from < settlements.length; from += mostPerCall) {
      const args = settlements.slice(from, from + mostPerCall).flatMap(wordsOf)
      const call = { script: settleScript, keys: [meta, stream, pending, tries, dead], args: [this.lease.token, ...args] }
      if (!this.#isKept(await this.#context.scripts.runOne('settle', () => call, true))) return false
    }
    return true
  }

  /** `undefined`: somebody has dropped or replayed it. */
  async letter(id: string): Promise<StreamRecord | undefined> {
    const reply = await this.#context.scripts.runOne('letter', () => ({ script: letterScript, keys: [this.keys.dead], args: [id] }), true)
    if (!Array.isArray(reply)) return undefined
    return { key: String(reply[0]), body: reply[1] as Buffer, sequence: Number(reply[2]) }
  }

  #isKept(reply: Reply): boolean {
    if (reply === 1) return true
    this.lease.lose()
    return false
  }
}

function wordsOf(settlement: Settlement): string[] {
  const sequence = String(settlement.sequence)
  if (settlement.what === 'failed') return ['failed', sequence, writeTried(settlement.tried), '']
  if (settlement.what === 'dead') return ['dead', sequence, String(settlement.tries), settlement.problem.slice(0, mostProblemLength)]
  return [settlement.what, sequence, '', '']
}
