// Lists of a key-value store: keys, values or entries in the order of keys, read in batches as they are asked for.
//
// Promises: a list sees the moment at which it was first asked, but for entries whose time comes meanwhile, which are
// passed over; nothing is read before. Leaves to others: reading (cursor.ts), the order's index (kv-indexes.ts).

import type { Cursor } from './cursor.ts'
import type { KvDocument } from './kv-types.ts'
import type { Explanation } from './query.ts'

/** Whether the time of an entry has come. */
export function isOver(entry: { readonly expires?: Date }): boolean {
  return entry.expires !== undefined && entry.expires.getTime() <= Date.now()
}

/**
 * Keys, values or entries of a store. Iterate it (`for … of`, `for await … of`), or call `toArray`.
 *
 * Errors of every method that reads: `CLOSED`, `SNAPSHOT_TOO_OLD`, `CORRUPTED`, `IO`; `LIMIT_EXCEEDED` where no index
 * gives the order and there are more than 100 MiB to sort.
 */
export class KvList<R> implements Iterable<R>, AsyncIterable<R>, Disposable {
  readonly #cursor: Cursor<KvDocument>
  readonly #read: (entry: KvDocument) => R

  /** @internal */
  constructor(cursor: Cursor<KvDocument>, read: (entry: KvDocument) => R) {
    this.#cursor = cursor
    this.#read = read
  }

  /** All that are left. */
  toArray(): R[] {
    const all: R[] = []
    for (const entry of this.#cursor.toArray()) if (!isOver(entry)) all.push(this.#read(entry))
    return all
  }

  /** How the list is read, and what that takes; it is run for it, and the list stays as it is. */
  explain(): Explanation {
    return this.#cursor.explain()
  }

  /** Iterates over those that are left; leaving the loop closes the list. */
  *[Symbol.iterator](): Generator<R, undefined, undefined> {
    for (const entry of this.#cursor) if (!isOver(entry)) yield this.#read(entry)
    return undefined
  }

  /** As iterating, for `for await`; entries are read in the calling thread. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, undefined, undefined> {
    for (const read of this) yield read
    return undefined
  }

  /** Gives up those that are left, and the moment that the list sees. */
  close(): void {
    this.#cursor.close()
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}
