import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { createRandom, type Random } from '@tiercel/workloads'
import type { HistoryRecorder } from '../../src/testing/index.ts'
import type { SourceClient } from './source-client.ts'
import type { Subject } from './subject.ts'

/** How often each is done, relative to the others. */
export interface Mix {
  readonly get?: number
  readonly getOrSet?: number
  readonly forceFresh?: number
  /** Of a key that only its lane changes: committed, then set. */
  readonly set?: number
  readonly commitAndDelete?: number
  readonly commitAndInvalidateTag?: number
  readonly mutateKey?: number
  readonly mutateKeys?: number
  readonly mutateTag?: number
  /** The change throws, and nothing was committed. */
  readonly mutateInVain?: number
  readonly expireTag?: number
  readonly clear?: number
}

export interface WorkloadPlan {
  readonly seed: string
  /** Calls of this process. */
  readonly operations: number
  /** Spread over so long. */
  readonly overMs: number
  /** Whether it ends then, though there be calls left. Default: false. */
  readonly endsThen?: boolean
  readonly mix: Mix
  /**
   * That all processes change. A tenth of the calls in a second is a good number: then a key is left alone for about two seconds between changes,
   * and read often enough for what is stale to be seen.
   */
  readonly keys: number
}

const lanes = 8
/** No call takes so long, whatever the network does. */
const longestCallMs = 15_000
const keysPerTag = 4
const inVain = 'the change is rolled back'

/** The tags of a key's values. */
export function tagsOfKey(key: string): string[] {
  const [family, id] = key.split(':')
  return family === 'shared' ? [`group:${Math.floor(Number(id) / keysPerTag)}`] : []
}

export interface WorkloadMember {
  readonly process: number
  readonly processes: number
  readonly subject: Subject
  readonly source: SourceClient
  readonly recorder: HistoryRecorder
  readonly onError: (call: string, error: unknown) => void
}

/** Random calls, in lanes that each make one call after the other. */
export async function runWorkload(member: WorkloadMember, plan: WorkloadPlan): Promise<void> {
  const each = Math.ceil(plan.operations / lanes)
  await Promise.all(Array.from({ length: lanes }, (_, at) => new Lane(member, plan, at).run(each)))
}

class Lane {
  readonly #member: WorkloadMember
  readonly #plan: WorkloadPlan
  readonly #at: number
  readonly #random: Random
  /** Each lane of each process has some that it alone changes, and all processes read. */
  readonly #ownKeys: number
  readonly #actions: { readonly name: string; readonly run: () => Promise<unknown>; readonly upTo: number }[] = []
  #weight = 0

  constructor(member: WorkloadMember, plan: WorkloadPlan, at: number) {
    this.#member = member
    this.#plan = plan
    this.#at = at
    this.#ownKeys = Math.ceil(plan.keys / 64)
    this.#random = createRandom(`${plan.seed}/${member.process}/${at}`)
    const { subject, recorder } = member
    this.#add('get', () => this.#read((key) => subject.get(key)))
    this.#add('getOrSet', () => this.#read((key) => this.#getOrSet(key)))
    this.#add('forceFresh', () => this.#read((key) => this.#getOrSet(key, true), true))
    this.#add('set', () => this.#set())
    this.#add('commitAndDelete', () => this.#commitAndDelete())
    this.#add('commitAndInvalidateTag', () => this.#commitAndInvalidateTag())
    this.#add('mutateKey', () => this.#mutate([this.#sharedKey()]))
    this.#add('mutateKeys', () => this.#mutate([...new Set([this.#sharedKey(), this.#sharedKey()])]))
    this.#add('mutateTag', () => this.#mutateTag())
    this.#add('mutateInVain', () => this.#mutateInVain())
    this.#add('expireTag', () => subject.expireTag(this.#tag()))
    this.#add('clear', () => recorder.invalidation('clear', { all: true }, () => subject.clear()))
  }

