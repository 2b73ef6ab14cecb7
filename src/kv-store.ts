// A key-value store: its keys, and what can be done with it as a whole.
//
// Promises: it exists from its first write on, as the collection `kv:<name>` (names.ts), whose documents can be queried,
// indexed, exported and watched like all others. Leaves to others: the verbs on keys (kv.ts), transactions.

import { AsyncKv } from './async-kv.ts'
import { ChangeStream, type WatchOptions } from './change-stream.ts'
import type { ChangeEvent, ResumeToken } from './change-types.ts'
import type { Collection } from './collection.ts'
import { Kv } from './kv.ts'
import { changeOf } from './kv-changes.ts'
import { KvIndexes, ORDER_INDEX } from './kv-indexes.ts'
import { rangeCondition } from './kv-keys.ts'
import type { KvChange, KvDocument, KvOptions, KvRange } from './kv-types.ts'
import type { Handle } from './native.ts'
import type { Together } from './source.ts'

/** Options of `watch`. */
export interface KvWatchOptions extends KvRange, Omit<WatchOptions, 'fullDocument'> {}

/** A store with values of type `V`; see `Database.kv`. Every method of `Kv` is a transaction of its own. */
export class KvStore<V = unknown> extends Kv<V> {
  /** The documents of its entries, for queries, indexes and exports: `{ _id: key, version, expires?, value }`. */
  readonly collection: Collection<KvDocument>
  readonly #database: Handle

  /** @internal */
  constructor(
    name: string,
    collection: Collection<KvDocument>,
    database: Handle,
    together: Together,
    options: KvOptions | undefined
  ) {
    const indexes = new KvIndexes(collection)
    const place = {
      name,
      documents: collection,
      mayExpire: () => indexes.hasExpiry(),
      prepareExpiry: () => indexes.makeExpiry(),
      orderHint: () => (indexes.makeOrder() ? ORDER_INDEX : undefined),
      together
    }
    super(place, options)
    this.collection = collection
    this.#database = database
  }

  /** The same methods as promises, for code that also runs against a server. */
  get async(): AsyncKv<V> {
    return new AsyncKv<V>(this)
  }

  /**
   * Deletes the store with all its keys and indexes.
   * @returns whether there was one
   * @throws QuireError `BUSY`, `READ_ONLY`
   */
  drop(): boolean {
    return this.collection.drop()
  }

  /**
   * What becomes of the keys of a range from now on, after each commit: a value that was set, by whichever verb, a key
   * that was deleted or whose time had come, once it is taken away (`ttlInterval`), all keys deleted at once.
   *
   * @throws QuireError `INVALID_ARGUMENT` for a token of another database, `HISTORY_LOST` when the changes behind it
   * are not kept any more; the reason of a signal that was aborted
   */
  watch(options: KvWatchOptions = {}): KvChanges<V> {
    const { prefix, start, after, end, ...watch } = options
    const range = Object.fromEntries(
      Object.entries({ prefix, start, after, end }).filter(([, text]) => text !== undefined)
    )
    const condition = rangeCondition(range, 'watch')
    const kinds = { operationType: { $in: ['insert', 'update', 'replace', 'delete', 'clear', 'drop', 'invalidate'] } }
    const keys =
      condition === undefined ? [] : [{ $or: [{ 'documentKey._id': condition }, { documentKey: { $exists: false } }] }]
    const filter = { $and: [kinds, ...keys] }
    return new KvChanges<V>(
      new ChangeStream(this.#database, this.collection.name, filter, { ...watch, fullDocument: 'updateLookup' })
    )
  }
}

/**
 * The changes of a store. Iterate it with `for await`, or call `next`. It ends when the store is dropped.
 *
 * Errors of every method that reads: as those of `ChangeStream`.
 */
export class KvChanges<V> implements AsyncIterable<KvChange<V>>, Disposable, AsyncDisposable {
  readonly #stream: ChangeStream<ChangeEvent<KvDocument>>

  /** @internal */
  constructor(stream: ChangeStream<ChangeEvent<KvDocument>>) {
    this.#stream = stream
  }

  /** The next change, which is waited for; null when nothing follows. */
  async next(): Promise<KvChange<V> | null> {
    for (;;) {
      const event = await this.#stream.next()
      if (event === null) return null
      const change = changeOf<V>(event)
      if (change !== undefined) return change
    }
  }

  /** The next change that is there already; null when there is none now. */
  tryNext(): KvChange<V> | null {
    for (;;) {
      const event = this.#stream.tryNext()
      if (event === null) return null
      const change = changeOf<V>(event)
      if (change !== undefined) return change
    }
  }

  /** Iterates over the changes; leaving the loop closes them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<KvChange<V>, undefined> {
    for await (const event of this.#stream) {
      const change = changeOf<V>(event)
      if (change !== undefined) yield change
    }
    return undefined
  }

  /** The place behind the last change that was handed out, for `resumeAfter`. */
  get resumeToken(): ResumeToken {
    return this.#stream.resumeToken
  }

  /** Whether nothing follows. */
  get closed(): boolean {
    return this.#stream.closed
  }

  /** Ends it; whoever waits for a change gets null. */
  close(): void {
    this.#stream.close()
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}
