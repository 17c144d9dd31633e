import { UsageError } from '../kernel/errors.ts'
import { setUpInTime } from './kept-link.ts'
import type { Receiver, SideLink, SubscriberEvents, Tracker, TrackerEvents } from './link.ts'
import type { NodeRedis } from './node-redis-shape.ts'
import { throwClientError } from './reply.ts'

export async function openNodeRedisSubscriber(live: NodeRedis, channels: readonly string[], events: SubscriberEvents): Promise<SideLink> {
  const onMessage = (message: Buffer, channel: Buffer) => events.onMessage(channel.toString(), message)
  return openSideLink(live, {}, events.onEnd, (side) => side.subscribe([...channels], onMessage, true))
}

/**
 * One link that speaks RESP3. `emitInvalidate` makes the package hand invalidations on; it also turns plain tracking on,
 * which has to be turned off again before the broadcasting mode can be.
 */
export async function openNodeRedisTracker(live: NodeRedis, prefixes: readonly string[], events: TrackerEvents): Promise<Tracker> {
  return openSideLink(live, receiving, events.onEnd, async (side) => {
    await receive(side, events)
    await side.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', ...prefixes.flatMap((prefix) => ['PREFIX', prefix])])
  })
}

/** The half of a pair that is pushed to: also where the other half speaks RESP2. */
export async function openNodeRedisReceiver(live: NodeRedis, events: TrackerEvents): Promise<Receiver> {
  let id = ''
  const side = await openSideLink(live, receiving, events.onEnd, async (opened) => {
    await receive(opened, events)
    id = String(await opened.sendCommand(['CLIENT', 'ID']))
  })
  return { ...side, id }
}

const receiving = { RESP: 3, emitInvalidate: true, clientSideCache: undefined }

async function receive(side: NodeRedis, events: TrackerEvents): Promise<void> {
  await refuseWithoutPushes(side)
  await side.sendCommand(['CLIENT', 'TRACKING', 'OFF'])
  side.on('invalidate', (key: Buffer | null) => events.onInvalidate(key === null ? null : [key.toString()]))
}

/** A version that does not know `emitInvalidate` ignores it and drops every push: its link is not being tracked by now. */
async function refuseWithoutPushes(side: NodeRedis): Promise<void> {
  const redirection = await side.sendCommand(['CLIENT', 'GETREDIR'])
  if (redirection !== -1) return
  const text = 'This version of node-redis does not hand on invalidations (emitInvalidate); version 5.9 or newer does.'
  throw new UsageError('TIERCEL_UNSUPPORTED', text)
}

async function openSideLink(
  live: NodeRedis,
  overrides: object,
  onEnd: () => void,
  setUp: (side: NodeRedis) => Promise<unknown>,
): Promise<Tracker> {
  const side = live.duplicate({
    ...overrides,
    disableOfflineQueue: true,
    commandOptions: { timeout: 0 },
    socket: { ...live.options?.socket, reconnectStrategy: false },
  })
  let hasEnded = false
  const end = () => {
    if (hasEnded) return
    hasEnded = true
    destroyNodeRedis(side)
    onEnd()
  }
  side.on('error', end)
  side.on('end', end)
  const connect = async () => {
    await side.connect()
    await setUp(side)
  }
  await setUpInTime(connect, () => destroyNodeRedis(side))
  return { ping: () => side.sendCommand(['PING']).then(() => {}, throwClientError), close: () => destroyNodeRedis(side) }
}

/** Ends a client that may have ended already: version 5 throws then, version 6 has to be told all the same. */
export function destroyNodeRedis(live: NodeRedis): void {
  try {
    live.destroy()
  } catch {
    // It was closed before.
  }
}
