import type { PrimaryNode, Reply } from '../client/client.ts'
import { deadlinesOf } from '../resilience/deadline.ts'
import { lateError, limit } from '../stores/limit.ts'
import { adviseOnLog } from '../stores/server-advice.ts'
import type { Advice } from '../telemetry/advice.ts'
import type { StreamContext } from './stream-context.ts'

/** What an append survives by the server's own doing, from least to most. */
const classes = ['memory', 'aof-everysec', 'aof-always'] as const
export type ServerDurability = (typeof classes)[number]

/**
 * What the servers of a log promise of what was written, in their own words: asked on every new link, since it may be another server. Of several primaries the least counts.
 *
 * Where `CONFIG` may not be asked, an append-only file counts as written every second, the default of servers. One that is never synced by the server counts as memory, and
 * so does a server that does not answer.
 */
export class LogDurability {
  readonly #context: StreamContext
  readonly #onAdvice: (advice: Advice) => void
  readonly #given: Set<string> = new Set()
  #known: Promise<ServerDurability> | undefined

  constructor(context: StreamContext, onAdvice: (advice: Advice) => void) {
    this.#context = context
    this.#onAdvice = onAdvice
    context.link.onLink(() => {
      this.#known = undefined
    })
  }

  /** No round trip, but for the first time on a link. */
  read(): Promise<ServerDurability> {
    this.#known ??= this.#ask().catch((error) => {
      this.#known = undefined
      this.#context.failed('durability', error)
      return 'memory' as const
    })
    return this.#known
  }

  async #ask(): Promise<ServerDurability> {
    const { link, setUp } = this.#context
    const client = link.client ?? (await link.open())
    const asked = client.primaries().then((nodes) => Promise.all(nodes.map((node) => this.#askNode(node))))
    const found = await limit(asked, link.timeoutMs, () => lateError(link.timeoutMs, 'durability'), deadlinesOf(setUp.clock))
    return classes.find((each) => found.includes(each)) ?? 'memory'
  }

  async #askNode(node: PrimaryNode): Promise<ServerDurability> {
    const ask = (...words: string[]): Promise<Reply> => node.send(words).catch((error: Error) => error)
    const [config, reply] = await Promise.all([ask('CONFIG', 'GET', 'append*'), ask('INFO')])
    const info = Buffer.isBuffer(reply) ? reply.toString() : ''
    for (const finding of adviseOnLog(info)) this.#give({ ...finding, node: node.address })
    return Array.isArray(config) ? ofConfig(config.map(String)) : /^aof_enabled:1\r?$/m.test(info) ? 'aof-everysec' : 'memory'
  }

  #give(advice: Advice): void {
    if (this.#given.has(advice.code)) return
    this.#given.add(advice.code)
    this.#onAdvice(advice)
  }
}

function ofConfig(words: readonly string[]): ServerDurability {
  const valueOf = (name: string): string | undefined => words[words.indexOf(name) + 1]
  if (valueOf('appendonly') !== 'yes') return 'memory'
  const sync = valueOf('appendfsync')
  return sync === 'always' ? 'aof-always' : sync === 'everysec' ? 'aof-everysec' : 'memory'
}
