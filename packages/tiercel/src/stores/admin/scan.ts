import type { Client, PrimaryNode } from '../../client/client.ts'
import { ServerError, StoreError } from '../../kernel/errors.ts'
import type { Pace } from './pace.ts'
import { step } from './step.ts'

export interface ScanPlan {
  /** A glob. */
  readonly match: string
  /** How many keys the server looks at per call. */
  readonly count: number
  readonly pace: Pace
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

export interface ScanPage {
  readonly keys: readonly string[]
  /** How many primaries were looked through before this page, and how many there are. */
  readonly nodesDone: number
  readonly nodes: number
}

const mostRounds = 10

/**
 * Every string key that matches, on every primary: `SCAN`, never `KEYS`. What is there from beginning to end is found, at least once; a key may come twice.
 *
 * Cursors are worth nothing on another server: when a link changes meanwhile, what was not finished before is begun again, also on
 * primaries that are new.
 *
 * @throws {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_STORE_DEADLINE} {TIERCEL_SERVER_ERROR}; the signal's reason
 */
export async function* scanPrimaries(client: Client, plan: ScanPlan): AsyncGenerator<ScanPage> {
  const done = new Set<string>()
  for (let round = 0; round < mostRounds; round++) {
    const primaries = await step(client.primaries(), plan.timeoutMs, plan.signal)
    const epoch = client.linkEpoch
    const left = primaries.filter(({ address }) => !done.has(address))
    if (left.length === 0) return
    for (const node of left) {
      for await (const keys of scanOne(node, plan)) yield { keys, nodesDone: done.size, nodes: primaries.length }
      if (client.linkEpoch === epoch) done.add(node.address)
    }
  }
  throw new StoreError(
    'TIERCEL_STORE_UNAVAILABLE',
    `The links to the primaries changed ${mostRounds} times while they were looked through.`,
  )
}

async function* scanOne(node: PrimaryNode, { match, count, pace, timeoutMs, signal }: ScanPlan): AsyncGenerator<string[]> {
  let cursor = '0'
  do {
    await pace.next(count)
    const words = ['SCAN', cursor, 'MATCH', match, 'COUNT', String(count), 'TYPE', 'string']
    const reply = await step(node.send(words), timeoutMs, signal)
    if (!Array.isArray(reply) || !Array.isArray(reply[1])) throw new ServerError('SCAN was not answered with a cursor and keys')
    cursor = String(reply[0])
    yield reply[1].map(String)
  } while (cursor !== '0')
}
