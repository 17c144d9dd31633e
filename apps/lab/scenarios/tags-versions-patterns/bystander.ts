import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { joinCrew } from '../crew-member.ts'
import { sharedClockMs } from '../shared-clock.ts'
import type { Look, Order, Report } from './protocol.ts'

/** A process that has nothing to do with any of it: it reads a key of its own, again and again, and notes how long that takes. */
const pauseMs = 1

let client: ReturnType<typeof createClient> | undefined
let key = ''
let isWatching = false
let looks: Look[] = []

const tell = (report: Report) => process.send?.(report)

joinCrew<Order>(obey)

async function obey(order: Order): Promise<void> {
  if (order.kind === 'open') {
    key = order.key
    client = createClient({ url: order.url })
    client.on('error', () => undefined)
    await client.connect()
    await client.set(key, 'mine', { expiration: { type: 'EX', value: 3600 } })
    tell({ kind: 'opened' })
  }
  if (order.kind === 'watch') await watch()
  if (order.kind === 'rest') isWatching = false
}

async function watch(): Promise<void> {
  isWatching = true
  looks = []
  while (isWatching) {
    const atMs = sharedClockMs()
    await client?.get(key)
    looks.push({ atMs, ms: sharedClockMs() - atMs })
    await wait(pauseMs)
  }
  tell({ kind: 'rested', looks })
}
