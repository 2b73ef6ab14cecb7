// What a change stream and a live query read: events in order, without waiting, and a call when there are more.
//
// Reading never waits; whoever has found nothing is woken by the commit that changes that, through one native function
// for all streams of the thread. Promises: waiting by `wait` keeps the process alive, listening does not; what was
// forgotten is closed when it is collected. Leaves to others: what becomes of events (change-stream.ts, live-query.ts).

import { encodeRequest } from './codec.ts'
import {
  addon,
  check,
  type Handle,
  holdProcess,
  lastError,
  pinRequest,
  RESPONSE_BYTES,
  releaseProcess,
  responseBytes,
  Status,
  status,
  watchWakes
} from './native.ts'
import { decodeReply } from './structures.ts'

/** Most events of one call. */
const EVENTS_MAX = 512

/** Closes the native streams that JavaScript forgot. */
const forgotten = new FinalizationRegistry<Handle>(handle => addon.closeWatch(handle))

/** What the engine is asked for; see native/engine/src/command/watch.rs. */
export interface FeedRequest {
  readonly [field: string]: unknown
}

/** An open native stream. */
export class ChangeFeed {
  readonly #handle: Handle
  readonly #wakes = watchWakes()
  #token = ''
  #hasMore = true
  #isOver = false
  #waiting: { promise: Promise<void>; resolve: () => void } | undefined
  #listener: (() => void) | undefined

  /** Opens it: what is committed from now on will be told. */
  constructor(database: Handle, request: FeedRequest) {
    const { start, end } = pinned({ op: 'watch', ...request })
    this.#handle = check(addon.watch(database, start, end))
    forgotten.register(this, this.#handle, this)
    this.#read(0)
  }

  /** The place behind everything that was read. */
  get token(): string {
    return this.#token
  }

  /** Whether there may be more to read at once. */
  get hasMore(): boolean {
    return this.#hasMore && !this.#isOver
  }

  /** Whether nothing follows: it was closed, or ended with its collection. */
  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * The next events; none when there are none now.
   * @throws QuireError `OVERFLOW`, `HISTORY_LOST`, `CLOSED`, `CORRUPTED`, `IO`; the feed is closed then
   */
  pull(): object[] {
    return this.#isOver ? [] : this.#read(EVENTS_MAX)
  }

  #read(eventsMax: number): object[] {
    if (addon.watchNext(this.#handle, eventsMax, RESPONSE_BYTES) < 0) {
      const error = lastError()
      this.close()
      throw error
    }
    const length = status[Status.Bytes] as number
    const isEnded = status[Status.Cursor] === 0
    this.#hasMore = status[Status.Modified] === 1
    const events = decodeReply(responseBytes(length), length) as unknown as [string, ...object[]]
    this.#token = events.shift() as string
    if (isEnded) this.close()
    return events as object[]
  }

  /** Resolves when there may be more to read, or the feed is over. Keeps the process alive. Pull before. */
  wait(): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    if (this.#waiting === undefined) {
      this.#waiting = withResolvers()
      holdProcess()
      this.#attend()
    }
    return this.#waiting.promise
  }

  /** Has `listener` called whenever there may be more to read. Pull before, and each time. */
  listen(listener: (() => void) | undefined): void {
    this.#listener = listener
    this.#attend()
  }

  /** Passes over every change that an open transaction sees. */
  skipTo(transaction: Handle): void {
    if (!this.#isOver) check(addon.watchSkip(this.#handle, transaction))
  }

  /** Ends it. Closing twice is allowed. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#listener = undefined
    forgotten.unregister(this)
    addon.closeWatch(this.#handle)
    this.#wake()
  }

  /** Is called where somebody waits or listens, and only then kept from being collected. */
  #attend(): void {
    if (this.#waiting !== undefined || this.#listener !== undefined) this.#wakes.set(this.#handle, () => this.#wake())
    else this.#wakes.delete(this.#handle)
  }

  #wake(): void {
    const waiting = this.#waiting
    if (waiting !== undefined) {
      this.#waiting = undefined
      releaseProcess()
      waiting.resolve()
    }
    this.#attend()
    this.#listener?.()
  }
}

function pinned(request: object): { start: number; end: number } {
  const encoded = encodeRequest(request)
  pinRequest(encoded)
  return encoded
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}
