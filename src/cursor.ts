// Cursors: the documents that a filter matches, handed out one by one and fetched in batches.
//
// A cursor sees the moment it was first asked, however long it runs. Promises: nothing is read before the first
// document is asked for; native resources are given back at the end, at `close`, when a loop is left, and, for a
// cursor that was forgotten, when it is collected. Leaves to others: what matches (the engine).

import { BATCH_MAX, FIRST_BATCH, forgotten } from './batches.ts'
import { type Encoded, encode, encodeRequest } from './codec.ts'
import { runCommand } from './commands.ts'
import { QuireError } from './errors.ts'
import type { Hint } from './index-types.ts'
import {
  addon,
  check,
  type Handle,
  lastError,
  pinRequest,
  RESPONSE_BYTES,
  responseBytes,
  Status,
  status
} from './native.ts'
import { countArgument } from './options.ts'
import type { Projected, Projection, Sort } from './projection-types.ts'
import { type Explanation, type FindOptions, Query, sortOrder } from './query.ts'
import type { Decoders } from './structures.ts'

/** What a cursor needs to know of its collection. @internal */
export interface CursorSource {
  readonly handle: Handle
  readonly decoders: Decoders
}

/**
 * The documents that match a filter. Iterate it (`for … of`, `for await … of`), or call `toArray`.
 *
 * Errors of every method that reads: `INVALID_FILTER`, `INVALID_SORT`, `INVALID_PROJECTION`, `INDEX_NOT_FOUND` for a hint,
 * `LIMIT_EXCEEDED` for a sort that takes too much memory, `CLOSED`, `SNAPSHOT_TOO_OLD`, `CORRUPTED`, `IO`.
 */
export class Cursor<R extends object> implements Iterable<R>, AsyncIterable<R>, Disposable {
  readonly #source: CursorSource
  readonly #query: Query
  #state: 'new' | 'open' | 'done' = 'new'
  #handle: Handle = 0
  #batch: R[] = []
  #at = 0
  #batchMax = FIRST_BATCH

  /** @internal */
  constructor(source: CursorSource, filter: object, options: FindOptions<never> | undefined) {
    this.#source = source
    this.#query = new Query(filter, options)
  }

  /**
   * Gives at most `count` documents.
   * @throws QuireError `INVALID_ARGUMENT` for no count, or after the first document was asked for
   */
  limit(count: number): this {
    this.#checkNew('limit')
    this.#query.limit = countArgument('limit', count)
    return this
  }

  /**
   * Passes over the first `count` documents.
   * @throws QuireError `INVALID_ARGUMENT` for no count, or after the first document was asked for
   */
  skip(count: number): this {
    this.#checkNew('skip')
    this.#query.skip = countArgument('skip', count)
    return this
  }

  /**
   * Gives the documents in an order.
   * @throws QuireError `INVALID_SORT` for what is no order; `INVALID_ARGUMENT` after the first document was asked for
   */
  sort(sort: Sort<R>): this {
    this.#checkNew('sort')
    this.#query.sort = sortOrder(sort)
    return this
  }

  /**
   * Gives a part of each document, or what expressions make of it.
   * @throws QuireError `INVALID_ARGUMENT` after the first document was asked for
   */
  project<const P extends Projection<R>>(projection: P): Cursor<Projected<R, P> & object> {
    this.#checkNew('project')
    this.#query.projection = projection
    return this as unknown as Cursor<Projected<R, P> & object>
  }

  /**
   * Uses an index, named by its name or its fields; `{ $natural: 1 }` uses none.
   * @throws QuireError `INVALID_ARGUMENT` after the first document was asked for
   */
  hint(hint: Hint): this {
    this.#checkNew('hint')
    this.#query.hint = hint
    return this
  }

