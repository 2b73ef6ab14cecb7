// Namespaces: collections and stores that belong together, and have their names to themselves.
//
// Promises: what is in a namespace is reached by no other one, whatever the names are; it exists from the first write
// in it on. Leaves to others: names (names.ts), everything that collections and stores do.

import type { Collection } from './collection.ts'
import type { Document } from './document.ts'
import type { Documents } from './documents.ts'
import type { Kv } from './kv.ts'
import type { KvPaths } from './kv-paths.ts'
import type { KvStore } from './kv-store.ts'
import type { KvStores } from './kv-stores.ts'
import type { KvOptions } from './kv-types.ts'
import { namespacedName, namespacePrefix, splitName } from './names.ts'
import type { CollectionOptions } from './schema.ts'
import type { CollectionInfo, CreateCollectionOptions } from './stats.ts'
import type { Transaction } from './transaction.ts'

/** What namespaces need of their database. @internal */
export interface NamespaceHost {
  collection<T extends object>(name: string, options?: CollectionOptions<T>): Collection<T>
  dropCollection(name: string): boolean
  renameCollection(from: string, to: string): void
  createCollection<T extends object>(name: string, options?: CreateCollectionOptions): Collection<T>
  listCollections(): CollectionInfo[]
  begin(): Transaction
}

/** A collection or a store of a namespace, and its size. */
export interface NamespaceInfo {
  /** The name inside the namespace. */
  readonly name: string
  /** Whether it is a key-value store. */
  readonly isStore: boolean
  /** The collection that it is in the database, with its size. */
  readonly collection: CollectionInfo
}

/** A namespace of a database; see `Database.namespace`. */
export class Namespace {
  /** Its name. */
  readonly name: string
  /** @internal */
  readonly database: NamespaceHost
  readonly #stores: KvStores

  /** @internal */
  constructor(name: string, database: NamespaceHost, stores: KvStores) {
    namespacePrefix(name)
    this.name = name
    this.database = database
    this.#stores = stores
  }

  /**
   * The collection of this name in the namespace; its first write makes it. In the database it is the collection
   * `<namespace>/<name>`.
   * @throws QuireError as `Database.collection`
   */
  collection<T extends object = Document>(name: string, options?: CollectionOptions<T>): Collection<T> {
    return this.database.collection<T>(namespacedName(this.name, name), options)
  }

  /**
   * Makes an empty collection; needed only for options.
   * @throws QuireError `COLLECTION_EXISTS`, `INVALID_NAME`
   */
  createCollection<T extends object = Document>(name: string, options?: CreateCollectionOptions): Collection<T> {
    return this.database.createCollection<T>(namespacedName(this.name, name), options)
  }

  /**
   * The key-value store of this name in the namespace, or, without a name, the keys of all its stores by paths.
   * @throws QuireError as `Database.kv`
   */
  kv<V = unknown>(name: string, options?: KvOptions): KvStore<V>
  kv(): KvPaths
  kv(name?: string, options?: KvOptions): KvStore | KvPaths {
    return name === undefined ? this.#stores.paths(this.name) : this.#stores.store(this.name, name, options)
  }

  /** Its collections and stores, in the order of the names that they have in the database. */
  list(): NamespaceInfo[] {
    return this.database.listCollections().flatMap(collection => {
      const { namespace, name, isStore } = splitName(collection.name)
      return namespace === this.name ? [{ name, isStore, collection }] : []
    })
  }

  /**
   * Deletes a collection with all its documents; a store has a `drop` of its own.
   * @returns whether there was one
   * @throws QuireError `BUSY`, `INVALID_NAME`, `READ_ONLY`
   */
  dropCollection(name: string): boolean {
    return this.database.dropCollection(namespacedName(this.name, name))
  }

  /**
   * Gives a collection another name in the namespace.
   * @throws QuireError `COLLECTION_NOT_FOUND`, `COLLECTION_EXISTS`, `INVALID_NAME`, `BUSY`, `READ_ONLY`
   */
  renameCollection(from: string, to: string): void {
    this.database.renameCollection(namespacedName(this.name, from), namespacedName(this.name, to))
  }

  /**
   * Deletes everything in the namespace, one collection and store after the other.
   * @returns how many there were
   * @throws QuireError `BUSY`, `READ_ONLY`; what was deleted until then stays deleted
   */
  drop(): number {
    return this.list().filter(({ collection }) => this.database.dropCollection(collection.name)).length
  }
}

/** What namespaces need of their transaction. @internal */
export interface TransactionHost {
  collection<T extends object>(name: string): Documents<T>
  store<V>(namespace: string | undefined, name: string): Kv<V>
  paths(namespace: string | undefined): KvPaths
}

/** A namespace as a transaction sees it. */
export class TransactionNamespace {
  /** Its name. */
  readonly name: string
  readonly #transaction: TransactionHost

  /** @internal */
  constructor(name: string, transaction: TransactionHost) {
    namespacePrefix(name)
    this.name = name
    this.#transaction = transaction
  }

  /** As `Namespace.collection`. */
  collection<T extends object = Document>(name: string): Documents<T> {
    return this.#transaction.collection<T>(namespacedName(this.name, name))
  }

  /** As `Namespace.kv`. */
  kv<V = unknown>(name: string): Kv<V>
  kv(): KvPaths
  kv(name?: string): Kv | KvPaths {
    return name === undefined ? this.#transaction.paths(this.name) : this.#transaction.store(this.name, name)
  }
}
