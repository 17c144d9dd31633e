import type { Subscription, SubscriptionListener } from './client.ts'
import { keepLink } from './kept-link.ts'
import type { Link } from './link.ts'

/** Keeps channels subscribed on a link beside the one that `pick` names, picked anew after each loss. */
export async function openSubscription(
  pick: () => Promise<Link>,
  channels: readonly string[],
  listener: SubscriptionListener,
): Promise<Subscription> {
  const kept = await keepLink(
    async (onEnd) => {
      const link = await pick()
      return link.openSubscriber(channels, { onMessage: (channel, message) => listener.onMessage(channel, message), onEnd })
    },
    { onDown: () => listener.onDown?.(), onUp: () => listener.onUp?.() },
  )
  return {
    async close() {
      kept.close()
    },
  }
}
