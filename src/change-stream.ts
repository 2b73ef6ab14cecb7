// Change streams: what is committed, one event after the other.
//
// Promises: events come after their commit, in the order of commits, each once; waiting for one keeps the process
// alive, an open stream does not; an aborted signal ends it, and whoever waits gets the signal's reason. Leaves to
// others: reading (change-feed.ts), what is told and how long it is kept (the engine).

import { ChangeFeed } from './change-feed.ts'
import type { ResumeToken } from './change-types.ts'
import type { Document } from './document.ts'
import { invalidArgument } from './errors.ts'
import { checkOptions } from './filters.ts'
import type { Handle } from './native.ts'

/** Options of `watch`. */
export interface WatchOptions {
  /** Tells what follows this token first; not one of an `invalidate` event. */
  resumeAfter?: ResumeToken
  /** As `resumeAfter`, with any token. */
  startAfter?: ResumeToken
  /**
   * Whether updates come with the whole document: as the commit left it, whichever of the last three is named. By
   * default they come with what changed only.
   */
  fullDocument?: 'default' | 'updateLookup' | 'whenAvailable' | 'required'
  /** Tell only what is on disk, a sync later. False by default: a change may be told that a power cut takes back. */
  durable?: boolean
  /** Ends the stream. */
  signal?: AbortSignal
}

const WATCH_OPTIONS = ['resumeAfter', 'startAfter', 'fullDocument', 'durable', 'signal'] as const
const FULL_DOCUMENT = ['default', 'updateLookup', 'whenAvailable', 'required']

/**
 * The changes of a collection or a database. Iterate it with `for await`, or call `next`.
 *
 * Errors of every method that reads: `OVERFLOW` when it was read too slowly for the memory that changes get (go on by
 * `resumeAfter: stream.resumeToken`), `HISTORY_LOST`, `CLOSED` when the database was closed, `CORRUPTED`, `IO`. The
 * stream is closed then.
 */
export class ChangeStream<E extends object> implements AsyncIterable<E>, Disposable, AsyncDisposable {
  readonly #feed: ChangeFeed
  readonly #signal: AbortSignal | undefined
  readonly #abort = () => this.#fail(this.#signal?.reason)
  #events: E[] = []
  #at = 0
  /** The place behind the last event that was handed out, while others wait behind it or were given up. */
  #token: ResumeToken
  #isCut = false
  #failure: { readonly reason: unknown } | undefined

  /** @internal */
  constructor(database: Handle, collection: string | undefined, filter: object | undefined, options?: WatchOptions) {
    checkOptions(options, WATCH_OPTIONS, 'watch')
    const { resumeAfter, startAfter, fullDocument = 'default', durable = false, signal } = options ?? {}
    if (!FULL_DOCUMENT.includes(fullDocument)) {
      throw invalidArgument(`fullDocument must be one of ${FULL_DOCUMENT.join(', ')}, not ${String(fullDocument)}`)
    }
    signal?.throwIfAborted()
    this.#feed = new ChangeFeed(database, {
      collection,
      filter: filterOf(filter),
      resumeAfter,
      startAfter,
      fullDocument: fullDocument !== 'default',
      durable
    })
    this.#signal = signal
    signal?.addEventListener('abort', this.#abort, { once: true })
    this.#token = this.#feed.token
  }

  /** The next event, which is waited for; null when the stream is closed. */
  async next(): Promise<E | null> {
    for (;;) {
      const event = this.#take()
      if (event !== undefined) return event
      if (this.#feed.isOver) return null
      if (this.#feed.hasMore) await new Promise(resolve => setImmediate(resolve))
      else await this.#feed.wait()
    }
  }

  /** The next event that is there already; null when there is none now. */
  tryNext(): E | null {
    for (;;) {
      const event = this.#take()
      if (event !== undefined) return event
      if (!this.#feed.hasMore) return null
    }
  }

  /** Iterates over the events; leaving the loop closes the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<E, undefined> {
    try {
      for (;;) {
        const event = await this.next()
        if (event === null) return undefined
        yield event
      }
    } finally {
      this.close()
    }
  }

  /** The place behind the last event that was handed out, and behind what the filter left out since. */
  get resumeToken(): ResumeToken {
    return this.#isCut || this.#at < this.#events.length ? this.#token : this.#feed.token
  }

  /** Whether nothing follows. */
  get closed(): boolean {
    return this.#feed.isOver && this.#at >= this.#events.length
  }

  /** Ends it; whoever waits for an event gets null. Closing twice is allowed. */
  close(): void {
    this.#signal?.removeEventListener('abort', this.#abort)
    if (this.#at < this.#events.length) {
      this.#isCut = true
      this.#events.length = this.#at
    }
    this.#feed.close()
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #take(): E | undefined {
    if (this.#failure !== undefined) throw this.#failure.reason
    if (this.#at >= this.#events.length) this.#pull()
    const event = this.#events[this.#at]
    if (event === undefined) return undefined
    this.#at++
    this.#token = (event as unknown as { _id: ResumeToken })._id
    return event
  }

  #pull(): void {
    this.#token = this.#feed.token
    this.#at = 0
    this.#events = []
    try {
      this.#events = this.#feed.pull() as E[]
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  #fail(reason: unknown): void {
    this.#failure = { reason }
    this.close()
  }
}

/** One filter of a filter or a pipeline of `$match` stages. */
function filterOf(filter: object | undefined): object | undefined {
  if (!Array.isArray(filter)) return filter
  const stages = filter as readonly Document[]
  for (const stage of stages) {
    const names = Object.keys(stage)
    if (names.length !== 1 || names[0] !== '$match') {
      throw invalidArgument(`a change stream takes $match stages only, not ${names.join(', ')}`)
    }
  }
  return stages.length === 0 ? undefined : { $and: stages.map(stage => stage.$match) }
}
