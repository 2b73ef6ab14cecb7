// The verbs on the keys of one store, as a store and a transaction both have them.
//
// Promises: `get`, `getEntry` and `set` are one native call and a point read or write of one document; every other verb
// is atomic as well. An entry whose time has come is seen by nobody, whether it was taken away yet or not. Leaves to
// others: the form of entries (kv-entries.ts), keys (kv-keys.ts), indexes (kv-indexes.ts), several steps in one
// (kv-batch.ts), changes (kv-store.ts).

import type { Documents } from './documents.ts'
import { invalidArgument, QuireError } from './errors.ts'
import type { Filter } from './filter-types.ts'
import { checkOptions } from './filters.ts'
import { checkSteps, lifetimeOf, runSteps, runStepsOrUndo } from './kv-batch.ts'
import { checkTtl, deadFilter, endOf, entryOf, liveFilter, newVersion, storedEntry } from './kv-entries.ts'
import { checkKey, LIST_OPTIONS, rangeCondition } from './kv-keys.ts'
import { isOver, KvList } from './kv-list.ts'
import type {
  KvDocument,
  KvEntry,
  KvListOptions,
  KvOperation,
  KvOptions,
  KvRange,
  KvResult,
  KvSetOptions,
  KvVersion
} from './kv-types.ts'
import { countArgument, type WriteOptions, writeDurability } from './options.ts'
import type { FindOptions } from './query.ts'
import type { Together } from './source.ts'

const KV_OPTIONS = ['ttl'] as const satisfies readonly (keyof KvOptions)[]
const SET_OPTIONS = ['ttl', 'expires', 'durability'] as const satisfies readonly (keyof KvSetOptions)[]

/** What the keys of a store are kept in: its collection, by itself or in a transaction. @internal */
export interface KvPlace {
  /** The store's name, as it was given. */
  readonly name: string
  readonly documents: Documents<KvDocument>
  /** Whether entries may have an end. */
  readonly mayExpire: () => boolean
  /** Makes sure that entries with an end will be taken away. */
  readonly prepareExpiry: () => void
  /** The index to read keys in order by; undefined where they have to be sorted. */
  readonly orderHint: () => string | undefined
  /** Makes several steps one write; absent in a transaction. */
  readonly together?: Together
}

/**
 * The keys of a store, by themselves (see `KvStore`) or inside a transaction, with values of type `V`: bytes, texts,
 * numbers, or whatever else a document may hold.
 *
 * Errors of every method: `CLOSED`, `CORRUPTED`, `IO`; `INVALID_ID` for a key that is no text of 1 to 640 bytes. Of
 * every method that writes also: `READ_ONLY`, `BUSY`, `DISK_FULL`, `POISONED`, `UNSUPPORTED_VALUE`,
 * `DOCUMENT_TOO_LARGE`, and inside a transaction `CONFLICT`, `TRANSACTION_ENDED`, `TRANSACTION_TOO_LARGE`.
 */
export class Kv<V = unknown> {
  /** The store's name. */
  readonly name: string
  readonly #place: KvPlace
  readonly #documents: Documents<KvDocument>
  readonly #options: KvOptions | undefined
  /** Milliseconds that entries live whose write says nothing about it. */
  readonly #ttl: number | undefined

  /** @internal */
  constructor(place: KvPlace, options?: KvOptions) {
    checkOptions(options, KV_OPTIONS, 'kv')
    this.name = place.name
    this.#place = place
    this.#documents = place.documents
    this.#options = options
    this.#ttl = checkTtl(options?.ttl)
  }

  /** The value of a key; undefined when there is none. */
  get(key: string): V | undefined {
    checkKey(key)
    const entry = this.#documents.get(key)
    return entry === undefined || isOver(entry) ? undefined : (entry.value as V)
  }

