// A key-value store on a server: the methods of `db.kv(name)`, as promises.
//
// Promises: the same results; a version is what the server calls the entity tag of a key. Leaves to others: what stores
// keep and promise (docs/KEY-VALUE.md).

import type {
  AsyncKv,
  AsyncKvList,
  ChangeEvent,
  KvDocument,
  KvEntry,
  KvListOptions,
  KvOperation,
  KvRange,
  KvResult,
  KvSetOptions,
  KvVersion,
  KvWatchOptions,
  WriteOptions
} from '../index.ts'
import { storeName } from '../names.ts'
import { RemoteChanges } from './remote-changes.ts'
import { RemoteError } from './remote-error.ts'
import { eventsOf, RemoteKvChanges } from './remote-kv-changes.ts'
import type { Asked, Transport } from './transport.ts'

const PAGE = 1000

/** What an embedded store has, but for a stream that also tells what is there already. */
type Verbs<V> = Omit<AsyncKv<V>, 'watch'>

/** The keys of a store, with values of type `V`. */
export class RemoteKv<V = unknown> implements Verbs<V> {
  /** The store's name. */
  readonly name: string
  /** Path of the collection that holds the entries. */
  readonly #collection: string
  readonly #transport: Transport
  readonly #path: string
  readonly #namespace: string | undefined

  constructor(transport: Transport, databasePath: string, name: string, namespace: string | undefined) {
    this.name = name
    this.#transport = transport
    this.#path = `${databasePath}/kv/${encodeURIComponent(name)}`
    this.#namespace = namespace
    this.#collection = `${databasePath}/collections/${encodeURIComponent(storeName(namespace, name))}`
  }

  /** Itself, for code that was written for an embedded database. */
  get async(): this {
    return this
  }

  /** The value of a key; undefined when there is none. */
  async get(key: string): Promise<V | undefined> {
    return this.#transport.find<V>(this.#asked('GET', key))
  }

  /** The value of a key with its version and its end; undefined when there is none. */
  async getEntry(key: string): Promise<KvEntry<V> | undefined> {
    for await (const entry of this.entries({ start: key, limit: 1 })) return entry.key === key ? entry : undefined
    return undefined
  }

  /** Whether there is a value of this key. */
  async has(key: string): Promise<boolean> {
    const [version] = await this.batch([{ op: 'get', key }])
    return version !== null && version !== undefined
  }

  /** The values of keys as they are in one moment, in their order; undefined for those that there are not. */
  async getMany(keys: readonly string[]): Promise<(V | undefined)[]> {
    if (keys.length === 0) return []
    const values = await this.batch(keys.map(key => ({ op: 'get', key }) as const))
    return values.map(value => (value === null ? undefined : (value as V)))
  }

  /** Gives a key its value; gives the new version. */
  async set(key: string, value: V, options?: KvSetOptions): Promise<KvVersion> {
    return (await this.#transport.ask<{ version: KvVersion }>(this.#set(key, value, options))).version
  }

  /** Gives a key its value unless it has one; gives the new version, or undefined. */
  setIfAbsent(key: string, value: V, options?: KvSetOptions): Promise<KvVersion | undefined> {
    return this.#setIf({ 'If-None-Match': '*' }, key, value, options)
  }

  /** Gives a key its value if its version is still this one; gives the new version, or undefined. */
  compareAndSet(
    key: string,
    version: KvVersion | null,
    value: V,
    options?: KvSetOptions
  ): Promise<KvVersion | undefined> {
    return this.#setIf(
      version === null ? { 'If-None-Match': '*' } : { 'If-Match': `"${version}"` },
      key,
      value,
      options
    )
  }

