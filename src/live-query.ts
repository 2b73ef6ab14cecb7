// Live queries: the results of a query, kept current.
//
// The query is run once in a transaction; then the events behind what that saw are applied one by one. A result in an
// order, or cut by skip and limit, is worked out anew when a change may concern it. Promises: what is told is the state
// after a whole commit, never between; changes that come together are told once; a live query that falls behind runs
// its query again. Leaves to others: which documents match (the engine, which tells it with each change).

import { isDeepStrictEqual } from 'node:util'
import { ChangeFeed } from './change-feed.ts'
import type { ChangeNamespace } from './change-types.ts'
import type { Document, Id, WithId } from './document.ts'
import { QuireError } from './errors.ts'
import { addon, check, type Handle } from './native.ts'
import type { FindOptions } from './query.ts'

/** Options of `liveQuery`: those of `find`, and a signal. */
export interface LiveQueryOptions<T extends object = Document> extends Omit<FindOptions<T>, 'projection'> {
  /** Ends the live query. */
  signal?: AbortSignal
}

/** What a live query works with. @internal */
export interface LiveQuerySource<T> {
  readonly database: Handle
  /** The collection's name. */
  readonly name: string
  readonly filter: object
  /** Whether more than the filter decides what the result is. */
  readonly isWindow: boolean
  /** Whether documents before the result decide as well. */
  readonly skips: boolean
  /** Runs the query on the collection of this handle. */
  readonly run: (collection: Handle) => WithId<T>[]
  readonly signal: AbortSignal | undefined
}

/** An event as the engine tells membership: a document that matches is whole. */
interface MembershipEvent<T> {
  readonly operationType: string
  readonly documentKey?: { readonly _id: Id }
  readonly fullDocument?: WithId<T>
  readonly to?: ChangeNamespace
}

/** Who is told of results. */
interface Subscriber<T> {
  readonly tell: (documents: readonly WithId<T>[]) => void
  readonly fail: (reason: unknown) => void
  /** The result that was told last. */
  version: number
}

/** What one event does to the result. */
type Effect = 'none' | 'changed' | 'unknown'

/** Rounds of reading before the event loop gets its turn. */
const ROUNDS_MAX = 8
/** Tries of a query whose collection was dropped under it. */
const RUN_TRIES = 100

/**
 * The results of a query, kept current. Read `documents`, iterate it with `for await`, or `subscribe`.
 *
 * Waiting in a loop keeps the process alive, a subscription does not. Errors of every method that reads: those of
 * `find`, and `CLOSED` when the database was closed; the live query is closed then.
 */
export class LiveQuery<T extends object> implements AsyncIterable<readonly WithId<T>[]>, Disposable, AsyncDisposable {
  readonly #source: LiveQuerySource<T>
  readonly #subscribers = new Set<Subscriber<T>>()
  readonly #abort = () => this.#fail(this.#source.signal?.reason)
  #feed: ChangeFeed
  #members = new Map<unknown, WithId<T>>()
  #snapshot: readonly WithId<T>[] | undefined
  /** Rises with each result. */
  #version = 0
  #failure: { readonly reason: unknown } | undefined
  #isClosed = false

