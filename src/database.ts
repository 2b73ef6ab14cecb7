// Opening a database, and what can be done with it as a whole.
//
// Promises: one file has one engine in a process, however often and in however many worker threads it is opened;
// closing refuses every later call with CLOSED; what is open at the exit of a process is closed then. Leaves to
// others: documents (documents.ts), transactions (transaction.ts).

import { AggregationCursor } from './aggregation.ts'
import { ChangeStream, type WatchOptions } from './change-stream.ts'
import type { ChangeEvent, ChangeFilter } from './change-types.ts'
import { Collection } from './collection.ts'
import { runCommand } from './commands.ts'
import type { Document } from './document.ts'
import { codeOfNumber, invalidArgument } from './errors.ts'
import { checkOptions } from './filters.ts'
import { expireDocumentsCommand } from './indexes.ts'
import type { KvPaths } from './kv-paths.ts'
import type { KvStore } from './kv-store.ts'
import { KvStores } from './kv-stores.ts'
import type { KvDocument, KvOptions } from './kv-types.ts'
import { splitName } from './names.ts'
import { Namespace } from './namespace.ts'
import {
  type AsyncOutcome,
  addon,
  check,
  checkObject,
  checkOutcome,
  type Handle,
  type NativeError,
  Task
} from './native.ts'
import { nativeOpenOptions, type OpenOptions, type TransactionOptions } from './options.ts'
import type { PipelineStage } from './pipeline.ts'
import { type CollectionOptions, Schemas } from './schema.ts'
import type {
  BackupReport,
  CheckReport,
  CollectionInfo,
  CompactReport,
  CreateCollectionOptions,
  IdKind,
  Problem,
  SalvageReport,
  Stats
} from './stats.ts'
import { Decoders } from './structures.ts'
import { type Transaction, type TransactionCallback, TransactionRunner } from './transaction.ts'

/** Numbers of the kinds of ids for native code. */
const ID_KIND_NUMBERS: Readonly<Record<IdKind, number>> = { ulid: 0, integer: 1 }

let closesAtExit = false

/**
 * Opens the database at `path`, or makes it; `:memory:` is one without a file.
 *
 * @throws QuireError `INVALID_ARGUMENT`, `LOCKED` when another process has it open, `CANNOT_OPEN`, `NOT_A_DATABASE`,
 * `UNSUPPORTED_FORMAT`, `CORRUPTED`, `DISK_FULL`, `IO`, `OUT_OF_MEMORY`
 */
export function open(path: string, options?: OpenOptions): Database {
  if (typeof path !== 'string' || path === '') throw invalidArgument('open takes the path of a file, or :memory:')
  const handle = check(addon.open(path, ...nativeOpenOptions(options)))
  if (!closesAtExit) {
    closesAtExit = true
    process.once('exit', () => addon.closeAll())
  }
  return new Database(path, handle)
}

/**
 * Copies every document that can still be read of a damaged database to a new one; the damaged files are only read.
 *
 * @throws QuireError `INVALID_ARGUMENT` when there is a file at `to`, `LOCKED` while `from` is open, `CANNOT_OPEN`,
 * `NOT_A_DATABASE`, `UNSUPPORTED_FORMAT`, `DISK_FULL`, `IO`
 */
export async function salvage(from: string, to: string): Promise<SalvageReport> {
  const { report } = checkOutcome(await checkObject(addon.salvage(textArgument('from', from), textArgument('to', to))))
  if (report === undefined) throw invalidArgument('salvage gave no report')
  const { documentsCount, problemsCount, problems } = report
  return { documentsCount, problemsCount, problems: problems.map(toProblem) }
}

/** An open database. Errors of every method: `CLOSED`; of every write also `READ_ONLY`. */
export class Database implements Disposable, AsyncDisposable {
  /** The path that it was opened with. */
  readonly path: string
  readonly #handle: Handle
  readonly #decoders = new Decoders()
  readonly #schemas = new Schemas()
  readonly #transactions: TransactionRunner
  readonly #stores: KvStores
  readonly #collections = new Map<string, Collection<object>>()
  #isClosed = false

  /** @internal */
  constructor(path: string, handle: Handle) {
    this.path = path
    this.#handle = handle
    const byName = (name: string) => this.collection<KvDocument>(name)
    this.#transactions = new TransactionRunner(handle, this.#decoders, this.#schemas, byName)
    this.#stores = new KvStores(handle, this.#transactions, byName)
  }

