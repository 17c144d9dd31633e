import type { Clock } from '../kernel/clock.ts'
import type { Feed, FeedListener, Messages } from '../stores/store.ts'
import { BusSender, openBus } from './bus.ts'

const shortestHeartbeatMs = 10

/**
 * The bus as a way to hear of changes, and to tell of one's own. A cache without L1 tells as well, and listens to nobody.
 *
 * An announcement that is lost is noticed by its number, with the next one or with one of the signs that a sender gives after its last; all that is
 * held is questioned then.
 */
export class BusLink {
  readonly #sender: BusSender
  readonly #prefixes: readonly string[]
  readonly #clock: Clock

  /** @param boundMs a lost announcement is noticed within about so long, while its sender lives */
  constructor(messages: Messages, { channel, prefixes }: { channel: string; prefixes: readonly string[] }, boundMs: number, clock: Clock) {
    this.#sender = new BusSender(messages, channel, Math.max(shortestHeartbeatMs, boundMs / 2), clock)
    this.#prefixes = prefixes
    this.#clock = clock
  }

  async follow(listener: FeedListener): Promise<Feed> {
    const bus = await openBus(
      this.#sender,
      {
        onInvalidate: (keys, tags) => listener.onChange([...keys, ...tags]),
        onGap: (reason) => {
          if (reason === 'down') listener.onDown()
          else if (reason === 'up') listener.onUp()
          else listener.onChange(null)
        },
      },
      this.#clock,
    )
    return { isLocal: false, prove: () => bus.prove(), close: () => bus.leave() }
  }

  /** Resolves when it was told, or could not be. */
  async tell(keys: readonly string[], tags: readonly string[]): Promise<void> {
    const own = keys.filter((key) => this.#prefixes.some((prefix) => key.startsWith(prefix)))
    if (own.length + tags.length > 0) await this.#sender.publish({ keys: own, tags }).catch(() => undefined)
  }

  close(): void {
    this.#sender.close()
  }
}
