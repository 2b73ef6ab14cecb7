// A collection: its documents, and what can be done with it as a whole.
//
// Promises: it exists from its first write on; a collection that was dropped comes to exist again with the next
// write. Leaves to others: the verbs on documents (documents.ts), making and listing collections (database.ts).

import { AsyncCollection } from './async-collection.ts'
import { Documents } from './documents.ts'
import { addon, check, type Handle } from './native.ts'
import type { Decoders } from './structures.ts'

/**
 * A collection of documents of type `T`. Every method of `Documents` is a transaction of its own.
 *
 * Methods are synchronous because they take microseconds; `collection.async` has them as promises.
 */
export class Collection<T extends object> extends Documents<T> {
  readonly #database: Handle
  #async: AsyncCollection<T> | undefined

  /** @internal */
  constructor(name: string, handle: Handle, decoders: Decoders, database: Handle) {
    super(name, handle, decoders)
    this.#database = database
  }

  /** The same collection with methods that return promises and work off the event loop. */
  get async(): AsyncCollection<T> {
    this.#async ??= new AsyncCollection<T>(this.name, this.handle, this.decoders)
    return this.#async
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
