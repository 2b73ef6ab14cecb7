// The two indexes that the collection of a key-value store may have, each made when it is first needed.
//
// `_id_-1` gives the keys in order, both ways: it is made by the first list. `expires_1` lets entries go whose time has
// come: it is made by the first entry that has one, and has nothing of other entries. Promises: where there is no
// `expires_1`, no entry has an end, so nobody has to look for one. Leaves to others: making indexes (collection.ts).

import type { Collection } from './collection.ts'
import { QuireError } from './errors.ts'
import type { KvDocument } from './kv-types.ts'

/** The index that orders keys. The one on `_id` that every collection has is a hash. */
export const ORDER_INDEX = '_id_-1'
/** The index by which entries expire. */
export const EXPIRY_INDEX = 'expires_1'

/** The indexes of one store. */
export class KvIndexes {
  readonly #collection: Collection<KvDocument>
  /** What was seen to be there. A user may drop it again, which only costs time: see `hasExpiry`. */
  #sawExpiry = false

  /** @param collection the collection by itself, outside of transactions */
  constructor(collection: Collection<KvDocument>) {
    this.#collection = collection
  }

  /** Whether entries may have an end. */
  hasExpiry(): boolean {
    this.#sawExpiry ||= this.#has(EXPIRY_INDEX)
    return this.#sawExpiry
  }

  /** Makes the index by which entries expire, if there is none. */
  makeExpiry(): void {
    if (this.#has(EXPIRY_INDEX)) return
    this.#collection.createIndex({ expires: 1 }, { expireAfterSeconds: 0, sparse: true })
  }

  /** Whether there is an index that orders keys. */
  hasOrder(): boolean {
    return this.#has(ORDER_INDEX)
  }

  /**
   * Makes the index that orders keys, if there is none and there are keys.
   * @returns whether there is one; a database that is read only gets none
   */
  makeOrder(): boolean {
    const indexes = this.#collection.listIndexes()
    if (indexes.length === 0) return false
    if (indexes.some(({ name }) => name === ORDER_INDEX)) return true
    try {
      this.#collection.createIndex({ _id: -1 })
      return true
    } catch (error) {
      if (error instanceof QuireError && error.code === 'READ_ONLY') return false
      throw error
    }
  }

  #has(index: string): boolean {
    return this.#collection.listIndexes().some(({ name }) => name === index)
  }
}
