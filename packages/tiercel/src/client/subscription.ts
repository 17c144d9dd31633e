import type { Subscription, SubscriptionListener } from './client.ts'
import { keepLink } from './kept-link.ts'
import type { Link } from './link.ts'

/** Keeps channels subscribed on a link beside the one that `pick` names, picked anew after each loss. */
export async function openSubscription(
  pick: () => Promise<Link>,
  channels: readonly string[],
  listener: SubscriptionListener,
): Promise<Subscription> {
  let isClosed = false
  /** A client may hand on what it has received before it ends its connection. */
  const tell = (call: () => void): void => {
    if (!isClosed) call()
  }
  const kept = await keepLink(
    async (onEnd) => {
      const link = await pick()
      return link.openSubscriber(channels, { onMessage: (channel, message) => tell(() => listener.onMessage(channel, message)), onEnd })
    },
    { onDown: () => tell(() => listener.onDown?.()), onUp: () => tell(() => listener.onUp?.()) },
  )
  return {
    async close() {
      isClosed = true
      kept.close()
    },
  }
}