  /** @internal */
  constructor(source: LiveQuerySource<T>) {
    source.signal?.throwIfAborted()
    this.#source = source
    this.#feed = this.#open()
    try {
      this.#refresh()
    } catch (error) {
      this.close()
      throw error
    }
    source.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  /** The results as they are now: every commit that was made before is in them. A new array after each change. */
  get documents(): readonly WithId<T>[] {
    if (this.#failure !== undefined) throw this.#failure.reason
    if (this.#update()) queueMicrotask(() => this.#tell())
    return this.#current()
  }

  /**
   * Calls `callback` with the results now, and again whenever they have changed.
   * @param onEnd is called with the reason when the live query ends otherwise than by `close`: the error of a read, such
   * as CLOSED when the database was closed, or the reason of its signal
   * @returns ends the subscription
   */
  subscribe(
    callback: (documents: readonly WithId<T>[]) => void,
    onEnd: (reason: unknown) => void = () => undefined
  ): () => void {
    const documents = this.documents
    const subscriber = { tell: callback, fail: onEnd, version: this.#version }
    this.#subscribers.add(subscriber)
    this.#listen()
    callback(documents)
    return () => {
      this.#subscribers.delete(subscriber)
      this.#listen()
    }
  }

  /** Gives the results now, and again whenever they have changed. Leaving the loop does not close the live query. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly WithId<T>[], undefined> {
    let seen = -1
    while (!this.#isClosed) {
      const documents = this.documents
      if (seen === this.#version) {
        await this.#feed.wait()
        continue
      }
      seen = this.#version
      yield documents
    }
    if (this.#failure !== undefined) throw this.#failure.reason
    return undefined
  }

  /** Whether it was closed. Its last results stay. */
  get closed(): boolean {
    return this.#isClosed
  }

  /** Ends it: nothing is told any more. Closing twice is allowed. */
  close(): void {
    this.#isClosed = true
    this.#source.signal?.removeEventListener('abort', this.#abort)
    this.#subscribers.clear()
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

  #open(): ChangeFeed {
    const { database, name, filter } = this.#source
    return new ChangeFeed(database, { collection: name, matching: filter, outlives: true })
  }

  #current(): readonly WithId<T>[] {
    this.#snapshot ??= [...this.#members.values()]
    return this.#snapshot
  }

  /** Is called by commits while somebody subscribes. */
  #listen(): void {
    if (this.#isClosed) return
    const isWanted = this.#subscribers.size > 0
    this.#feed.listen(isWanted ? () => this.#attend() : undefined)
  }

  #attend(): void {
    try {
      this.#update()
    } catch {
      // Subscribers were told, and reading throws it.
      return
    }
    this.#tell()
  }

  #tell(): void {
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.version === this.#version || !this.#subscribers.has(subscriber)) continue
      subscriber.version = this.#version
      subscriber.tell(this.#current())
    }
  }

  /** Reads what was committed since; whether the results changed. */
  #update(): boolean {
    if (this.#isClosed) return false
    const before = this.#version
    try {
      for (let round = 0; round < ROUNDS_MAX; round++) {
        if (!this.#readOnce() && !this.#feed.hasMore) break
        if (round === ROUNDS_MAX - 1) setImmediate(() => this.#attend()).unref()
      }
    } catch (error) {
      this.#fail(error)
      throw error
    }
    return this.#version !== before
  }

  /** Reads once; whether the query was run again, so that there may be more. */
  #readOnce(): boolean {
    let events: MembershipEvent<T>[]
    try {
      events = this.#feed.pull() as MembershipEvent<T>[]
    } catch (error) {
      if (!(error instanceof QuireError) || error.code !== 'OVERFLOW') throw error
      this.#feed = this.#open()
      this.#listen()
      this.#refresh()
      return true
    }
    let effect: Effect = 'none'
    for (const event of events) {
      const one = this.#apply(event)
      if (one === 'unknown') effect = one
      else if (effect === 'none') effect = one
    }
    if (effect === 'changed') this.#change()
    if (effect === 'unknown') this.#refresh()
    return effect === 'unknown'
  }

  #change(): void {
    this.#version++
    this.#snapshot = undefined
  }

  #apply({ operationType, documentKey, fullDocument, to }: MembershipEvent<T>): Effect {
    const { isWindow, skips, name } = this.#source
    if (documentKey === undefined) {
      if (isWindow || (operationType === 'rename' && to?.coll === name)) return 'unknown'
      const hadSome = this.#members.size > 0
      this.#members.clear()
      return hadSome ? 'changed' : 'none'
    }
    const key = keyOf(documentKey._id)
    if (isWindow) return fullDocument !== undefined || skips || this.#members.has(key) ? 'unknown' : 'none'
    if (fullDocument !== undefined) this.#members.set(key, fullDocument)
    else if (!this.#members.delete(key)) return 'none'
    return 'changed'
  }

  /** Runs the query, and passes over the changes that it has seen. */
  #refresh(): void {
    const documents = this.#run()
    const before = this.#snapshot ?? [...this.#members.values()]
    if (this.#version > 0 && isDeepStrictEqual(before, documents)) return
    this.#members = new Map(documents.map(document => [keyOf((document as { _id: Id })._id), document]))
    this.#version++
    this.#snapshot = documents
  }

  #run(): WithId<T>[] {
    const { database, name, run } = this.#source
    for (let tries = 1; ; tries++) {
      const transaction = check(addon.begin(database, [], 0))
      try {
        const collection = check(addon.transactionCollection(transaction, name))
        try {
          const documents = run(collection)
          this.#feed.skipTo(transaction)
          return documents
        } finally {
          addon.closeCollection(collection)
        }
      } catch (error) {
        const isDropped = error instanceof QuireError && error.code === 'CONFLICT'
        if (!isDropped || tries === RUN_TRIES) throw error
      } finally {
        addon.rollback(transaction)
      }
    }
  }

  #fail(reason: unknown): void {
    const subscribers = [...this.#subscribers]
    this.#failure = { reason }
    this.close()
    for (const subscriber of subscribers) subscriber.fail(reason)
  }
}

/** An id as a key of a Map: bytes are compared by their content. */
function keyOf(id: Id): unknown {
  return typeof id === 'object'
    ? `bytes:${Buffer.from(id).toString('hex')}`
    : typeof id === 'string'
      ? `text:${id}`
      : id
}
