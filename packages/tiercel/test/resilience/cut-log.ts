import { Redis } from 'ioredis'

const key = 'executed'
const fence = 'fence'

export interface CutReport {
  readonly commands: number
  /** Of those that were reported as failed: how many had been executed by then, which nobody can know. */
  readonly failed: number
  readonly failedButExecuted: number
  /** Executed after they were reported as failed. */
  readonly ghosts: readonly string[]
  readonly doubles: readonly string[]
  /** Reported as executed, and were not. */
  readonly lost: readonly string[]
}

/**
 * What commands a server has executed, in order: each appends its own name to a list. A fence is appended when all commands of a cut have been reported, and the
 * server has dropped their connection: whatever of them comes later is a ghost.
 */
export class CutLog {
  readonly #admin: Redis
  readonly #reported = new Map<string, 'done' | 'failed'>()

  constructor(url: string) {
    this.#admin = new Redis(url)
  }

  words(name: string): string[] {
    return ['RPUSH', key, name]
  }

  report(name: string, outcome: 'done' | 'failed'): void {
    this.#reported.set(name, outcome)
  }

  /** Waits until the server has dropped a connection: what came over it has been executed, or never will be. */
  async dropped(connection: string): Promise<void> {
    while (String(await this.#admin.call('CLIENT', 'LIST', 'ID', connection)).trim() !== '') continue
  }

  async fence(cut: number): Promise<void> {
    await this.#admin.rpush(key, `${fence} ${cut}`)
  }

  async read(): Promise<CutReport> {
    const executed = await this.#admin.lrange(key, 0, -1)
    const fences = new Map<string, number>()
    const places = new Map<string, number[]>()
    executed.forEach((name, at) => {
      if (name.startsWith(fence)) fences.set(name.slice(fence.length + 1), at)
      else places.set(name, [...(places.get(name) ?? []), at])
    })
    const names = (is: (name: string, outcome: 'done' | 'failed', at: readonly number[]) => boolean): string[] =>
      Array.from(this.#reported).flatMap(([name, outcome]) => (is(name, outcome, places.get(name) ?? []) ? [name] : []))
    const fenceOf = (name: string): number => fences.get(name.split('.')[0] as string) ?? executed.length
    return {
      commands: this.#reported.size,
      failed: names((_, outcome) => outcome === 'failed').length,
      failedButExecuted: names((name, outcome, at) => outcome === 'failed' && at.some((place) => place < fenceOf(name))).length,
      ghosts: names((name, outcome, at) => outcome === 'failed' && at.some((place) => place > fenceOf(name))),
      doubles: names((_name, _outcome, at) => at.length > 1),
      lost: names((_, outcome, at) => outcome === 'done' && at.length === 0),
    }
  }

  end(): void {
    this.#admin.disconnect()
  }
}
