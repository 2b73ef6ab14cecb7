// Transactions: several writes, in several collections, that happen together or not at all.
//
// A transaction reads the moment of its beginning and its own writes; nobody else sees these before it commits.
// Promises: the callback's return commits, a throw or a rejected promise rolls back; what was opened from the
// transaction refuses every call after its end with TRANSACTION_ENDED. A callback that met CONFLICT is run again, so
// it should do nothing but work on the database. Leaves to others: locks and conflicts (the engine).

import type { Collection } from './collection.ts'
import type { Document } from './document.ts'
import { Documents } from './documents.ts'
import { invalidArgument, QuireError } from './errors.ts'
import { Kv } from './kv.ts'
import { KvIndexes } from './kv-indexes.ts'
import { KvPaths } from './kv-paths.ts'
import type { KvDocument, KvOptions } from './kv-types.ts'
import { storeName } from './names.ts'
import { TransactionNamespace } from './namespace.ts'
import { addon, check, checkObject, checkOutcome, type Handle, Task } from './native.ts'
import { type CheckedTransactionOptions, type TransactionOptions, transactionOptions } from './options.ts'
import type { SchemaSlot, Schemas } from './schema.ts'
import { NO_SCHEMA, type Source, type Together } from './source.ts'
import type { Decoders } from './structures.ts'

/** The handle of what belonged to a transaction that has ended; see `ENDED` in native/node/src/environment.rs. */
const ENDED: Handle = 0

/** The collection of a name, outside of transactions. @internal */
export type CollectionByName = (name: string) => Collection<KvDocument>

/** An open transaction. It is handed to the callback of `database.transaction`, or comes from `database.begin`. */
export class Transaction implements Disposable {
  readonly #database: Handle
  readonly #handle: Handle
  readonly #decoders: Decoders
  readonly #schemas: Schemas
  readonly #outside: CollectionByName
  readonly #collections = new Map<string, Documents<object>>()
  /** What could not be done while it was open. */
  readonly #afterwards: (() => void)[] = []
  /** What has to learn of the end. */
  readonly #sources: Source[] = []
  #isOpen = true

  /** @internal */
  constructor(database: Handle, handle: Handle, decoders: Decoders, schemas: Schemas, outside: CollectionByName) {
    this.#database = database
    this.#handle = handle
    this.#decoders = decoders
    this.#schemas = schemas
    this.#outside = outside
  }

  /** Whether it was neither committed nor rolled back. */
  get active(): boolean {
    return this.#isOpen
  }

  /**
   * The documents of a collection, as this transaction sees them.
   * @throws QuireError `INVALID_NAME`, `TRANSACTION_ENDED`
   */
  collection<T extends object = Document>(name: string): Documents<T> {
    this.#checkOpen()
    let documents = this.#collections.get(name)
    if (documents === undefined) {
      documents = this.#open(name, this.#schemas.slot(name))
      this.#collections.set(name, documents)
    }
    return documents as unknown as Documents<T>
  }

  /**
   * The keys of a store, as this transaction sees them, or, without a name, those of all stores by paths.
   *
   * The first key of a store that gets an end is met with `CONFLICT` once: the index by which keys expire cannot be made
   * in a transaction, so it is made after this one, which is then run again.
   *
   * @throws QuireError `INVALID_NAME`, `TRANSACTION_ENDED`
   */
  kv<V = unknown>(name: string, options?: KvOptions): Kv<V>
  kv(): KvPaths
  kv(name?: string, options?: KvOptions): Kv | KvPaths {
    return name === undefined ? this.#paths(undefined) : this.#store(undefined, name, options)
  }

  /**
   * The collections and stores of a namespace, as this transaction sees them.
   * @throws QuireError `INVALID_NAME`
   */
  namespace(name: string): TransactionNamespace {
    return new TransactionNamespace(name, {
      collection: <T extends object>(inside: string) => this.collection<T>(inside),
      store: <V>(namespace: string | undefined, store: string) => this.#store<V>(namespace, store),
      paths: namespace => this.#paths(namespace)
    })
  }

