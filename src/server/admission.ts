// Who is let in: so many requests at a time, and so many a second of one client.
//
// Promises: whoever waits is let in in the order of coming, or gives up; a client's count is forgotten when it is full
// again, so the table does not grow with the number of clients there ever were. Source: token buckets.

import type { Metrics } from './metrics.ts'
import type { Limits } from './options.ts'
import { Refusal } from './problems.ts'

const SECOND_MS = 1000
/** Clients after which full buckets are looked for and forgotten. */
const CLIENTS_MAX = 10_000

interface Bucket {
  tokens: number
  filledMs: number
}

/** The door of a server. */
export class Admission {
  readonly #limits: Limits
  readonly #metrics: Metrics
  readonly #waiting = new Set<() => void>()
  readonly #buckets = new Map<string, Bucket>()
  readonly #now: () => number

  /** @param now milliseconds of a clock that only goes on */
  constructor(limits: Limits, metrics: Metrics, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#metrics = metrics
    this.#now = now
  }

  /**
   * Counts a request of a client.
   * @throws Refusal `TOO_MANY_REQUESTS`
   */
  count(client: string): void {
    const rate = this.#limits.requestsPerSecondMax
    if (rate === 0) return
    const now = this.#now()
    if (this.#buckets.size >= CLIENTS_MAX) this.#forgetFull(now)
    const bucket = this.#buckets.get(client) ?? { tokens: rate, filledMs: now }
    bucket.tokens = Math.min(rate, bucket.tokens + ((now - bucket.filledMs) * rate) / SECOND_MS)
    bucket.filledMs = now
    this.#buckets.set(client, bucket)
    if (bucket.tokens < 1) throw new Refusal('TOO_MANY_REQUESTS', `more than ${rate} requests a second; wait a little`)
    bucket.tokens--
  }

  /**
   * Takes a place, which `leave` gives back; a promise where it has to be waited for.
   * @throws Refusal `OVERLOADED` when as many wait as are worked on
   */
  enter(): Promise<void> | undefined {
    if (this.#metrics.requestsRunning < this.#limits.requestsMax) {
      this.#metrics.requestsRunning++
      return undefined
    }
    if (this.#waiting.size >= this.#limits.requestsMax) {
      throw new Refusal('OVERLOADED', `${this.#limits.requestsMax} requests are worked on and as many wait`)
    }
    this.#metrics.requestsWaiting++
    // The place goes from hand to hand, so it stays counted as taken.
    return new Promise<void>(resolve =>
      this.#waiting.add(() => {
        this.#metrics.requestsWaiting--
        resolve()
      })
    )
  }

  /** Gives the place to whoever waits longest. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#metrics.requestsRunning--
      return
    }
    this.#waiting.delete(next)
    next()
  }

  #forgetFull(now: number): void {
    const rate = this.#limits.requestsPerSecondMax
    for (const [client, { tokens, filledMs }] of this.#buckets) {
      if (tokens + ((now - filledMs) * rate) / SECOND_MS >= rate) this.#buckets.delete(client)
    }
  }
}
