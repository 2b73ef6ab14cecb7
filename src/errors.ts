// The one error class of the package and its codes.
//
// Promises: a code never changes once released, texts may; every failure of the database is a QuireError. The codes
// with a number are those of native/engine/src/error.rs, and a test compares the two lists. Leaves to others: which
// call raises what (the docstring of each method).

/**
 * What went wrong, for programs to branch on.
 *
 * - `INVALID_ARGUMENT` an argument has a value that the call does not take
 * - `INVALID_DOCUMENT` a document is malformed or nests deeper than 100
 * - `INVALID_ID` an `_id` is not a string, a whole number of 64 bits or bytes, or is longer than 1 KiB
 * - `DOCUMENT_TOO_LARGE` a document is larger than `documentBytesMax`
 * - `DUPLICATE_ID` a document with this `_id` is already in the collection
 * - `COLLECTION_NOT_FOUND`, `COLLECTION_EXISTS`, `INVALID_NAME` about a collection and its name
 * - `INVALID_FILTER`, `INVALID_UPDATE` a filter or an update is malformed or does not fit
 * - `CLOSED` the database, cursor or collection was closed before this call
 * - `READ_ONLY` a write was asked of a database opened read-only
 * - `LOCKED` another process holds the database; the message names it
 * - `NOT_A_DATABASE`, `UNSUPPORTED_FORMAT`, `CANNOT_OPEN` about the file
 * - `CORRUPTED` bytes read from disk are damaged; `page` says where
 * - `DISK_FULL`, `IO`, `POISONED`, `OUT_OF_MEMORY` failures of the machine
 * - `BUSY` an open transaction holds the collection
 * - `CONFLICT` another transaction changed what this one read; run it again
 * - `SNAPSHOT_TOO_OLD` a cursor was held open too long under heavy writes
 * - `TRANSACTION_TOO_LARGE`, `TRANSACTION_ENDED` about a transaction
 * - `LIMIT_EXCEEDED` a fixed limit of the format is reached
 * - `INVALID_EXPRESSION`, `INVALID_PIPELINE`, `INVALID_PROJECTION`, `INVALID_SORT` about parts of a query
 * - `INVALID_INDEX`, `INDEX_NOT_FOUND`, `INDEX_EXISTS` about an index and its definition
 * - `DUPLICATE_KEY` a unique index holds this key for another document
 * - `OVERFLOW`, `HISTORY_LOST` a change stream was read too slowly, or resumed too late
 * - `FORKED` a handle of the C library was made before this process was forked off
 * - `UNSUPPORTED_VALUE` a document holds a value that cannot be stored; the message names its path
 * - `SCHEMA_MISMATCH` a document does not fit its collection's schema; `issues` says why
 * - `ADDON_MISSING` there is no native binary for this platform
 * - `INTERNAL` a bug in QuireDB; please report it
 */
export type QuireErrorCode =
  | 'INVALID_ARGUMENT'
  | 'INVALID_DOCUMENT'
  | 'INVALID_ID'
  | 'DOCUMENT_TOO_LARGE'
  | 'DUPLICATE_ID'
  | 'COLLECTION_NOT_FOUND'
  | 'COLLECTION_EXISTS'
  | 'INVALID_FILTER'
  | 'INVALID_UPDATE'
  | 'INVALID_NAME'
  | 'CLOSED'
  | 'READ_ONLY'
  | 'LOCKED'
  | 'NOT_A_DATABASE'
  | 'UNSUPPORTED_FORMAT'
  | 'CORRUPTED'
  | 'DISK_FULL'
  | 'IO'
  | 'POISONED'
  | 'BUSY'
  | 'CONFLICT'
  | 'SNAPSHOT_TOO_OLD'
  | 'TRANSACTION_TOO_LARGE'
  | 'TRANSACTION_ENDED'
  | 'OUT_OF_MEMORY'
  | 'LIMIT_EXCEEDED'
  | 'CANNOT_OPEN'
  | 'INTERNAL'
  | 'INVALID_EXPRESSION'
  | 'INVALID_PIPELINE'
  | 'INVALID_INDEX'
  | 'INDEX_NOT_FOUND'
  | 'INDEX_EXISTS'
  | 'DUPLICATE_KEY'
  | 'INVALID_PROJECTION'
  | 'INVALID_SORT'
  | 'OVERFLOW'
  | 'HISTORY_LOST'
  | 'FORKED'
  | 'UNSUPPORTED_VALUE'
  | 'SCHEMA_MISMATCH'
  | 'ADDON_MISSING'

/** Codes of the engine by their fixed numbers; native code returns the negative number. */
const ENGINE_CODES: readonly QuireErrorCode[] = [
  'INTERNAL',
  'INVALID_ARGUMENT',
  'INVALID_DOCUMENT',
  'INVALID_ID',
  'DOCUMENT_TOO_LARGE',
  'DUPLICATE_ID',
  'COLLECTION_NOT_FOUND',
  'COLLECTION_EXISTS',
  'INVALID_FILTER',
  'INVALID_UPDATE',
  'INVALID_NAME',
  'CLOSED',
  'READ_ONLY',
  'LOCKED',
  'NOT_A_DATABASE',
  'UNSUPPORTED_FORMAT',
  'CORRUPTED',
  'DISK_FULL',
  'IO',
  'POISONED',
  'BUSY',
  'CONFLICT',
  'SNAPSHOT_TOO_OLD',
  'TRANSACTION_TOO_LARGE',
  'TRANSACTION_ENDED',
  'OUT_OF_MEMORY',
  'LIMIT_EXCEEDED',
  'CANNOT_OPEN',
  'INTERNAL',
  'INVALID_EXPRESSION',
  'INVALID_PIPELINE',
  'INVALID_INDEX',
  'INDEX_NOT_FOUND',
  'INDEX_EXISTS',
  'DUPLICATE_KEY',
  'INVALID_PROJECTION',
  'INVALID_SORT',
  'OVERFLOW',
  'HISTORY_LOST',
  'FORKED'
]

/** What a schema finds wrong with a document. */
export interface Issue {
  readonly message: string
  /** Where: the keys and places that lead there; empty for the document as a whole. */
  readonly path: readonly PropertyKey[]
}

/** Every failure of the database. Branch on `code`; `message` is for people and may change. */
export class QuireError extends Error {
  override readonly name: string = 'QuireError'
  /** What went wrong. */
  readonly code: QuireErrorCode
  /** Number of the damaged page, where the damage is in one. */
  declare readonly page?: number
  /** What the collection's schema found wrong, with SCHEMA_MISMATCH. */
  declare readonly issues?: readonly Issue[]

  /**
   * @param code what went wrong
   * @param message what was asked, what was found and what helps
   * @param details the damaged page, a schema's issues and the error behind this one, where known
   */
  constructor(
    code: QuireErrorCode,
    message: string,
    details?: { page?: number; issues?: readonly Issue[]; cause?: unknown }
  ) {
    super(message, details?.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    if (details?.page !== undefined) this.page = details.page
    if (details?.issues !== undefined) this.issues = details.issues
  }
}

/**
 * The code of an engine error number.
 * @internal
 */
export function codeOfNumber(number: number): QuireErrorCode {
  return ENGINE_CODES[number] ?? 'INTERNAL'
}

/**
 * The error of an argument that a call does not take.
 * @internal
 */
export function invalidArgument(message: string): QuireError {
  return new QuireError('INVALID_ARGUMENT', message)
}