  /**
   * How the query is done, and what that takes; it is run for it, and the cursor stays as it is.
   * @throws QuireError `INVALID_FILTER`, `INVALID_SORT`, `INVALID_PROJECTION`, `INDEX_NOT_FOUND`
   */
  explain(): Explanation {
    const command = this.#query.command('explain')
    const read = (reply: unknown) => reply as Explanation
    return runCommand(this.#source.handle, { command, durability: 0, read })
  }

  /** The next document; null when there are no more. */
  next(): R | null {
    if (this.#at >= this.#batch.length && !this.#fetch()) return null
    return this.#batch[this.#at++] as R
  }

  /** All documents that are left. */
  toArray(): R[] {
    // The first batch is as large as any when it is known that all will be wanted.
    this.#batchMax = BATCH_MAX
    if (this.#at >= this.#batch.length) this.#fetch()
    const all = this.#at === 0 ? this.#batch : this.#batch.slice(this.#at)
    this.#at = this.#batch.length
    while (this.#fetch()) {
      // One by one: a batch is too long to be spread as arguments.
      for (const document of this.#batch) all.push(document)
      this.#at = this.#batch.length
    }
    return all
  }

  /** Calls `visit` with every document that is left, in order. */
  forEach(visit: (document: R) => void): void {
    for (const document of this) visit(document)
  }

  /** Iterates over the documents that are left; leaving the loop closes the cursor. */
  [Symbol.iterator](): Iterator<R, undefined> {
    return {
      next: () => {
        if (this.#at < this.#batch.length || this.#fetch()) {
          return { done: false, value: this.#batch[this.#at++] as R }
        }
        return { done: true, value: undefined }
      },
      return: () => {
        this.close()
        return { done: true, value: undefined }
      }
    }
  }

  /** As iterating, for `for await`; the documents are read in the calling thread (see `collection.async`). */
  [Symbol.asyncIterator](): AsyncIterator<R, undefined> {
    const documents = this[Symbol.iterator]()
    return {
      next: async () => documents.next(),
      return: async () => {
        this.close()
        return { done: true, value: undefined }
      }
    }
  }

  /** True when there is nothing more to come. */
  get closed(): boolean {
    return this.#state === 'done' && this.#at >= this.#batch.length
  }

  /** Gives up the documents that are left, and the moment that the cursor sees. */
  close(): void {
    this.#batch = []
    this.#at = 0
    this.#end()
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  #checkNew(method: string): void {
    if (this.#state !== 'new') {
      throw new QuireError('INVALID_ARGUMENT', `${method} has to be called before the first document is asked for`)
    }
  }

  /** Fetches the next batch; false at the end. */
  #fetch(): boolean {
    if (this.#state === 'done') return false
    const count = this.#state === 'new' ? this.#open() : this.#next()
    this.#batchMax = Math.min(this.#batchMax * 4, BATCH_MAX)
    this.#at = 0
    return count > 0
  }

  #open(): number {
    if (this.#query.limit === 0) {
      this.#state = 'done'
      return 0
    }
    for (;;) {
      const count = this.#find()
      this.#handle = status[Status.Cursor] as number
      this.#state = this.#handle === 0 ? 'done' : 'open'
      if (this.#state === 'open') forgotten.register(this, this.#handle, this)
      if (this.#read(count, this.#handle === 0 ? this.#source.handle : this.#handle)) return count
      // The collection was renamed in that very moment, and with it went the structures: look again.
      this.#end()
    }
  }

  #find(): number {
    const query = this.#query
    const { handle } = this.#source
    if (!query.isPlain) {
      const { start, end } = pinned(encodeRequest(query.command('find')))
      return check(addon.openCursor(handle, start, end, this.#batchMax, RESPONSE_BYTES))
    }
    const { start, end } = pinned(encode(query.filter, 'filter'))
    return check(addon.find(handle, start, end, query.skip, query.limit, this.#batchMax, RESPONSE_BYTES))
  }

  #next(): number {
    const count = addon.next(this.#handle, this.#batchMax, RESPONSE_BYTES)
    if (count < 0) {
      const error = lastError()
      this.#end()
      throw error
    }
    const isDone = status[Status.Cursor] === 0
    this.#read(count, this.#handle)
    if (isDone) this.#end()
    return count
  }

  /** Decodes the batch that was fetched. False when its structures are gone. */
  #read(count: number, handle: Handle): boolean {
    this.#batch = []
    if (count === 0) return true
    const length = status[Status.Bytes] as number
    const structures = status[Status.Structures] as number
    const batch = this.#source.decoders.decode(handle, structures, responseBytes(length), length)
    if (batch === undefined) return false
    this.#batch = batch as R[]
    return true
  }

  #end(): void {
    if (this.#state === 'open') {
      forgotten.unregister(this)
      addon.closeCursor(this.#handle)
    }
    this.#state = 'done'
  }
}

function pinned(request: Encoded): Encoded {
  pinRequest(request)
  return request
}