  async run(count: number): Promise<void> {
    const startMs = performance.now()
    const { overMs, endsThen } = this.#plan
    for (let i = 0; i < count && !(endsThen && performance.now() > startMs + overMs); i += 1) {
      const aheadMs = startMs + (overMs * i) / count - performance.now()
      // What is in memory answers without a turn of the event loop, which others wait for.
      await (aheadMs > 1 ? sleep(aheadMs) : nextTurn())
      const drawn = this.#random.next() * this.#weight
      const action = this.#actions.find(({ upTo }) => drawn < upTo)
      if (action === undefined) continue
      await answered(action.run()).catch((error: unknown) => this.#member.onError(action.name, error))
    }
  }

  #add(name: keyof Mix, run: () => Promise<unknown>): void {
    this.#weight += this.#plan.mix[name] ?? 0
    this.#actions.push({ name, run, upTo: this.#weight })
  }

  #read(read: (key: string) => Promise<unknown>, exact = false): Promise<unknown> {
    const key =
      this.#random.next() < 0.7
        ? this.#sharedKey()
        : this.#ownKey(this.#random.integer(this.#member.processes), this.#random.integer(lanes))
    return this.#member.recorder.read(key, () => read(key), { exact })
  }

  #getOrSet(key: string, forceFresh = false): Promise<unknown> {
    const { subject, source } = this.#member
    return subject.getOrSet(key, () => source.read(key), { tags: tagsOfKey(key), ...(forceFresh ? { forceFresh } : {}) })
  }

  async #set(): Promise<void> {
    const { process, subject, source, recorder } = this.#member
    const key = this.#ownKey(process, this.#at)
    const value = await source.commit(key)
    await recorder.invalidation('set', { keys: [key] }, () => subject.set(key, value))
  }

  async #commitAndDelete(): Promise<void> {
    const { subject, source, recorder } = this.#member
    const key = this.#sharedKey()
    await source.commit(key)
    await recorder.invalidation('delete', { keys: [key] }, () => subject.delete(key))
  }

  async #commitAndInvalidateTag(): Promise<void> {
    const { subject, source, recorder } = this.#member
    const key = this.#sharedKey()
    const tag = tagsOfKey(key)[0] as string
    await source.commit(key)
    await recorder.invalidation('invalidateTag', { tags: [tag] }, () => subject.invalidateTag(tag))
  }

  async #mutate(keys: string[]): Promise<void> {
    const { subject, source, recorder } = this.#member
    await recorder.invalidation('mutate', { keys }, (committed) =>
      subject.mutate({ keys }, async () => {
        await Promise.all(keys.map((key) => source.commit(key)))
        committed()
      }),
    )
  }

  async #mutateTag(): Promise<void> {
    const { subject, source, recorder } = this.#member
    const keys = [this.#sharedKey()]
    const tags = [tagsOfKey(keys[0] as string)[0] as string]
    await recorder.invalidation('mutate', { tags }, (committed) =>
      subject.mutate({ tags }, async () => {
        await Promise.all(keys.map((key) => source.commit(key)))
        committed()
      }),
    )
  }

  async #mutateInVain(): Promise<void> {
    const { subject, source } = this.#member
    const key = this.#sharedKey()
    const change = async (): Promise<never> => {
      await source.abort(key)
      throw new Error(inVain)
    }
    await subject.mutate({ keys: [key] }, change).catch((error: unknown) => {
      if ((error as Error).message !== inVain) throw error
    })
  }

  /** Some are popular. */
  #sharedKey(): string {
    const share = this.#random.next()
    return `shared:${Math.floor(share * share * this.#plan.keys)}`
  }

  #ownKey(process: number, lane: number): string {
    return `own:${process}:${lane}:${this.#random.integer(this.#ownKeys)}`
  }

  #tag(): string {
    return `group:${this.#random.integer(Math.ceil(this.#plan.keys / keysPerTag))}`
  }
}

function answered(call: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${longestCallMs} ms`)), longestCallMs)
  })
  return Promise.race([call, late]).finally(() => clearTimeout(timer))
}
