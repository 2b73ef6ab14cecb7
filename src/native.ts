// The one file that names the native addon: loads it and keeps the buffers that both sides see.
//
// Calls return a number: a count or a length, or minus the number of an error, whose text the next call fetches.
// Requests are read from the buffer that msgpackr encodes into, which is pinned when it changes; responses are
// written to `response`, or fetched when they do not fit. Promises: no call throws by itself; the buffers are never
// handed out, so nobody can detach them. Leaves to others: what calls mean (native/node/src, collection.ts …).

import { createRequire } from 'node:module'
import type { Encoded } from './codec.ts'
import { codeOfNumber, QuireError } from './errors.ts'
import type { BackupReport, CollectionInfo, CompactReport, Stats } from './stats.ts'

/** Verbs of `call` and `callAsync`, by the numbers of native/node/src/session.rs. */
export const Verb = {
  Get: 0,
  Has: 1,
  Insert: 2,
  InsertMany: 3,
  Put: 4,
  Replace: 5,
  Update: 6,
  Delete: 7,
  ReplaceOne: 8,
  UpdateOne: 9,
  UpdateMany: 10,
  DeleteOne: 11,
  DeleteMany: 12,
  Count: 13,
  Clear: 14
} as const

/** The status words, by the numbers of native/node/src/buffers.rs. */
export const Status = {
  /** Bytes of the response. */
  Bytes: 0,
  /** The cursor that has more; 0 when there is none. */
  Cursor: 1,
  /** Documents that an update changed. */
  Modified: 2,
  /** Identity of the record structures that the response refers to. */
  Structures: 3,
  /** Bytes of the response that are above 0x7f; -1 when nobody counted. */
  Wide: 4,
  /** How many words there are. */
  Count: 5
} as const

/** Tasks of `databaseTask`, by the numbers of native/node/src/tasks.rs. */
export const Task = { Sync: 0, Checkpoint: 1, Check: 2, Close: 3, Compact: 4 } as const

/** Number that stands for a database, collection, transaction or cursor; never used twice. */
export type Handle = number

/** An id as native code takes it. */
type NativeId = string | number | bigint | Uint8Array

/** What an asynchronous call resolves to: an error, or all of the others. */
export interface AsyncOutcome {
  /** The number that the synchronous call would return. */
  readonly count: number
  /** As the status words of synchronous calls. */
  readonly modified: number
  readonly structures: number
  readonly cursor: Handle
  /** The response; absent when it is empty. */
  readonly bytes?: Uint8Array
  /** What `check` found. */
  readonly report?: NativeReport
  /** What `backup` wrote. */
  readonly backup?: BackupReport
  /** What a compaction did. */
  readonly compaction?: CompactReport
  /** The error, where there is one. */
  readonly error?: NativeError
}

/** An error as native code tells it. */
export interface NativeError {
  readonly kind: number
  readonly message: string
  readonly page: number
}

/** A report of `check`, as native code gives it. */
export interface NativeReport {
  readonly isClean: boolean
  readonly pagesCount: number
  readonly documentsCount: number
  readonly problemsCount: number
  readonly problems: readonly NativeError[]
}

/** The functions of the addon. Those that return a number return a negative one on failure. */
export interface Addon {
  pinRequest(buffer: Uint8Array): number
  pinResponse(buffer: Uint8Array): number
  pinStatus(words: Float64Array): number
  lastError(): NativeError
  takeOverflow(into: Uint8Array): number
  keep(start: number, end: number): number

  open(
    path: string,
    durability: number,
    syncIntervalMs: number,
    cacheBytes: number,
    flags: number,
    documentBytesMax: number,
    lockWaitMs: number,
    checkpointLogBytes: number,
    watchBytes: number,
    ttlIntervalMs: number
  ): number
  closeDatabase(database: Handle): number
  closeAll(): number
  collection(database: Handle, name: string): number
  closeCollection(collection: Handle): number
  createCollection(database: Handle, name: string, ids: number): number
  dropCollection(database: Handle, name: string): number
  renameCollection(database: Handle, from: string, to: string): number
  collections(database: Handle): CollectionInfo[] | number
  stats(database: Handle): Stats | number
  databaseTask(database: Handle, task: number): Promise<AsyncOutcome> | number
  backup(database: Handle, path: string): Promise<AsyncOutcome> | number
  salvage(from: string, to: string): Promise<AsyncOutcome> | number

  begin(database: Handle, names: readonly string[], durability: number): number
  transactionCollection(transaction: Handle, name: string): number
  commit(transaction: Handle, defersSync: number): number
  rollback(transaction: Handle): number

  get(collection: Handle, id: NativeId): number
  has(collection: Handle, id: NativeId): number
  insert(collection: Handle, start: number, end: number, durability: number): number
  delete(collection: Handle, id: NativeId, durability: number): number
  call(verb: number, collection: Handle, start: number, end: number, durability: number, id?: NativeId): number
  callAsync(
    verb: number,
    collection: Handle,
    start: number,
    end: number,
    durability: number,
    id?: NativeId
  ): Promise<AsyncOutcome> | number
  find(
    collection: Handle,
    start: number,
    end: number,
    skip: number,
    limit: number,
    documentsMax: number,
    bytesMax: number
  ): number
  findAsync(
    collection: Handle,
    start: number,
    end: number,
    skip: number,
    limit: number,
    documentsMax: number,
    bytesMax: number
  ): Promise<AsyncOutcome> | number
  next(cursor: Handle, documentsMax: number, bytesMax: number): number
  nextAsync(cursor: Handle, documentsMax: number, bytesMax: number): Promise<AsyncOutcome> | number
  closeCursor(cursor: Handle): number
  structures(handle: Handle, from: number): string[][] | number

