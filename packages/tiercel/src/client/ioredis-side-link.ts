import type { Ioredis } from './ioredis-shape.ts'
import { setUpInTime } from './kept-link.ts'
import type { Receiver, SideLink, SubscriberEvents, Tracker, TrackerEvents } from './link.ts'
import { throwClientError } from './reply.ts'

const invalidateChannel = '__redis__:invalidate'

export async function openIoredisSubscriber(live: Ioredis, channels: readonly string[], events: SubscriberEvents): Promise<SideLink> {
  return openSideLink(live, events.onEnd, async (side) => {
    side.on('messageBuffer', (channel: Buffer, message: Buffer) => events.onMessage(channel.toString(), message))
    await side.subscribe(...channels)
  })
}

/**
 * One link that speaks RESP2 and redirects its invalidations to itself, where they come in as messages: ioredis 6 drops the
 * pushes of RESP3, ioredis 5 and iovalkey do not know it. Not a pair of links: a pair can lose one half unnoticed.
 */
export async function openIoredisTracker(live: Ioredis, prefixes: readonly string[], events: TrackerEvents): Promise<Tracker> {
  return openSideLink(live, events.onEnd, async (side) => {
    const id = String(await side.call('CLIENT', 'ID'))
    const words = prefixes.flatMap((prefix) => ['PREFIX', prefix])
    await side.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...words)
    await receive(side, events)
  })
}

/** The half of a pair that is pushed to, as messages too. */
export async function openIoredisReceiver(live: Ioredis, events: TrackerEvents): Promise<Receiver> {
  let id = ''
  const side = await openSideLink(live, events.onEnd, async (opened) => {
    id = String(await opened.call('CLIENT', 'ID'))
    await receive(opened, events)
  })
  return { ...side, id }
}

async function receive(side: Ioredis, events: TrackerEvents): Promise<void> {
  side.on('messageBuffer', (_channel: Buffer, keys: Buffer[] | null) => events.onInvalidate(keys && keys.map(String)))
  await side.subscribe(invalidateChannel)
}

async function openSideLink(live: Ioredis, onEnd: () => void, setUp: (side: Ioredis) => Promise<void>): Promise<Tracker> {
  const side = live.duplicate({
    protocol: 2,
    lazyConnect: true,
    retryStrategy: null,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    monitor: false,
    readOnly: false,
    keyPrefix: '',
  })
  side.on('error', () => {})
  side.on('end', onEnd)
  const connect = async () => {
    await side.connect()
    await setUp(side)
  }
  await setUpInTime(connect, () => cutOff(side))
  return { ping: () => side.call('ping').then(() => {}, throwClientError), close: () => cutOff(side) }
}

/** Ends a client at once: `disconnect` alone waits two seconds for a server that does not answer. */
export function cutOff(live: Ioredis): void {
  live.disconnect()
  live.stream?.destroy()
}
