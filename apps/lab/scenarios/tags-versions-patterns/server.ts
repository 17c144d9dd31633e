import { connect } from './ways/way.ts'

export interface CommandCosts {
  readonly calls: number
  readonly usec: number
}

/** The server as its operator sees it: what it counts, and what lies in it. */
export type ServerView = Awaited<ReturnType<typeof viewServer>>

export async function viewServer(url: string) {
  const client = await connect(url)
  const keysOf = async (namespace: string): Promise<string[]> => {
    const found: string[] = []
    for await (const keys of client.scanIterator({ MATCH: `*${namespace}*`, COUNT: 5000 })) found.push(...keys)
    return found
  }
  const memoryOf = async (keys: readonly string[]): Promise<number> => {
    const sizes = await Promise.all(keys.map((key) => client.memoryUsage(key, { SAMPLES: 0 })))
    return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  }
  return {
    /** Of commands by name, since the server started. */
    async costs(commands: readonly string[]): Promise<CommandCosts> {
      const info = await client.info('commandstats')
      const of = (command: string) => new RegExp(`^cmdstat_${command}:calls=(\\d+),usec=(\\d+)`, 'm').exec(info)
      const found = commands.map(of).filter((match) => match !== null)
      const sum = (group: number) => found.reduce((total, match) => total + Number(match[group]), 0)
      return { calls: sum(1), usec: sum(2) }
    },
    keysOf,
    memoryOf,
    remove: async (keys: readonly string[]) => {
      for (let from = 0; from < keys.length; from += 1000) await client.unlink(keys.slice(from, from + 1000))
    },
    async fill(namespace: string, count: number, ttlMs: number): Promise<void> {
      for (let from = 0; from < count; from += 1000) {
        const ids = Array.from({ length: Math.min(1000, count - from) }, (_, place) => from + place)
        await Promise.all(ids.map((id) => client.set(`${namespace}:other:${id}`, 'x', { expiration: { type: 'PX', value: ttlMs } })))
      }
    },
    close: () => client.destroy(),
  }
}
