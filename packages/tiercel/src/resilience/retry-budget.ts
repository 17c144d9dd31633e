/**
 * How often a call may be tried again: at most a share of the calls that succeed, so that a server in trouble is not given more to do by those who wait for it.
 *
 * A bucket of tokens: each success puts a part of one in, each retry takes one out. The bucket is small, so a long good time does not pay for a storm.
 * As in gRPC's retry throttling.
 */
const mostTokens = 10

export class RetryBudget {
  readonly #share: number
  #tokens = mostTokens

  /** @param share retries per success, 0 to 1 */
  constructor(share: number) {
    this.#share = share
  }

  succeeded(): void {
    if (this.#tokens < mostTokens) this.#tokens = Math.min(mostTokens, this.#tokens + this.#share)
  }

  /** @returns whether a retry may be made; it has been counted then */
  spend(): boolean {
    if (this.#share === 0 || this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
