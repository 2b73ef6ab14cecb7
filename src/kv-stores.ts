// Opening the key-value stores of a database: by themselves, by paths, and for steps in several of them.
//
// Promises: a store without options is opened once. Leaves to others: what stores do (kv-store.ts), what their
// collections are called (names.ts).

import type { Collection } from './collection.ts'
import { Kv, preparedPlace } from './kv.ts'
import { KvPaths } from './kv-paths.ts'
import { KvStore } from './kv-store.ts'
import type { KvDocument, KvOptions } from './kv-types.ts'
import { storeName } from './names.ts'
import type { Handle } from './native.ts'
import type { TransactionRunner } from './transaction.ts'

/** The stores of a database. @internal */
export class KvStores {
  readonly #database: Handle
  readonly #transactions: TransactionRunner
  readonly #collection: (name: string) => Collection<KvDocument>
  /** Those without options, by the names of their collections. */
  readonly #open = new Map<string, KvStore<unknown>>()

  constructor(database: Handle, transactions: TransactionRunner, collection: (name: string) => Collection<KvDocument>) {
    this.#database = database
    this.#transactions = transactions
    this.#collection = collection
  }

  /**
   * The store of this name in a namespace, or in none.
   * @throws QuireError `INVALID_NAME`, `INVALID_ARGUMENT`
   */
  store<V>(namespace: string | undefined, name: string, options: KvOptions | undefined): KvStore<V> {
    const collectionName = storeName(namespace, name)
    if (options === undefined) {
      const open = this.#open.get(collectionName)
      if (open !== undefined) return open as KvStore<V>
    }
    const collection = this.#collection(collectionName)
    const together = this.#transactions.together(collectionName)
    const store = new KvStore<V>(name, collection, this.#database, together, options)
    if (options === undefined) this.#open.set(collectionName, store as KvStore<unknown>)
    return store
  }

  /** The keys of all stores of a namespace, or of no namespace, by paths. */
  paths(namespace: string | undefined): KvPaths {
    return new KvPaths({
      kv: <V>(name: string) => this.store<V>(namespace, name, undefined),
      kvTogether: (names, durability, work) => {
        const collections = names.map(name => storeName(namespace, name))
        return this.#transactions.atomically(collections, durability, transaction =>
          work(<V>(name: string) => new Kv<V>(preparedPlace(name, transaction.unchecked(storeName(namespace, name)))))
        )
      }
    })
  }
}
