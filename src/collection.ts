// A collection: its documents, and what can be done with it as a whole.
//
// Promises: it exists from its first write on; a collection that was dropped comes to exist again with the next
// write. Leaves to others: the verbs on documents (documents.ts), making and listing collections (database.ts).

import { ChangeStream, type WatchOptions } from './change-stream.ts'
import type { ChangeEvent, ChangeFilter } from './change-types.ts'
import type { WithId } from './document.ts'
import { Documents } from './documents.ts'
import { invalidArgument } from './errors.ts'
import type { Filter } from './filter-types.ts'
import { LiveQuery, type LiveQueryOptions } from './live-query.ts'
import { addon, check, type Handle } from './native.ts'
import { NO_SCHEMA, type Source } from './source.ts'

/**
 * A collection of documents of type `T`. Every method of `Documents` is a transaction of its own.
 *
 * Methods are synchronous because they take microseconds; `collection.async` has them as promises.
 */
export class Collection<T extends object> extends Documents<T> {
  readonly #database: Handle

  /** @internal */
  constructor(source: Source, database: Handle) {
    super(source)
    this.#database = database
  }

  /**
   * Deletes the collection and all its documents.
   * @returns whether there was one
   * @throws QuireError `BUSY`, `READ_ONLY`
   */
  drop(): boolean {
    return check(addon.dropCollection(this.#database, this.name)) === 1
  }

  /**
   * Gives the collection another name; this object keeps standing for the old one.
   * @throws QuireError `COLLECTION_NOT_FOUND`, `COLLECTION_EXISTS`, `INVALID_NAME`, `BUSY`, `READ_ONLY`
   */
  rename(to: string): void {
    check(addon.renameCollection(this.#database, this.name, to))
  }

  /**
   * The changes of the collection from now on, after their commits. It ends with an `invalidate` event when the
   * collection is dropped or renamed.
   *
   * @param filter which events are told: conditions on their fields, such as `{ 'fullDocument.city': 'Kochi' }`
   * @throws QuireError `INVALID_ARGUMENT` for a token of another database, `HISTORY_LOST` when the changes behind it
   * are not kept any more, `INVALID_FILTER`; the reason of a signal that was aborted
   */
  watch(filter?: ChangeFilter<T>, options?: WatchOptions): ChangeStream<ChangeEvent<T>> {
    return new ChangeStream<ChangeEvent<T>>(this.#database, this.name, filter, options)
  }

  /**
   * The documents that match, kept current: the result of `find` as it is after each commit.
   *
   * @throws QuireError those of `find`; the reason of a signal that was aborted
   */
  liveQuery(filter: Filter<T> = {} as Filter<T>, options: LiveQueryOptions<T> = {}): LiveQuery<T> {
    const { signal, ...find } = options
    if ('projection' in find) throw invalidArgument('liveQuery gives whole documents; it has no option projection')
    const run = (handle: Handle): WithId<T>[] =>
      new Documents<T>({ ...this.source, handle, slot: NO_SCHEMA }).find(filter, find).toArray()
    return new LiveQuery<T>({
      database: this.#database,
      name: this.name,
      filter,
      isWindow: Object.values(find).some(value => value !== undefined),
      skips: (find.skip ?? 0) > 0,
      run,
      signal
    })
  }
}