  /** Adds to the number of a key; gives the number after it. */
  async increment(key: string, by: number | bigint = 1, options?: KvSetOptions): Promise<number | bigint> {
    const { path, query } = this.#asked('POST', key)
    const asked = {
      method: 'POST',
      path: `${path}/increment`,
      query: { ...query, ...this.#write(options) },
      body: { by },
      isWrite: true
    } as const
    return (await this.#transport.ask<{ value: number | bigint }>(asked)).value
  }

  /**
   * Gives a key another end; gives whether there is such a key. Its value is set again, so its version is another one
   * afterwards.
   */
  async expire(key: string, lifetime: KvSetOptions): Promise<boolean> {
    for (;;) {
      const entry = await this.getEntry(key)
      if (entry === undefined) return false
      if ((await this.compareAndSet(key, entry.version, entry.value, lifetime)) !== undefined) return true
    }
  }

  /** Takes a key away; gives whether there was one. */
  async delete(key: string, options?: WriteOptions): Promise<boolean> {
    const [existed] = await this.batch([{ op: 'delete', key }], options)
    return existed === true
  }

  /** Gives keys their values, all of them or none. */
  async setMany(entries: Iterable<readonly [key: string, value: V]>, options?: KvSetOptions): Promise<void> {
    const ttl = ttlOf(options)
    const lifetime = ttl === undefined ? {} : { ttl }
    const operations = Array.from(entries, ([key, value]) => ({ op: 'set', key, value, ...lifetime }) as const)
    if (operations.length > 0) await this.batch(operations, writeOf(options))
  }

  /** Takes all keys of a range away, by default all there are; gives how many there were. */
  async deleteAll({ prefix, start, after, end, ...options }: KvRange & WriteOptions = {}): Promise<number> {
    if (start !== undefined || after !== undefined || end !== undefined) {
      return this.#deleteEach({ prefix, start, after, end } as KvRange, options)
    }
    const query = { ...this.#write(options), prefix }
    const asked = { method: 'DELETE', path: this.#path, query, isWrite: true } as const
    return (await this.#transport.ask<{ deletedCount: number }>(asked)).deletedCount
  }

  /** How many keys there are, or how many of a range; read a page at a time where it is one. */
  async count(range: KvRange = {}): Promise<number> {
    if (Object.values(range).some(bound => bound !== undefined)) {
      let count = 0
      for await (const _ of this.entries(range)) count++
      return count
    }
    const filter = { $or: [{ expires: { $exists: false } }, { $expr: { $gt: ['$expires', '$$NOW'] } }] }
    const asked = { method: 'POST', path: `${this.#collection}/count`, body: { filter } } as const
    return (await this.#transport.ask<{ count: number }>(asked)).count
  }

  /** The keys, in their order; read a page at a time, each as it is then. */
  keys(options?: KvListOptions): AsyncKvList<string> {
    return listOf(
      () => this.#pages(options),
      entry => entry.key
    )
  }

  /** The values, in the order of their keys; as `keys`. */
  values(options?: KvListOptions): AsyncKvList<V> {
    return listOf(
      () => this.#pages(options),
      entry => entry.value
    )
  }

  /** The entries, in the order of their keys; as `keys`. */
  entries(options?: KvListOptions): AsyncKvList<KvEntry<V>> {
    return listOf(
      () => this.#pages(options),
      entry => entry
    )
  }

  /** All keys with their values. */
  async getAll(): Promise<Map<string, V>> {
    const all = new Map<string, V>()
    for await (const { key, value } of this.entries()) all.set(key, value)
    return all
  }

  /** Does several steps in one commit, all of them or none; gives what each gives. */
  async batch(operations: readonly KvOperation<V>[], options?: WriteOptions): Promise<KvResult<V>[]> {
    const query = this.#write(writeOf(options))
    const asked = {
      method: 'POST',
      path: `${this.#path}/batch`,
      query,
      body: { operations: operations.map(stepOf) },
      isWrite: true
    } as const
    return (await this.#transport.ask<{ results: KvResult<V>[] }>(asked)).results
  }

  /** What becomes of the keys of a range from now on, also over a connection that breaks. */
  watch({ prefix, start, after, end, ...options }: KvWatchOptions = {}): RemoteKvChanges<V> {
    const range = { prefix, start, after, end } as KvRange
    const watch = { ...options, fullDocument: 'updateLookup' } as const
    const path = `${this.#collection}/changes`
    return new RemoteKvChanges<V>(
      new RemoteChanges<ChangeEvent<KvDocument>>(this.#transport, path, eventsOf(range), watch)
    )
  }

  /** Deletes the store with all its keys and indexes; gives whether there was one. */
  async drop(): Promise<boolean> {
    return this.#transport.drop(this.#collection)
  }

  async #deleteEach(range: KvRange, options: WriteOptions): Promise<number> {
    const keys = await this.keys(range).toArray()
    let count = 0
    for (let at = 0; at < keys.length; at += PAGE) {
      const operations = keys.slice(at, at + PAGE).map(key => ({ op: 'delete', key }) as const)
      count += (await this.batch(operations, options)).filter(existed => existed === true).length
    }
    return count
  }

  async *#pages({
    limit = Number.POSITIVE_INFINITY,
    reverse = false,
    ...range
  }: KvListOptions = {}): AsyncGenerator<KvEntry<V>, void> {
    let left = limit
    let bound: Record<string, string> = { ...range } as Record<string, string>
    while (left > 0) {
      const query = {
        ...bound,
        ...this.#room(),
        limit: String(Math.min(left, PAGE)),
        ...(reverse ? { reverse: 'true' } : {})
      }
      const asked = { method: 'GET', path: this.#path, query } as const
      const { entries, hasMore } = await this.#transport.ask<{ entries: KvEntry<V>[]; hasMore: boolean }>(asked)
      yield* entries
      left -= entries.length
      const last = entries.at(-1)
      if (!hasMore || last === undefined) return
      bound = { ...bound, [reverse ? 'end' : 'after']: last.key }
    }
  }

  #room(): { namespace?: string } {
    return this.#namespace === undefined ? {} : { namespace: this.#namespace }
  }

  #write(options: KvSetOptions | undefined): Record<string, string | undefined> {
    const ttl = ttlOf(options)
    return {
      ...this.#room(),
      durability: options?.durability ?? this.#transport.durability,
      ttl: ttl === undefined ? undefined : String(ttl)
    }
  }

  #asked(method: Asked['method'], key: string): Asked & { query: Record<string, string | undefined> } {
    return { method, path: `${this.#path}/${encodeURIComponent(key)}`, query: this.#room() }
  }

  #set(key: string, value: V, options: KvSetOptions | undefined): Asked {
    return { ...this.#asked('PUT', key), query: this.#write(options), body: value, isWrite: true }
  }

  async #setIf(headers: Record<string, string>, key: string, value: V, options: KvSetOptions | undefined) {
    try {
      const asked = { ...this.#set(key, value, options), headers }
      return (await this.#transport.ask<{ version: KvVersion }>(asked)).version
    } catch (error) {
      if (error instanceof RemoteError && error.status === 412) return undefined
      throw error
    }
  }
}

/** Milliseconds that an entry lives; undefined for ever. */
function ttlOf({ ttl, expires }: KvSetOptions = {}): number | undefined {
  if (expires === undefined || expires === null) return ttl === undefined ? undefined : Math.ceil(ttl)
  return Math.max(1, expires.getTime() - Date.now())
}

/** A step in the server's words, which say how long an entry lives in milliseconds only. */
function stepOf<V>(step: KvOperation<V>): object {
  if (step.op !== 'set' && step.op !== 'increment') return step
  const { expires: _expires, ttl: _ttl, ...others } = step
  const ttl = ttlOf(step)
  return ttl === undefined ? others : { ...others, ttl }
}

function writeOf({ durability }: KvSetOptions = {}): WriteOptions {
  return durability === undefined ? {} : { durability }
}

function listOf<E, R>(pages: () => AsyncGenerator<E, void>, read: (entry: E) => R): AsyncKvList<R> {
  async function* all(): AsyncGenerator<R, void> {
    for await (const entry of pages()) yield read(entry)
  }
  return {
    toArray: async () => {
      const list: R[] = []
      for await (const one of all()) list.push(one)
      return list
    },
    [Symbol.asyncIterator]: all
  }
}