  /**
   * The collection of this name; its first write makes it.
   *
   * With a `schema` (of zod, valibot, arktype or any other Standard Schema) every document is validated when it is
   * inserted, put, replaced or updated through this database object, also in transactions; what the schema gives back
   * is stored. The schema is not part of the file: it is given once after each opening, and holds for everything that
   * stands for this collection; a later one takes its place.
   *
   * @throws QuireError `INVALID_NAME` when it is empty, longer than 255 bytes, or has control characters;
   * `INVALID_ARGUMENT` for a schema that is none
   */
  collection<T extends object = Document>(name: string, options?: CollectionOptions<T>): Collection<T> {
    checkOptions(options, ['schema'], 'collection')
    let collection = this.#collections.get(name)
    if (collection === undefined || this.#isClosed) {
      const handle = check(addon.collection(this.#handle, textArgument('name', name)))
      const slot = this.#schemas.slot(name)
      const together = this.#transactions.together(name)
      const source = { name, handle, decoders: this.#decoders, slot, hasDurability: true, together }
      collection = new Collection<object>(source, this.#handle)
      this.#collections.set(name, collection)
    }
    if (options !== undefined) this.#schemas.slot(name).set(options.schema, name)
    return collection as unknown as Collection<T>
  }

  /**
   * Makes an empty collection; needed only for options.
   * @throws QuireError `COLLECTION_EXISTS`, `INVALID_NAME`
   */
  createCollection<T extends object = Document>(name: string, options?: CreateCollectionOptions): Collection<T> {
    checkOptions(options, ['ids'], 'createCollection')
    const ids = options?.ids ?? 'ulid'
    if (!Object.hasOwn(ID_KIND_NUMBERS, ids))
      throw invalidArgument(`ids must be 'ulid' or 'integer', not ${String(ids)}`)
    check(addon.createCollection(this.#handle, textArgument('name', name), ID_KIND_NUMBERS[ids]))
    return this.collection<T>(name)
  }

  /**
   * The key-value store of this name, or, without a name, the keys of all stores by paths (`store/key`). Its first write
   * makes it, as the collection `kv:<name>`. docs/KEY-VALUE.md tells what stores keep and promise.
   *
   * @throws QuireError `INVALID_NAME` when the name is empty, too long or has control characters; `INVALID_ARGUMENT`
   */
  kv<V = unknown>(name: string, options?: KvOptions): KvStore<V>
  kv(): KvPaths
  kv(name?: string, options?: KvOptions): KvStore | KvPaths {
    return name === undefined ? this.#stores.paths(undefined) : this.#stores.store(undefined, name, options)
  }

  /**
   * The namespace of this name: collections and stores that belong together, with names of their own.
   * @throws QuireError `INVALID_NAME` when the name is empty, `INVALID_ARGUMENT`
   */
  namespace(name: string): Namespace {
    return new Namespace(name, this, this.#stores)
  }

  /** The names of the namespaces that something is in, in order. */
  listNamespaces(): string[] {
    return [...new Set(this.listCollections().flatMap(({ name }) => splitName(name).namespace ?? []))].sort()
  }

  /**
   * Deletes the documents that an index with `expireAfterSeconds` lets go, as happens by itself every `ttlInterval`.
   * @returns how many there were
   * @throws QuireError `BUSY`, `READ_ONLY`
   */
  expireDocuments(): number {
    return runCommand(this.#handle, expireDocumentsCommand())
  }

  /**
   * Deletes a collection and all its documents.
   * @returns whether there was one
   * @throws QuireError `BUSY`, `INVALID_NAME`
   */
  dropCollection(name: string): boolean {
    return check(addon.dropCollection(this.#handle, textArgument('name', name))) === 1
  }

  /**
   * Gives a collection another name.
   * @throws QuireError `COLLECTION_NOT_FOUND`, `COLLECTION_EXISTS`, `INVALID_NAME`, `BUSY`
   */
  renameCollection(from: string, to: string): void {
    check(addon.renameCollection(this.#handle, textArgument('from', from), textArgument('to', to)))
  }

  /**
   * The results of a pipeline that begins with `$documents`; `Documents.aggregate` is that of a collection.
   * @throws QuireError `INVALID_ARGUMENT` when the pipeline is no array, or for an option: there is none to be given
   */
  aggregate<R extends object = Document>(
    pipeline: readonly PipelineStage[],
    options?: { readonly [name: string]: never }
  ): AggregationCursor<R> {
    return new AggregationCursor<R>({ handle: this.#handle, decoders: this.#decoders }, pipeline, options)
  }

  /** The collections, in the order of their names. */
  listCollections(): CollectionInfo[] {
    return checkObject(addon.collections(this.#handle))
  }

  /**
   * Runs `callback` in a transaction: its return commits, a throw rolls back and is thrown on. With an async callback
   * the result is a promise, and the commit waits for the disk off the event loop.
   *
   * After CONFLICT (another transaction changed what this one had read before it wrote) the callback is run again, up
   * to `retries` times. Naming `collections` avoids conflicts on them.
   *
   * @throws QuireError `CONFLICT`, `BUSY` when another transaction holds a collection, `TRANSACTION_TOO_LARGE`,
   * `INVALID_ARGUMENT` for a transaction inside the callback of another one
   */
  transaction<R>(callback: TransactionCallback<R>, options?: TransactionOptions): R {
    return this.#transactions.run(callback, options)
  }

  /**
   * Begins a transaction that has to be ended with `commit` or `rollback`; `transaction` is safer.
   * @throws QuireError `BUSY`
   */
  begin(options?: TransactionOptions): Transaction {
    return this.#transactions.begin(options)
  }

  /**
   * The changes of every collection from now on, after their commits, those of a transaction together.
   *
   * @param filter which events are told, such as `{ 'ns.coll': { $in: ['users', 'orders'] } }`
   * @throws QuireError `INVALID_ARGUMENT` for a token of another database, `HISTORY_LOST` when the changes behind it
   * are not kept any more, `INVALID_FILTER`; the reason of a signal that was aborted
   */
  watch<T extends object = Document>(filter?: ChangeFilter<T>, options?: WatchOptions): ChangeStream<ChangeEvent<T>> {
    return new ChangeStream<ChangeEvent<T>>(this.#handle, undefined, filter, options)
  }

  /**
   * Resolves when everything committed before the call is on disk.
   * @throws QuireError `IO`, `POISONED`
   */
  async sync(): Promise<void> {
    await this.#task(Task.Sync)
  }

  /**
   * Writes everything to the data file and gives the log's space back. It happens by itself as the log grows.
   * @throws QuireError `DISK_FULL`, `IO`, `POISONED`
   */
  async checkpoint(): Promise<void> {
    await this.#task(Task.Checkpoint)
  }

  /**
   * Copies everything committed so far, and perhaps some of what is committed meanwhile, to a new database at `path`,
   * while others read and write. The file has its name only when it is whole and on disk.
   *
   * @throws QuireError `INVALID_ARGUMENT` when there is a file at `path`, `LOCKED`, `CANNOT_OPEN`, `DISK_FULL`, `IO`;
   * `SNAPSHOT_TOO_OLD` when more than 256 MiB of pages were changed before they were copied: try again when fewer
   * writes come; `CORRUPTED` when a page is damaged: `salvage` copies what can be read
   */
  async backup(path: string): Promise<BackupReport> {
    const { backup } = checkOutcome(await checkObject(addon.backup(this.#handle, textArgument('path', path))))
    if (backup === undefined) throw invalidArgument('backup gave no report')
    return backup
  }

  /**
   * Gives back the room in the file that deletes and updates left, while others read and write. One collection after
   * the other is put into new pages where that is worth it; who writes to it waits for that long.
   *
   * @throws QuireError `DISK_FULL`, `IO`, `CORRUPTED`, `POISONED`; what was moved until then stays moved
   */
  async compact(): Promise<CompactReport> {
    const { compaction } = await this.#task(Task.Compact)
    if (compaction === undefined) throw invalidArgument('compact gave no report')
    return compaction
  }

  /** Counts and sizes. */
  stats(): Stats {
    return checkObject(addon.stats(this.#handle))
  }

  /** Reads everything and compares it with everything else. What is wrong is in the report, not thrown. */
  async check(): Promise<CheckReport> {
    const { report } = await this.#task(Task.Check)
    if (report === undefined) throw invalidArgument('check gave no report')
    return { ...report, problems: report.problems.map(toProblem) }
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#isClosed
  }

  /**
   * Closes it: open transactions are rolled back, cursors end, and the last handle of a file writes everything to it
   * and lets other processes in. Closing twice is allowed.
   * @throws QuireError those of the last checkpoint; the database is closed all the same, and its log has everything
   */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    check(addon.closeDatabase(this.#handle))
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** As `close`, writing to the file off the event loop, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#task(Task.Close)
  }

  async #task(task: number): Promise<AsyncOutcome> {
    return checkOutcome(await checkObject(addon.databaseTask(this.#handle, task)))
  }
}

function toProblem({ kind, message, page }: NativeError): Problem {
  return { code: codeOfNumber(kind), message, ...(page < 0 ? {} : { page }) }
}

function textArgument(name: string, value: string): string {
  if (typeof value !== 'string') throw invalidArgument(`${name} must be a string, not ${typeof value}`)
  return value
}
