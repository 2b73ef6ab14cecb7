// A database on a server: the methods of `Database`, as promises.
//
// What a callback did in `transaction` is a list of commands here, done in one request: a server does not wait for its
// clients with a transaction open. Promises: as Database. Leaves to others: collections (remote-collection.ts), stores
// (remote-kv.ts), requests (transport.ts).

import type {
  ChangeEvent,
  ChangeFilter,
  CheckReport,
  CollectionInfo,
  CompactReport,
  CreateCollectionOptions,
  Document,
  Stats,
  WatchOptions
} from '../index.ts'
import { namespacedName } from '../names.ts'
import { RemoteChanges } from './remote-changes.ts'
import { RemoteCollection } from './remote-collection.ts'
import { RemoteKv } from './remote-kv.ts'
import { type ConnectOptions, Transport } from './transport.ts'

/** One step of a transaction; docs/SERVER.md, "Transactions". */
export type TransactionCommand = { readonly op: string; readonly [field: string]: unknown }

/** A namespace of a database on a server. */
export interface RemoteNamespace {
  readonly name: string
  collection<T extends object = Document>(name: string): RemoteCollection<T>
  kv<V = unknown>(name: string): RemoteKv<V>
}

/** A database on a server. */
export class RemoteDatabase implements AsyncDisposable {
  readonly #transport: Transport
  readonly #path: string

  /** @param url where the server is */
  constructor(url: string, options: ConnectOptions) {
    this.#transport = new Transport(url, options)
    this.#path = `/v1/databases/${encodeURIComponent(options.database ?? 'main')}`
  }

  /** The collection of this name; its first write makes it. */
  collection<T extends object = Document>(name: string): RemoteCollection<T> {
    return new RemoteCollection<T>(this.#transport, this.#path, name)
  }

  /** The key-value store of this name. */
  kv<V = unknown>(name: string): RemoteKv<V> {
    return new RemoteKv<V>(this.#transport, this.#path, name, undefined)
  }

  /** The namespace of this name. */
  namespace(name: string): RemoteNamespace {
    return {
      name,
      collection: <T extends object>(inside: string) => this.collection<T>(namespacedName(name, inside)),
      kv: <V>(store: string) => new RemoteKv<V>(this.#transport, this.#path, store, name)
    }
  }

  /** Makes the database on the server where it is not there; needs a token of `admin`. */
  async create(): Promise<void> {
    await this.#transport.ask({ method: 'PUT', path: this.#path })
  }

  /** Makes an empty collection; needed only for options. */
  async createCollection<T extends object = Document>(
    name: string,
    options: CreateCollectionOptions = {}
  ): Promise<RemoteCollection<T>> {
    await this.#transport.ask({ method: 'PUT', path: this.#collectionPath(name), body: options })
    return this.collection<T>(name)
  }

  /** Deletes a collection and all its documents; gives whether there was one. */
  dropCollection(name: string): Promise<boolean> {
    return this.collection(name).drop()
  }

  /** Gives a collection another name. */
  renameCollection(from: string, to: string): Promise<void> {
    return this.collection(from).rename(to)
  }

  /** The collections, in the order of their names. */
  async listCollections(): Promise<CollectionInfo[]> {
    const asked = { method: 'GET', path: `${this.#path}/collections` } as const
    return (await this.#transport.ask<{ collections: CollectionInfo[] }>(asked)).collections
  }

  /** Does commands together, or none of them; gives what each gives. */
  async transaction(
    commands: readonly TransactionCommand[],
    options: { durability?: 'disk' | 'process' | 'lazy' } = {}
  ): Promise<unknown[]> {
    const query = { durability: options.durability ?? this.#transport.durability }
    const asked = {
      method: 'POST',
      path: `${this.#path}/transactions`,
      query,
      body: { commands },
      isWrite: true
    } as const
    return (await this.#transport.ask<{ results: unknown[] }>(asked)).results
  }

  /** The changes of every collection from now on. */
  watch<T extends object = Document>(filter?: ChangeFilter<T>, options?: WatchOptions): RemoteChanges<ChangeEvent<T>> {
    return new RemoteChanges<ChangeEvent<T>>(this.#transport, `${this.#path}/changes`, filter, options)
  }

  /** Counts and sizes. */
  stats(): Promise<Stats> {
    return this.#transport.ask<Stats>({ method: 'GET', path: this.#path })
  }

  /** Reads everything and compares it with everything else. */
  check(): Promise<CheckReport> {
    return this.#transport.ask<CheckReport>({ method: 'POST', path: `${this.#path}/check` })
  }

  /** Gives back the room that deletes and updates left. */
  compact(): Promise<CompactReport> {
    return this.#transport.ask<CompactReport>({ method: 'POST', path: `${this.#path}/compact` })
  }

  /** A copy of the database as it is now, as the bytes of a file that `open` opens. */
  async backup(): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#transport.open({ method: 'GET', path: `${this.#path}/backup`, accept: '*/*' })
    return response.body as ReadableStream<Uint8Array>
  }

  /** Ends what is under way. Closing twice is allowed. */
  async close(): Promise<void> {
    this.#transport.close()
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #collectionPath(name: string): string {
    return `${this.#path}/collections/${encodeURIComponent(name)}`
  }
}
