// A collection: its documents, and what can be done with it as a whole.
//
// Promises: it exists from its first write on; a collection that was dropped comes to exist again with the next
// write. Leaves to others: the verbs on documents (documents.ts), making and listing collections (database.ts).

import { ChangeStream, type WatchOptions } from './change-stream.ts'
import type { ChangeEvent, ChangeFilter } from './change-types.ts'
import { runCommand } from './commands.ts'
import type { WithId } from './document.ts'
import { Documents } from './documents.ts'
import { invalidArgument } from './errors.ts'
import type { Filter } from './filter-types.ts'
import type { IndexDescription, IndexInfo, IndexOptions, IndexSpecification } from './index-types.ts'
import {
  createIndexCommand,
  createIndexesCommand,
  dropIndexCommand,
  dropIndexesCommand,
  listIndexesCommand
} from './indexes.ts'
import { LiveQuery, type LiveQueryOptions } from './live-query.ts'
import { addon, check, type Handle } from './native.ts'
import type { WriteOptions } from './options.ts'
import { durabilityIn, NO_SCHEMA, type Source } from './source.ts'

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

  /**
   * Makes an index, over documents that are there as well; the same one again is made once. It takes memory for its
   * entries while it is made; writers of the collection wait meanwhile, readers do not.
   *
   * @returns its name, made of its fields unless one is given
   * @throws QuireError `INVALID_INDEX`; `INDEX_EXISTS` when one has this name or these fields, but other options;
   * `DUPLICATE_KEY` when it is unique and two documents have one key; `LIMIT_EXCEEDED`, `BUSY`, `READ_ONLY`
   */
  createIndex(fields: IndexSpecification<T>, options?: IndexOptions<T>): string {
    return runCommand(this.source.handle, createIndexCommand(fields, options, 0))
  }

  /**
   * Makes several indexes, or none when one cannot be made.
   * @returns their names
   * @throws QuireError as `createIndex`
   */
  createIndexes(indexes: readonly IndexDescription<T>[], options?: WriteOptions): string[] {
    const durability = durabilityIn(this.source, options, 'createIndexes')
    return runCommand(this.source.handle, createIndexesCommand(indexes, durability))
  }

  /**
   * Drops an index, by its name or its fields.
   * @throws QuireError `INDEX_NOT_FOUND`, `COLLECTION_NOT_FOUND`, `INVALID_INDEX` for the one on `_id`, `BUSY`, `READ_ONLY`
   */
  dropIndex(index: string | IndexSpecification<T>, options?: WriteOptions): void {
    runCommand(this.source.handle, dropIndexCommand(index, durabilityIn(this.source, options, 'dropIndex')))
  }

  /**
   * Drops every index but the one on `_id`.
   * @throws QuireError `COLLECTION_NOT_FOUND`, `BUSY`, `READ_ONLY`
   */
  dropIndexes(options?: WriteOptions): void {
    runCommand(this.source.handle, dropIndexesCommand(durabilityIn(this.source, options, 'dropIndexes')))
  }

  /** The indexes, the one on `_id` first; none while the collection does not exist. */
  listIndexes(): IndexInfo[] {
    return runCommand(this.source.handle, listIndexesCommand())
  }
}
