// The options of `open`, of writes and of transactions: what they may be, and their numbers for native code.
//
// Promises: an option that is not known, or has a value out of its range, is refused by name; nothing is guessed.
// Leaves to others: the defaults, which native/engine/src/limits.rs has (native calls get -1 for them).

import type { Document, WithId } from './document.ts'
import { invalidArgument } from './errors.ts'
import { checkOptions } from './filters.ts'
import type { Hint } from './index-types.ts'
import type { Sort } from './projection-types.ts'

/**
 * When a commit is safe from what.
 *
 * - `process` (default): on return the change survives the death of the process; it is on disk a moment later
 *   (`syncInterval`)
 * - `disk`: on return it survives a power cut; commits of several threads share one sync
 * - `lazy`: written every `syncInterval`; the fastest
 */
export type Durability = 'process' | 'disk' | 'lazy'

/** Options of `open`. */
export interface OpenOptions {
  /** Durability of commits that name none; `process` by default. */
  durability?: Durability
  /** Milliseconds between syncs in the background: 1 to 3,600,000; 100 by default. */
  syncInterval?: number
  /** Bytes of pages kept in memory: 1 MiB or more; 1 GiB by default. More is read from disk and let go again. */
  cacheSize?: number
  /** Refuse every write with READ_ONLY; several processes may read one file. False by default. */
  readOnly?: boolean
  /** Make the file when it is not there; else CANNOT_OPEN. True by default. */
  create?: boolean
  /** Largest document in bytes of MessagePack: up to 1 GiB; 16 MiB by default. */
  documentBytesMax?: number
  /** Milliseconds a write waits for a collection that an open transaction holds, before BUSY: 0 to 3,600,000; 5,000 by
   * default. */
  lockWait?: number
  /**
   * How small commits get into the log. `mapped` (default): through memory shared with the file, on Linux with ext4 or
   * tmpfs; elsewhere, and where memory cannot be locked, as with `write`: by a call each. With `mapped`, a program that
   * cuts the log short while the database is open ends this process (SIGBUS).
   */
  log?: 'mapped' | 'write'
  /**
   * Bytes of log that start a checkpoint in the background; 64 MiB by default. Of a large file it takes a sixteenth of its
   * size, four times this at most.
   */
  checkpointLogSize?: number
  /**
   * Bytes for the newest changes, which change streams and live queries read; 16 MiB by default. They are taken while
   * one is open. A stream that falls further behind ends with OVERFLOW.
   */
  watchSize?: number
  /**
   * Milliseconds between looks for documents that an index with `expireAfterSeconds` lets go: 0 to 86,400,000, never for
   * 0; 60,000 by default. `db.expireDocuments()` looks at once.
   */
  ttlInterval?: number
}

/** Options of a write. */
export interface WriteOptions {
  /** Durability of this commit; the database's by default. */
  durability?: Durability
}

/** Options of `deleteOne` and `deleteMany`. */
export interface DeleteOptions extends WriteOptions {
  /** The index to find the documents by, by its name or fields; `{ $natural: 1 }` uses none. */
  hint?: Hint
}

/** Options of `replaceOne`. */
export interface ReplaceOptions<T = Document> extends WriteOptions {
  /** Insert a document when none matches: the new one, with the `_id` that the filter asks for. False by default. */
  upsert?: boolean
  /** Which match is the first one; by default any is. */
  sort?: Sort<WithId<T>>
  /** The index to find the document by, by its name or fields; `{ $natural: 1 }` uses none. */
  hint?: Hint
}

/** Options of `updateOne`. */
export interface UpdateOneOptions<T = Document> extends UpdateOptions {
  /** Which match is the first one; by default any is. */
  sort?: Sort<WithId<T>>
}

/** Options of `updateMany`. */
export interface UpdateOptions extends WriteOptions {
  /** Insert a document when none matches: what the filter asks to be equal, changed by the update. False by default. */
  upsert?: boolean
  /** Which elements `$[name]` in the update's paths stands for: a filter for each name. */
  arrayFilters?: readonly Document[]
  /** The index to find the documents by, by its name or fields; `{ $natural: 1 }` uses none. */
  hint?: Hint
}

/** Options of `transaction`. */
export interface TransactionOptions {
  /** Durability of the commit; the database's by default. */
  durability?: Durability
  /** Collections that will be written. They are held from the start, so that no CONFLICT can follow on them. */
  collections?: readonly string[]
  /** How often the callback is run again after CONFLICT; 10 by default. */
  retries?: number
}

/** Numbers of the durability levels for native code; 0 is the database's own. */
const DURABILITY_NUMBERS: Readonly<Record<Durability, number>> = { process: 1, disk: 2, lazy: 3 }
const DURABILITY_OF_DATABASE = 0

const OPEN_OPTIONS = [
  'durability',
  'syncInterval',
  'cacheSize',
  'readOnly',
  'create',
  'documentBytesMax',
  'lockWait',
  'log',
  'checkpointLogSize',
  'watchSize',
  'ttlInterval'
] as const satisfies readonly (keyof OpenOptions)[]
const TRANSACTION_OPTIONS = [
  'durability',
  'collections',
  'retries'
] as const satisfies readonly (keyof TransactionOptions)[]

