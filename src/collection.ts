// A collection: its documents, and what can be done with it as a whole.
//
// Promises: it exists from its first write on; a collection that was dropped comes to exist again with the next
// write. Leaves to others: the verbs on documents (documents.ts), making and listing collections (database.ts).

import { Documents } from './documents.ts'
import { addon, check, type Handle } from './native.ts'
import type { Source } from './source.ts'

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
}
