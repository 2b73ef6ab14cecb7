// Cursors whose batches are read on a pool thread.
//
// Promises: as cursor.ts; one batch is under way at a time, so documents come in order. Leaves to others: the
// threads (native/node/src/tasks.rs).

import { ASYNC_BATCH_BYTES, ASYNC_BATCH_DOCUMENTS, forgotten } from './batches.ts'
import { type Encoded, encode, encodeRequest } from './codec.ts'
import { runCommandAsync } from './commands.ts'
import type { CursorSource } from './cursor.ts'
import { QuireError } from './errors.ts'
import type { Hint } from './index-types.ts'
import { type AsyncOutcome, addon, checkObject, checkOutcome, type Handle, pinRequest } from './native.ts'
import { countArgument } from './options.ts'
import type { Projected, Projection, Sort } from './projection-types.ts'
import { type Explanation, type FindOptions, Query, sortOrder } from './query.ts'

/**
 * The documents that match a filter, read off the event loop. Iterate it with `for await`, or call `toArray`.
 *
 * Errors of every method that reads: `INVALID_FILTER`, `INVALID_SORT`, `INVALID_PROJECTION`, `INDEX_NOT_FOUND` for a hint,
 * `LIMIT_EXCEEDED` for a sort that takes too much memory, `CLOSED`, `SNAPSHOT_TOO_OLD`, `CORRUPTED`, `IO`.
 */
export class AsyncCursor<R extends object> implements AsyncIterable<R>, AsyncDisposable {
  readonly #source: CursorSource
  readonly #query: Query
  #state: 'new' | 'open' | 'done' = 'new'
  #handle: Handle = 0
  #batch: R[] = []
  #at = 0
  #running: Promise<boolean> | undefined

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
  project<const P extends Projection<R>>(projection: P): AsyncCursor<Projected<R, P> & object> {
    this.#checkNew('project')
    this.#query.projection = projection
    return this as unknown as AsyncCursor<Projected<R, P> & object>
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
  explain(): Promise<Explanation> {
    const command = this.#query.command('explain')
    const read = (reply: unknown) => reply as Explanation
    return runCommandAsync(this.#source.handle, { command, durability: 0, read })
  }

  /** The next document; null when there are no more. */
  async next(): Promise<R | null> {
    while (this.#at >= this.#batch.length) {
      if (!(await this.#fetch())) return null
    }
    return this.#batch[this.#at++] as R
  }

  /** All documents that are left. */
  async toArray(): Promise<R[]> {
    const all: R[] = []
    do {
      for (; this.#at < this.#batch.length; this.#at++) all.push(this.#batch[this.#at] as R)
    } while (await this.#fetch())
    return all
  }

  /** Calls `visit` with every document that is left, in order, waiting for what it returns. */
  async forEach(visit: (document: R) => unknown): Promise<void> {
    for await (const document of this) await visit(document)
  }

  /** Iterates over the documents that are left; leaving the loop closes the cursor. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, undefined> {
    try {
      do {
        while (this.#at < this.#batch.length) yield this.#batch[this.#at++] as R
      } while (await this.#fetch())
      return undefined
    } finally {
      await this.close()
    }
  }

  /** True when there is nothing more to come. */
  get closed(): boolean {
    return this.#state === 'done' && this.#at >= this.#batch.length
  }

  /** Gives up the documents that are left, and the moment that the cursor sees. */
  async close(): Promise<void> {
    // A batch under way ends first; its failure belongs to whoever asked for it.
    await this.#running?.catch(() => false)
    this.#batch = []
    this.#at = 0
    this.#end()
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #checkNew(method: string): void {
    if (this.#state !== 'new' || this.#running !== undefined) {
      throw new QuireError('INVALID_ARGUMENT', `${method} has to be called before the first document is asked for`)
    }
  }

  /** Fetches the next batch; false at the end. Callers at the same time share one batch. */
  #fetch(): Promise<boolean> {
    this.#running ??= this.#fetchBatch().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #fetchBatch(): Promise<boolean> {
    while (this.#state !== 'done') {
      const outcome = this.#state === 'new' ? await this.#open() : await this.#next()
      if (this.#read(outcome)) return outcome.count > 0
      // The collection was renamed in that very moment, and with it went the structures: look again.
      this.#end()
      this.#state = 'new'
    }
    return false
  }

  async #open(): Promise<AsyncOutcome> {
    const outcome = checkOutcome(await checkObject(this.#find()))
    this.#handle = outcome.cursor
    this.#state = outcome.cursor === 0 ? 'done' : 'open'
    if (this.#state === 'open') forgotten.register(this, this.#handle, this)
    return outcome
  }

  #find(): Promise<AsyncOutcome> | number {
    const query = this.#query
    const { handle } = this.#source
    if (!query.isPlain) {
      const { start, end } = pinned(encodeRequest(query.command('find')))
      return addon.openCursorAsync(handle, start, end, ASYNC_BATCH_DOCUMENTS, ASYNC_BATCH_BYTES)
    }
    const { start, end } = pinned(encode(query.filter, 'filter'))
    return addon.findAsync(handle, start, end, query.skip, query.limit, ASYNC_BATCH_DOCUMENTS, ASYNC_BATCH_BYTES)
  }

  async #next(): Promise<AsyncOutcome> {
    try {
      return checkOutcome(await checkObject(addon.nextAsync(this.#handle, ASYNC_BATCH_DOCUMENTS, ASYNC_BATCH_BYTES)))
    } catch (error) {
      this.#end()
      throw error
    }
  }

  /** Decodes a batch. False when its structures are gone. */
  #read(outcome: AsyncOutcome): boolean {
    const { bytes, cursor, structures } = outcome
    this.#batch = []
    this.#at = 0
    if (bytes !== undefined) {
      const handle = this.#state === 'open' ? this.#handle : this.#source.handle
      const batch = this.#source.decoders.decode(handle, structures, bytes, bytes.length)
      if (batch === undefined) return false
      this.#batch = batch as R[]
    }
    if (cursor === 0) this.#end()
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
