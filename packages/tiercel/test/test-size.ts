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

/** Which clients meet a server: all of them; on a small run all meet the newest Valkey, and half of them each of the others. */
export function clientsOn<T>(server: ServerName, clients: readonly T[]): readonly T[] {
  const isWhole = server === 'valkey-9.1' || testSize({ small: 0, ci: 1, release: 1 }) === 1
  const parity = server === 'valkey-8.0' ? 0 : 1
  return isWhole ? clients : clients.filter((_, at) => at % 2 === parity)
}
