// A key-value store on a server: the methods of `db.kv(name)`, as promises.
//
// Promises: the same results; a version is what the server calls the entity tag of a key. Leaves to others: what stores
// keep and promise (docs/KEY-VALUE.md).

import type { KvEntry, KvListOptions, KvOperation, KvResult, KvVersion } from '../index.ts'
import { RemoteError } from './remote-error.ts'
import type { Asked, Transport } from './transport.ts'

/** Options of writes. */
export interface RemoteKvSetOptions {
  /** Milliseconds from now after which the key is gone. */
  readonly ttl?: number
  readonly durability?: 'disk' | 'process' | 'lazy'
}

const PAGE = 1000

/** The keys of a store, with values of type `V`. */
export class RemoteKv<V = unknown> {
  /** The store's name. */
  readonly name: string
  readonly #transport: Transport
  readonly #path: string
  readonly #namespace: string | undefined

  constructor(transport: Transport, databasePath: string, name: string, namespace: string | undefined) {
    this.name = name
    this.#transport = transport
    this.#path = `${databasePath}/kv/${encodeURIComponent(name)}`
    this.#namespace = namespace
  }

  /** The value of a key; undefined when there is none. */
  async get(key: string): Promise<V | undefined> {
    return this.#transport.find<V>(this.#asked('GET', key))
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
  async set(key: string, value: V, options?: RemoteKvSetOptions): Promise<KvVersion> {
    return (await this.#transport.ask<{ version: KvVersion }>(this.#set(key, value, options))).version
  }

  /** Gives a key its value unless it has one; gives the new version, or undefined. */
  setIfAbsent(key: string, value: V, options?: RemoteKvSetOptions): Promise<KvVersion | undefined> {
    return this.#setIf({ 'If-None-Match': '*' }, key, value, options)
  }

  /** Gives a key its value if its version is still this one; gives the new version, or undefined. */
  compareAndSet(
    key: string,
    version: KvVersion | null,
    value: V,
    options?: RemoteKvSetOptions
  ): Promise<KvVersion | undefined> {
    return this.#setIf(
      version === null ? { 'If-None-Match': '*' } : { 'If-Match': `"${version}"` },
      key,
      value,
      options
    )
  }

  /** Adds to the number of a key; gives the number after it. */
  async increment(key: string, by: number | bigint = 1, options?: RemoteKvSetOptions): Promise<number | bigint> {
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

  /** Takes a key away; gives whether there was one. */
  async delete(key: string): Promise<boolean> {
    const [existed] = await this.batch([{ op: 'delete', key }])
    return existed === true
  }

  /** Gives keys their values, all of them or none. */
  async setMany(entries: Iterable<readonly [key: string, value: V]>, options?: RemoteKvSetOptions): Promise<void> {
    const ttl = options?.ttl === undefined ? {} : { ttl: options.ttl }
    const operations = Array.from(entries, ([key, value]) => ({ op: 'set', key, value, ...ttl }) as const)
    if (operations.length > 0) await this.batch(operations, options)
  }

  /** Takes all keys away, or those of a prefix; gives how many there were. */
  async deleteAll({ prefix }: { readonly prefix?: string } = {}): Promise<number> {
    const query = { ...this.#write(undefined), prefix }
    return (
      await this.#transport.ask<{ deletedCount: number }>({ method: 'DELETE', path: this.#path, query, isWrite: true })
    ).deletedCount
  }

  /** The entries, in the order of their keys; read a page at a time, each as it is then. */
  async *entries({
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

  /** All keys with their values. */
  async getAll(): Promise<Map<string, V>> {
    const all = new Map<string, V>()
    for await (const { key, value } of this.entries()) all.set(key, value)
    return all
  }

  /** Does several steps in one commit, all of them or none; gives what each gives. */
  async batch(operations: readonly KvOperation<V>[], options?: RemoteKvSetOptions): Promise<KvResult<V>[]> {
    const query = this.#write({ ...options, ttl: undefined as never })
    const asked = { method: 'POST', path: `${this.#path}/batch`, query, body: { operations }, isWrite: true } as const
    return (await this.#transport.ask<{ results: KvResult<V>[] }>(asked)).results
  }

  #room(): { namespace?: string } {
    return this.#namespace === undefined ? {} : { namespace: this.#namespace }
  }

  #write(options: RemoteKvSetOptions | undefined): Record<string, string | undefined> {
    const ttl = options?.ttl === undefined ? undefined : String(options.ttl)
    return { ...this.#room(), durability: options?.durability ?? this.#transport.durability, ttl }
  }

  #asked(method: Asked['method'], key: string): Asked & { query: Record<string, string | undefined> } {
    return { method, path: `${this.#path}/${encodeURIComponent(key)}`, query: this.#room() }
  }

  #set(key: string, value: V, options: RemoteKvSetOptions | undefined): Asked {
    return { ...this.#asked('PUT', key), query: this.#write(options), body: value, isWrite: true }
  }

  async #setIf(headers: Record<string, string>, key: string, value: V, options: RemoteKvSetOptions | undefined) {
    try {
      const asked = { ...this.#set(key, value, options), headers }
      return (await this.#transport.ask<{ version: KvVersion }>(asked)).version
    } catch (error) {
      if (error instanceof RemoteError && error.status === 412) return undefined
      throw error
    }
  }
}
