import type { Redis } from 'ioredis'

/** How often a server executed each command since it was started. */
export async function commandCounts(admin: Redis): Promise<{ total(command: string): number }> {
  const info = await admin.info('commandstats')
  return {
    total(command) {
      const match = new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(info)
      return match === null ? 0 : Number(match[1])
    },
  }
}
