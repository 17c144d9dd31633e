import { UsageError } from '../kernel/errors.ts'
import { askGlide } from './glide-connection.ts'
import { toGlideError } from './glide-error.ts'
import { asBytes, type Glide, type GlideMessage, type GlideSubscriber, membersOf } from './glide-shape.ts'
import type { SideLink, SubscriberEvents } from './link.ts'

const subscribeTimeoutMs = 5000
const checkMs = 100
const checkTimeoutMs = 1000

/**
 * One more client, made like the live one and subscribed. It connects again by itself and keeps that to itself, so it is asked several times a second
 * which connection it has: with another one it has missed messages, and is ended.
 */
export async function openGlideSubscriber(live: Glide, channels: readonly string[], events: SubscriberEvents): Promise<SideLink> {
  const side = await duplicate(live, ({ channel, message }) => events.onMessage(String(channel), message))
  try {
    await subscribe(side, channels)
    return watchConnection(side, (await askGlide(side, [], checkTimeoutMs)).connection, events.onEnd)
  } catch (error) {
    side.close()
    throw error instanceof UsageError ? error : toGlideError(error)
  }
}

function duplicate(live: Glide, onMessage: (message: GlideMessage) => void): Promise<GlideSubscriber> {
  const { config, constructor } = membersOf(live)
  const pubsubSubscriptions = { channelsAndPatterns: {}, callback: onMessage }
  return constructor.createClient({ ...config, lazyConnect: false, defaultDecoder: asBytes, pubsubSubscriptions }).catch((error) => {
    throw toGlideError(error)
  })
}

async function subscribe(side: GlideSubscriber, channels: readonly string[]): Promise<void> {
  if (side.subscribe !== undefined) return side.subscribe(new Set(channels), subscribeTimeoutMs)
  throw new UsageError(
    'TIERCEL_UNSUPPORTED',
    'This version of GLIDE cannot subscribe once it is connected. Hand in a client of a newer one.',
  )
}

function watchConnection(side: Glide, first: string, onEnd: () => void): SideLink {
  let hasEnded = false
  let isAsking = false
  const close = (): void => {
    if (hasEnded) return
    hasEnded = true
    clearInterval(timer)
    side.close()
  }
  const end = (): void => {
    if (hasEnded) return
    close()
    onEnd()
  }
  const check = (): void => {
    if (isAsking) return
    isAsking = true
    askGlide(side, [], checkTimeoutMs)
      .then(({ connection }) => (connection === first ? undefined : end()), end)
      .finally(() => {
        isAsking = false
      })
  }
  const timer = setInterval(check, checkMs).unref()
  return { close }
}