const WRITE_OPTIONS = ['durability'] as const satisfies readonly (keyof WriteOptions)[]
/** The options of the calls that change documents. @internal */
export const CHANGE_OPTIONS = {
  updateOne: ['durability', 'upsert', 'arrayFilters', 'sort', 'hint'],
  updateMany: ['durability', 'upsert', 'arrayFilters', 'hint'],
  replaceOne: ['durability', 'upsert', 'sort', 'hint']
} as const satisfies Record<string, readonly (keyof UpdateOneOptions)[]>
/** The options of deletions. @internal */
export const DELETE_OPTIONS = ['durability', 'hint'] as const satisfies readonly (keyof DeleteOptions)[]

/** Stands for the engine's default in native calls. */
const BY_DEFAULT = -1
const FLAG_READ_ONLY = 1
const FLAG_NO_CREATE = 2
const FLAG_WRITE_LOG = 4
/** Times a transaction is run again after CONFLICT. */
const RETRIES_DEFAULT = 10
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const MIB = 1 << 20
const GIB = 1 << 30

/** The options of `open` as native code takes them, after the path. @internal */
export type NativeOpenOptions = readonly [
  durability: number,
  syncIntervalMs: number,
  cacheBytes: number,
  flags: number,
  documentBytesMax: number,
  lockWaitMs: number,
  checkpointLogBytes: number,
  watchBytes: number,
  ttlIntervalMs: number
]

/**
 * Checks the options of `open`.
 * @throws QuireError `INVALID_ARGUMENT`, naming the option
 * @internal
 */
export function nativeOpenOptions(options: OpenOptions = {}): NativeOpenOptions {
  checkOptions(options, OPEN_OPTIONS, 'open')
  const isReadOnly = truth('readOnly', options.readOnly, false)
  const create = truth('create', options.create, true)
  const log = options.log ?? 'mapped'
  if (log !== 'mapped' && log !== 'write') throw invalidArgument(`log must be 'mapped' or 'write', not ${String(log)}`)
  return [
    durabilityNumber(options.durability),
    whole('syncInterval', options.syncInterval, 1, HOUR_MS),
    whole('cacheSize', options.cacheSize, MIB, Number.MAX_SAFE_INTEGER),
    (isReadOnly ? FLAG_READ_ONLY : 0) | (create ? 0 : FLAG_NO_CREATE) | (log === 'write' ? FLAG_WRITE_LOG : 0),
    whole('documentBytesMax', options.documentBytesMax, 1, GIB),
    whole('lockWait', options.lockWait, 0, HOUR_MS),
    whole('checkpointLogSize', options.checkpointLogSize, MIB, Number.MAX_SAFE_INTEGER),
    whole('watchSize', options.watchSize, 0, Number.MAX_SAFE_INTEGER),
    whole('ttlInterval', options.ttlInterval, 0, DAY_MS)
  ]
}

/**
 * The number of a write's durability; the options of `call` are those that are known.
 * @throws QuireError `INVALID_ARGUMENT`
 * @internal
 */
export function writeDurability(
  options: WriteOptions | undefined,
  call: string,
  known: readonly string[] = WRITE_OPTIONS
): number {
  if (options === undefined) return DURABILITY_OF_DATABASE
  checkOptions(options, known, call)
  return durabilityNumber(options.durability)
}

/** Options of a transaction, checked. @internal */
export interface CheckedTransactionOptions {
  readonly durability: number
  readonly collections: readonly string[]
  readonly retries: number
}

/**
 * Checks the options of a transaction.
 * @throws QuireError `INVALID_ARGUMENT`, naming the option
 * @internal
 */
export function transactionOptions(options: TransactionOptions = {}): CheckedTransactionOptions {
  checkOptions(options, TRANSACTION_OPTIONS, 'transaction')
  const collections = options.collections ?? []
  if (!Array.isArray(collections) || collections.some(name => typeof name !== 'string')) {
    throw invalidArgument('collections must be an array of collection names')
  }
  return {
    durability: durabilityNumber(options.durability),
    collections,
    retries: options.retries === undefined ? RETRIES_DEFAULT : whole('retries', options.retries, 0, 1_000_000)
  }
}

/**
 * A count that a call takes, such as a limit.
 * @throws QuireError `INVALID_ARGUMENT`
 * @internal
 */
export function countArgument(name: string, value: number): number {
  return whole(name, value, 0, Number.MAX_SAFE_INTEGER)
}

function durabilityNumber(durability: Durability | undefined): number {
  if (durability === undefined) return DURABILITY_OF_DATABASE
  if (!Object.hasOwn(DURABILITY_NUMBERS, durability)) {
    throw invalidArgument(`durability must be 'process', 'disk' or 'lazy', not ${String(durability)}`)
  }
  return DURABILITY_NUMBERS[durability]
}

/** A whole number in its range; `BY_DEFAULT` when there is none. */
function whole(name: string, value: number | undefined, least: number, most: number): number {
  if (value === undefined) return BY_DEFAULT
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw invalidArgument(`${name} must be a whole number from ${least} to ${most}, not ${String(value)}`)
  }
  return value
}

function truth(name: string, value: boolean | undefined, byDefault: boolean): boolean {
  if (value === undefined) return byDefault
  if (typeof value !== 'boolean') throw invalidArgument(`${name} must be true or false, not ${String(value)}`)
  return value
}