  /** The value of a key with its version and its end; undefined when there is none. */
  getEntry(key: string): KvEntry<V> | undefined {
    checkKey(key)
    const entry = this.#documents.get(key)
    return entry === undefined || isOver(entry) ? undefined : entryOf<V>(entry)
  }

  /** Whether there is a value of this key. It costs what `get` costs: the entry tells whether its time has come. */
  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /**
   * Gives a key its value, whether it had one or not.
   * @returns the new version
   */
  set(key: string, value: V, options?: KvSetOptions): KvVersion {
    checkKey(key)
    const entry = this.#entry(key, value, options, 'set')
    this.#documents.put(entry, writeOptions(options))
    return entry.version
  }

  /**
   * Gives a key its value unless it has one.
   * @returns the new version; undefined when it has one
   */
  setIfAbsent(key: string, value: V, options?: KvSetOptions): KvVersion | undefined {
    if (this.has(key)) return undefined
    const entry = this.#entry(key, value, options, 'setIfAbsent')
    const write = writeOptions(options)
    for (;;) {
      try {
        this.#documents.insertOne(entry, write)
        return entry.version
      } catch (error) {
        if (!isCode(error, 'DUPLICATE_ID')) throw error
      }
      // What is in the way is an entry whose time has come, or one that somebody else has just set.
      if (this.#documents.replaceOne(deadFilter(key), entry, write).matchedCount === 1) return entry.version
      if (this.has(key)) return undefined
    }
  }

  /**
   * Gives a key its value if its version is still the one that was read.
   *
   * @param version the one of `getEntry`; null when there was no such key
   * @returns the new version; undefined when the key has another one
   * @throws QuireError `INVALID_ARGUMENT` for what is no version
   */
  compareAndSet(key: string, version: KvVersion | null, value: V, options?: KvSetOptions): KvVersion | undefined {
    if (version === null) return this.setIfAbsent(key, value, options)
    if (typeof version !== 'number') throw invalidArgument(`a version is a number or null, not ${typeof version}`)
    checkKey(key)
    const entry = this.#entry(key, value, options, 'compareAndSet')
    const filter = liveFilter({ _id: key, version })
    const { matchedCount } = this.#documents.replaceOne(filter, entry, writeOptions(options))
    return matchedCount === 1 ? entry.version : undefined
  }

  /**
   * Adds to the number of a key, or sets it where there is none; `ttl` and `expires` count for a new key only.
   *
   * Whole numbers stay exact up to 64 bits, and come back as bigint where a number is not exact.
   *
   * @returns the number after it
   * @throws QuireError `INVALID_UPDATE` when the value is no number, or the sum of whole numbers needs more than 64 bits
   */
  increment(key: string, by: number | bigint = 1, options?: KvSetOptions): number | bigint {
    checkKey(key)
    if (typeof by !== 'bigint' && !Number.isFinite(by))
      throw invalidArgument(`increment adds a finite number or a bigint, not ${String(by)}`)
    const expires = this.#end(options, 'increment')
    const write = writeOptions(options)
    const update = {
      $set: { version: newVersion() },
      ...(expires === undefined ? {} : { $setOnInsert: { expires } }),
      $inc: { value: by }
    }
    for (;;) {
      try {
        const asked = { ...write, upsert: true, returnDocument: 'after' } as const
        const entry = this.#documents.findOneAndUpdate(liveFilter({ _id: key }), update as never, asked)
        return entry?.value as number | bigint
      } catch (error) {
        if (isCode(error, 'INVALID_UPDATE')) throw notIncremented(key, error)
        if (!isCode(error, 'DUPLICATE_ID')) throw error
      }
      // An entry whose time has come is in the way.
      this.#documents.deleteOne(deadFilter(key), write)
    }
  }

  /**
   * Gives a key another end; its version stays.
   * @param lifetime `{ expires: null }` for none
   * @returns whether there is such a key
   */
  expire(key: string, lifetime: KvSetOptions): boolean {
    checkKey(key)
    const expires = this.#end(lifetime, 'expire')
    const update = expires === undefined ? { $unset: { expires: true } } : { $set: { expires } }
    const filter = liveFilter({ _id: key })
    return this.#documents.updateOne(filter, update as never, writeOptions(lifetime)).matchedCount === 1
  }

  /**
   * Takes a key away.
   * @returns whether there was one
   */
  delete(key: string, options?: WriteOptions): boolean {
    checkKey(key)
    const entry = this.#documents.get(key)
    // One whose time has come goes without being told of, unless somebody has just set another one.
    const isGone =
      entry !== undefined && isOver(entry) && this.#documents.deleteOne(deadFilter(key), options).deletedCount === 1
    return !isGone && this.#documents.delete(key, options)
  }

  /** The values of keys as they are in one moment, in the order of `keys`; undefined for those that there are not. */
  getMany(keys: readonly string[]): (V | undefined)[] {
    if (!Array.isArray(keys)) throw invalidArgument('getMany takes an array of keys')
    for (const key of keys) checkKey(key)
    const values = this.#read({ _id: { $in: keys } })
    return keys.map(key => values.get(key))
  }

  /** Gives keys their values, all of them or, after an error, none. Of several values of one key the last one counts. */
  setMany(entries: Iterable<readonly [key: string, value: V]>, options?: KvSetOptions): void {
    checkOptions(options, SET_OPTIONS, 'setMany')
    if (typeof (entries as Partial<typeof entries> | null)?.[Symbol.iterator] !== 'function')
      throw invalidArgument('setMany takes pairs of a key and a value, such as a Map')
    const lifetime = lifetimeOf(options ?? {})
    const operations = Array.from(entries, ([key, value]) => ({ op: 'set', key, value, ...lifetime }) as const)
    this.batch(operations, writeOptions(options))
  }

  /** All keys with their values, in no order. `entries` has an order, and needs no memory for all of them. */
  getAll(): Map<string, V> {
    return this.#read({})
  }

  /**
   * Takes all keys of a range away, by default all there are: all of them or, after an error, none.
   * @returns how many there were
   */
  deleteAll(range: KvRange & WriteOptions = {}): number {
    const { durability: _, ...keys } = range
    const options = writeOptions(range)
    const condition = rangeCondition(keys, 'deleteAll')
    if (this.#place.mayExpire()) this.#documents.deleteMany({ expires: { $lte: new Date() } }, options)
    if (condition === undefined) return this.#documents.clear(options)
    return this.#documents.deleteMany({ _id: condition }, options).deletedCount
  }

  /** How many keys there are, or how many of a range. */
  count(range: KvRange = {}): number {
    const condition = rangeCondition(range, 'count')
    if (condition !== undefined) this.#place.orderHint()
    else if (!this.#place.mayExpire()) return this.#documents.estimatedDocumentCount()
    return this.#documents.countDocuments(liveFilter(condition === undefined ? {} : { _id: condition }))
  }

  /** The keys, in their order: that of their UTF-8 bytes. The first list of a store makes the index for it. */
  keys(options: KvListOptions = {}): KvList<string> {
    return this.#list(options, 'keys', entry => entry._id)
  }

  /** The values, in the order of their keys. */
  values(options: KvListOptions = {}): KvList<V> {
    return this.#list(options, 'values', entry => entry.value as V)
  }

  /** The entries, in the order of their keys. */
  entries(options: KvListOptions = {}): KvList<KvEntry<V>> {
    return this.#list(options, 'entries', entryOf<V>)
  }

  /**
   * Does several steps in one commit, all of them or none.
   * @returns what each step gives
   * @throws QuireError `CONFLICT` when the version that a `check` asks for is another one
   */
  batch(operations: readonly KvOperation<V>[], options?: WriteOptions): KvResult<V>[] {
    checkSteps(operations)
    const durability = writeDurability(options, 'batch')
    const { name, together } = this.#place
    if (together === undefined) {
      if (durability !== 0) throw invalidArgument('batch takes no durability in a transaction; the transaction has it')
      return runStepsOrUndo(operations.map(step => ({ kv: this, step })))
    }
    this.prepare(operations)
    return together.now(durability, documents => {
      const kv = new Kv<V>(preparedPlace(name, documents), this.#options)
      return runSteps(operations.map(step => ({ kv, step })))
    })
  }

  /** Makes sure that what the steps of a batch give an end will be taken away. @internal */
  prepare(operations: readonly KvOperation<V>[]): void {
    for (const step of operations) {
      if ((step.op === 'set' || step.op === 'increment') && this.#end(lifetimeOf(step), step.op) !== undefined) return
    }
  }

  /** The document of a key as it is. @internal */
  stored(key: string): KvDocument | undefined {
    checkKey(key)
    return this.#documents.get(key)
  }

  /** Brings the document of a key back to what it was. @internal */
  restore(key: string, before: KvDocument | undefined): void {
    if (before === undefined) this.#documents.delete(key)
    else this.#documents.put(before)
  }

  #read(filter: Filter<KvDocument>): Map<string, V> {
    const values = new Map<string, V>()
    for (const entry of this.#documents.find(filter).toArray()) {
      if (!isOver(entry)) values.set(entry._id, entry.value as V)
    }
    return values
  }

  #list<R>(options: KvListOptions, call: string, read: (entry: KvDocument) => R): KvList<R> {
    const { limit, reverse = false } = options
    const condition = rangeCondition(options, call, LIST_OPTIONS)
    if (typeof reverse !== 'boolean') throw invalidArgument(`reverse must be true or false, not ${String(reverse)}`)
    const hint = this.#place.orderHint()
    const mayExpire = this.#place.mayExpire()
    const find = {
      sort: { _id: reverse ? -1 : 1 },
      // Without ends the index alone tells the keys.
      ...(call === 'keys' ? { projection: mayExpire ? { _id: 1, expires: 1 } : { _id: 1 } } : {}),
      ...(limit === undefined ? {} : { limit: countArgument('limit', limit) }),
      ...(hint === undefined ? {} : { hint })
    }
    const wanted = condition === undefined ? {} : { _id: condition }
    const filter = mayExpire ? liveFilter(wanted) : wanted
    return new KvList<R>(this.#documents.find(filter, find as FindOptions<KvDocument>), read)
  }

  /** The document of a value that is written now. */
  #entry(key: string, value: V, options: KvSetOptions | undefined, call: string): KvDocument {
    const isForEver = options === undefined && this.#ttl === undefined
    return storedEntry(key, value, isForEver ? undefined : this.#end(options, call))
  }

  /** When an entry ends that is written now; undefined for never. */
  #end(options: KvSetOptions | undefined, call: string): Date | undefined {
    checkOptions(options, SET_OPTIONS, call)
    const expires = endOf(options, this.#ttl)
    if (expires !== undefined) this.#place.prepareExpiry()
    return expires
  }
}

/** The place of steps in a transaction before which indexes were made. @internal */
export function preparedPlace(name: string, documents: Documents<object>): KvPlace {
  return {
    name,
    documents: documents as unknown as Documents<KvDocument>,
    mayExpire: () => true,
    prepareExpiry: () => undefined,
    orderHint: () => undefined
  }
}

function writeOptions(options: WriteOptions | undefined): WriteOptions | undefined {
  return options?.durability === undefined ? undefined : { durability: options.durability }
}

function isCode(error: unknown, code: QuireError['code']): boolean {
  return error instanceof QuireError && error.code === code
}

function notIncremented(key: string, cause: unknown): QuireError {
  return new QuireError('INVALID_UPDATE', `key ${key} cannot be incremented: ${(cause as Error).message}`, { cause })
}