  pinWake(wake: (stream: Handle) => void): number
  holdWake(isHeld: number): number
  watch(database: Handle, start: number, end: number): number
  watchNext(stream: Handle, eventsMax: number, bytesMax: number): number
  watchSkip(stream: Handle, transaction: Handle): number
  closeWatch(stream: Handle): number

  command(handle: Handle, start: number, end: number, durability: number): number
  commandAsync(handle: Handle, start: number, end: number, durability: number): Promise<AsyncOutcome> | number
  openCursor(handle: Handle, start: number, end: number, documentsMax: number, bytesMax: number): number
  openCursorAsync(
    handle: Handle,
    start: number,
    end: number,
    documentsMax: number,
    bytesMax: number
  ): Promise<AsyncOutcome> | number
}

/** Bytes of the response buffer: what one batch of a scan is cut to. */
export const RESPONSE_BYTES = 1 << 18

/** What belongs to the addon in one thread, also where several copies of this package use it. */
interface Shared {
  readonly response: Uint8Array
  readonly status: Float64Array
  /** The buffer that native code reads requests from, and its length when it was pinned. */
  request: Uint8Array | undefined
  requestLength: number
  /** Who wants to be called when there are more changes, by change streams; absent before the first stream. */
  wakes?: Map<Handle, () => void>
  /** How many waits keep the process alive. */
  holdsCount: number
}

/** The functions of the addon, and what is shared. */
export const addon: Addon = loadAddon()
const shared: Shared = (addon as Addon & { shared?: Shared }).shared ?? share()
/** Where native code writes what calls return. Not a Buffer, so that slices of it are plain Uint8Arrays. */
export const response: Uint8Array = shared.response
/** Numbers that native code writes beside the response. */
export const status: Float64Array = shared.status

function loadAddon(): Addon {
  try {
    return createRequire(import.meta.url)('../native/dist/binding.cjs') as Addon
  } catch (error) {
    throw new QuireError(
      'ADDON_MISSING',
      `QuireDB has no native binary for ${process.platform}-${process.arch}; in a checkout, \`npm run build\` makes it`,
      { cause: error }
    )
  }
}

function share(): Shared {
  const made: Shared = {
    response: new Uint8Array(RESPONSE_BYTES),
    status: new Float64Array(Status.Count),
    request: undefined,
    requestLength: 0,
    holdsCount: 0
  }
  check(addon.pinResponse(made.response))
  check(addon.pinStatus(made.status))
  Object.assign(addon, { shared: made })
  return made
}

/** Makes sure that native code reads requests from the buffer that `encoded` is in. */
export function pinRequest(encoded: Encoded): void {
  // The length is compared because whoever else uses msgpackr could detach its buffer: its length is 0 then.
  if (encoded !== shared.request || encoded.length !== shared.requestLength) repin(encoded)
}

function repin(encoded: Encoded): void {
  check(addon.pinRequest(encoded))
  shared.request = encoded
  shared.requestLength = encoded.length
}

/** The result of a call, or its error thrown. */
export function check(result: number): number {
  if (result < 0) throw lastError()
  return result
}

/** The result of a call that returns an object, or its error thrown. */
export function checkObject<T extends object>(result: T | number): T {
  if (typeof result === 'number') throw lastError()
  return result
}

/** The error of the call that just failed. */
export function lastError(): QuireError {
  return toError(addon.lastError())
}

/** An error told by native code, as the error that users see. */
export function toError({ kind, message, page }: NativeError): QuireError {
  return new QuireError(codeOfNumber(kind), message, page < 0 ? undefined : { page })
}

/** The `length` bytes that the last call responded. */
export function responseBytes(length: number): Uint8Array {
  if (length <= RESPONSE_BYTES) return response
  const bytes = new Uint8Array(length)
  check(addon.takeOverflow(bytes))
  return bytes
}

/** The outcome of an asynchronous call, or its error thrown. */
export function checkOutcome<O extends AsyncOutcome>(outcome: O): O {
  if (outcome.error !== undefined) throw toError(outcome.error)
  return outcome
}

/** Who is called when there may be more changes to read, by the handles of change streams. */
export function watchWakes(): Map<Handle, () => void> {
  if (shared.wakes === undefined) {
    const wakes = new Map<Handle, () => void>()
    check(addon.pinWake(stream => wakes.get(stream)?.()))
    shared.wakes = wakes
  }
  return shared.wakes
}

/** Keeps the process alive until `releaseProcess` was called as often. */
export function holdProcess(): void {
  if (shared.holdsCount++ === 0) addon.holdWake(1)
}

/** Takes one `holdProcess` back. */
export function releaseProcess(): void {
  if (--shared.holdsCount === 0) addon.holdWake(0)
}