  #paths(namespace: string | undefined): KvPaths {
    return new KvPaths({ kv: <V>(name: string) => this.#store<V>(namespace, name) })
  }

  #store<V>(namespace: string | undefined, name: string, options?: KvOptions): Kv<V> {
    const collection = storeName(namespace, name)
    const prepareExpiry = () => {
      const indexes = new KvIndexes(this.#outside(collection))
      if (indexes.hasExpiry()) return
      this.#afterwards.push(() => indexes.makeExpiry())
      throw new QuireError('CONFLICT', `store ${name} gets its first key with an end; run the transaction again`)
    }
    const documents = this.collection<KvDocument>(collection)
    return new Kv<V>({ name, documents, mayExpire: () => true, prepareExpiry, orderHint: () => undefined }, options)
  }

  /** As `collection`, whatever its schema is. @internal */
  unchecked(name: string): Documents<object> {
    return this.#open(name, NO_SCHEMA)
  }

  #open(name: string, slot: SchemaSlot): Documents<object> {
    const handle = check(addon.transactionCollection(this.#handle, name))
    const source: Source = { name, handle, decoders: this.#decoders, slot, hasDurability: false }
    this.#sources.push(source)
    return new Documents<object>(source)
  }

  /**
   * Makes all writes part of the database. After an error they are rolled back.
   * @throws QuireError `CONFLICT`, `TRANSACTION_ENDED`, `DISK_FULL`, `IO`, `POISONED`, `CLOSED`
   */
  commit(): void {
    this.#checkOpen()
    this.#end()
    check(addon.commit(this.#handle, 0))
    this.#catchUp()
  }

  /**
   * As `commit`, waiting for the disk off the event loop.
   * @throws QuireError as `commit`
   */
  async commitAsync(): Promise<void> {
    this.#checkOpen()
    this.#end()
    // The collections are free for others at once; only the wait for the disk is left to a pool thread.
    if (check(addon.commit(this.#handle, 1)) === 1) {
      checkOutcome(await checkObject(addon.databaseTask(this.#database, Task.Sync)))
    }
    this.#catchUp()
  }

  /**
   * Forgets all writes.
   * @throws QuireError `TRANSACTION_ENDED`
   */
  rollback(): void {
    this.#checkOpen()
    this.#end()
    check(addon.rollback(this.#handle))
    this.#catchUp()
  }

  /** Rolls back unless it has ended, for `using`. */
  [Symbol.dispose](): void {
    this.abandon()
  }

  /** Rolls back unless it has ended; a database that was closed has done so. @internal */
  abandon(): void {
    if (!this.#isOpen) return
    this.#end()
    addon.rollback(this.#handle)
    this.#catchUp()
  }

  /** Does what could not be done while it was open. */
  #catchUp(): void {
    for (const task of this.#afterwards.splice(0)) task()
  }

  #end(): void {
    this.#isOpen = false
    for (const source of this.#sources) {
      addon.closeCollection(source.handle)
      source.handle = ENDED
    }
  }

  #checkOpen(): void {
    if (!this.#isOpen) {
      throw new QuireError('TRANSACTION_ENDED', 'the transaction was already committed or rolled back')
    }
  }
}

/** What a transaction's callback does and gives. */
export type TransactionCallback<R> = (transaction: Transaction) => R

/** Runs callbacks in transactions of one database. @internal */
export class TransactionRunner {
  readonly #database: Handle
  readonly #decoders: Decoders
  readonly #schemas: Schemas
  readonly #outside: CollectionByName
  /** Whether a callback is running right now, up to its return or its first `await`. */
  #isInside = false

  constructor(database: Handle, decoders: Decoders, schemas: Schemas, outside: CollectionByName) {
    this.#database = database
    this.#decoders = decoders
    this.#schemas = schemas
    this.#outside = outside
  }

  /** Begins a transaction that its caller ends. */
  begin(options: TransactionOptions | undefined): Transaction {
    return this.#begin(transactionOptions(options))
  }

  /** Runs `callback` in a transaction; see `Database.transaction`. */
  run<R>(callback: TransactionCallback<R>, options: TransactionOptions | undefined): R {
    if (typeof callback !== 'function') throw invalidArgument('transaction takes a function')
    if (this.#isInside) {
      throw invalidArgument(
        'a transaction was begun inside the callback of another one; use the one that was handed in'
      )
    }
    const checked = transactionOptions(options)
    for (let triesLeft = checked.retries; ; triesLeft--) {
      const transaction = this.#begin(checked)
      try {
        const result = this.#call(callback, transaction)
        if (isPromise(result)) return this.#finish(callback, checked, triesLeft, transaction, result) as R
        if (transaction.active) transaction.commit()
        return result
      } catch (error) {
        transaction.abandon()
        if (triesLeft <= 0 || !isConflict(error)) throw error
      }
    }
  }

  /** How several steps on one collection are made one write; see `Together`. */
  together(name: string): Together {
    return {
      now: (durability, work) => this.atomically([name], durability, transaction => work(transaction.unchecked(name))),
      later: async (durability, work) => {
        const transaction = this.#begin({ durability, collections: [name], retries: 0 })
        try {
          const result = await work(transaction.unchecked(name).async)
          await transaction.commitAsync()
          return result
        } finally {
          transaction.abandon()
        }
      }
    }
  }

  /** Commits what `work` did in a transaction that holds these collections; rolls back when it throws. */
  atomically<R>(collections: readonly string[], durability: number, work: (transaction: Transaction) => R): R {
    const transaction = this.#begin({ durability, collections, retries: 0 })
    try {
      const result = work(transaction)
      transaction.commit()
      return result
    } finally {
      transaction.abandon()
    }
  }

  #begin(options: CheckedTransactionOptions): Transaction {
    const handle = check(addon.begin(this.#database, [...options.collections], options.durability))
    return new Transaction(this.#database, handle, this.#decoders, this.#schemas, this.#outside)
  }

  #call<R>(callback: TransactionCallback<R>, transaction: Transaction): R {
    this.#isInside = true
    try {
      return callback(transaction)
    } finally {
      this.#isInside = false
    }
  }

  /** Waits for a callback that returned a promise, and runs it again after CONFLICT. */
  async #finish(
    callback: TransactionCallback<unknown>,
    options: CheckedTransactionOptions,
    tries: number,
    first: Transaction,
    firstResult: PromiseLike<unknown>
  ): Promise<unknown> {
    let transaction = first
    let result: unknown = firstResult
    for (let triesLeft = tries; ; triesLeft--) {
      try {
        const value = await result
        if (transaction.active) await transaction.commitAsync()
        return value
      } catch (error) {
        transaction.abandon()
        if (triesLeft <= 0 || !isConflict(error)) throw error
      }
      transaction = this.#begin(options)
      try {
        result = this.#call(callback, transaction)
      } catch (error) {
        result = Promise.reject(error)
      }
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

function isConflict(error: unknown): boolean {
  return error instanceof QuireError && error.code === 'CONFLICT'
}
