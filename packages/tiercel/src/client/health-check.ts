/** A link of our own, to be looked after. */
export interface WatchedLink {
  isReady(): boolean
  ping(): Promise<unknown>
  /** Gives the connection up; the client makes another one. */
  renew(): void
}

/**
 * Pings a link, and renews it when a whole period went by without an answer: a connection whose other end has gone without a word is kept open by
 * the system for a quarter of an hour.
 *
 * @returns what ends it
 */
export function keepChecking(link: WatchedLink, periodMs: number): () => void {
  let isAnswered = true
  const timer = setInterval(() => {
    const isDead = !isAnswered && link.isReady()
    isAnswered = true
    if (isDead) return link.renew()
    if (!link.isReady()) return
    isAnswered = false
    const answered = (): void => {
      isAnswered = true
    }
    // One that is rejected was an answer too, or went down with its connection.
    link.ping().then(answered, answered)
  }, periodMs)
  timer.unref()
  return () => clearInterval(timer)
}
