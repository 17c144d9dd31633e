import type { ServerName } from '@tiercel/test-servers'

export interface Sizes {
  readonly small: number
  readonly ci: number
  readonly release: number
}

/** How far the long tests go: `npm test` runs them small, `npm run test:faults` as CI does, `npm run test:release` at length. */
export function testSize(sizes: Sizes): number {
  const size = process.env['TIERCEL_TEST_SIZE'] ?? 'small'
  if (size in sizes) return sizes[size as keyof Sizes]
  throw new Error(`TIERCEL_TEST_SIZE: ${size} is none of ${Object.keys(sizes).join(', ')}`)
}

/** Which clients meet a server: all of them; on a small run all meet the newest Valkey, and one of them each of the others. */
export function clientsOn<T>(server: ServerName, clients: readonly T[]): readonly T[] {
  if (server === 'valkey-9.1' || !isSmallRun()) return clients
  return server === 'valkey-8.0' ? clients.slice(-1) : clients.slice(0, 1)
}

/** All servers; on a small run the newest Valkey, for what takes its time on each. */
export function serversAtLength(servers: readonly ServerName[]): readonly ServerName[] {
  return isSmallRun() ? servers.filter((server) => server === 'valkey-9.1') : servers
}

function isSmallRun(): boolean {
  return testSize({ small: 1, ci: 0, release: 0 }) === 1
}
