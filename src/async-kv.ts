// The verbs on the keys of a store as promises, for code that also runs against a server.
//
// A call takes microseconds, so it is done when it is made; only its result, or its failure, is a promise. Promises: the
// same as `KvStore`, whose errors are rejections here. Leaves to others: everything else (kv.ts, kv-store.ts).

import type { KvChanges, KvStore, KvWatchOptions } from './kv-store.ts'
import type { KvEntry, KvListOptions, KvOperation, KvRange, KvResult, KvSetOptions, KvVersion } from './kv-types.ts'
import type { WriteOptions } from './options.ts'

/** Keys, values or entries, each as it is asked for. */
export interface AsyncKvList<R> extends AsyncIterable<R> {
  /** All that are left. */
  toArray(): Promise<R[]>
}

/** A store's methods as promises; see `KvStore.async`. The stores of `quiredb/client` have the same. */
export class AsyncKv<V = unknown> {
  readonly #store: KvStore<V>

  /** @internal */
  constructor(store: KvStore<V>) {
    this.#store = store
  }

  /** The store's name. */
  get name(): string {
    return this.#store.name
  }

  /** As `Kv.get`. */
  async get(key: string): Promise<V | undefined> {
    return this.#store.get(key)
  }

  /** As `Kv.getEntry`. */
  async getEntry(key: string): Promise<KvEntry<V> | undefined> {
    return this.#store.getEntry(key)
  }

  /** As `Kv.has`. */
  async has(key: string): Promise<boolean> {
    return this.#store.has(key)
  }

  /** As `Kv.set`. */
  async set(key: string, value: V, options?: KvSetOptions): Promise<KvVersion> {
    return this.#store.set(key, value, options)
  }

  /** As `Kv.setIfAbsent`. */
  async setIfAbsent(key: string, value: V, options?: KvSetOptions): Promise<KvVersion | undefined> {
    return this.#store.setIfAbsent(key, value, options)
  }

  /** As `Kv.compareAndSet`. */
  async compareAndSet(
    key: string,
    version: KvVersion | null,
    value: V,
    options?: KvSetOptions
  ): Promise<KvVersion | undefined> {
    return this.#store.compareAndSet(key, version, value, options)
  }

  /** As `Kv.increment`. */
  async increment(key: string, by?: number | bigint, options?: KvSetOptions): Promise<number | bigint> {
    return this.#store.increment(key, by, options)
  }

  /** As `Kv.expire`. */
  async expire(key: string, lifetime: KvSetOptions): Promise<boolean> {
    return this.#store.expire(key, lifetime)
  }

  /** As `Kv.delete`. */
  async delete(key: string, options?: WriteOptions): Promise<boolean> {
    return this.#store.delete(key, options)
  }

  /** As `Kv.getMany`. */
  async getMany(keys: readonly string[]): Promise<(V | undefined)[]> {
    return this.#store.getMany(keys)
  }

  /** As `Kv.setMany`. */
  async setMany(entries: Iterable<readonly [key: string, value: V]>, options?: KvSetOptions): Promise<void> {
    this.#store.setMany(entries, options)
  }

  /** As `Kv.getAll`. */
  async getAll(): Promise<Map<string, V>> {
    return this.#store.getAll()
  }

  /** As `Kv.deleteAll`. */
  async deleteAll(range?: KvRange & WriteOptions): Promise<number> {
    return this.#store.deleteAll(range)
  }

  /** As `Kv.count`. */
  async count(range?: KvRange): Promise<number> {
    return this.#store.count(range)
  }

  /** As `Kv.keys`. */
  keys(options?: KvListOptions): AsyncKvList<string> {
    return listOf(() => this.#store.keys(options))
  }

  /** As `Kv.values`. */
  values(options?: KvListOptions): AsyncKvList<V> {
    return listOf(() => this.#store.values(options))
  }

  /** As `Kv.entries`. */
  entries(options?: KvListOptions): AsyncKvList<KvEntry<V>> {
    return listOf(() => this.#store.entries(options))
  }

  /** As `Kv.batch`. */
  async batch(operations: readonly KvOperation<V>[], options?: WriteOptions): Promise<KvResult<V>[]> {
    return this.#store.batch(operations, options)
  }

  /** As `KvStore.watch`. */
  watch(options?: KvWatchOptions): KvChanges<V> {
    return this.#store.watch(options)
  }

  /** As `KvStore.drop`. */
  async drop(): Promise<boolean> {
    return this.#store.drop()
  }
}

/** A list that is read when it is asked for. */
function listOf<R>(read: () => AsyncIterable<R> & { toArray(): R[] }): AsyncKvList<R> {
  return {
    toArray: async () => read().toArray(),
    [Symbol.asyncIterator]: () => read()[Symbol.asyncIterator]()
  }
}
