// Many writes in one call: what is sent, what is told when some of them fail, and how a schema takes part.
//
// With a schema each operation is a call of its own in a transaction of them all, so that what is stored is valid
// whatever the operation does. Promises: an operation that fails is told of by its place; the others are as the
// result says. Leaves to others: what operations do (native/engine/src/command/bulk.rs), validating (guard.ts).

import type { Command } from './commands.ts'
import type { Document, Id } from './document.ts'
import { type Issue, invalidArgument, QuireError, type QuireErrorCode } from './errors.ts'
import type { Steps } from './guard.ts'
import { sortOrder } from './query.ts'
import type { BulkWriteOperation, BulkWriteResult, InsertManyResult } from './results.ts'

/** An operation of `bulkWrite` or a document of `insertMany` that failed. */
export interface WriteError {
  /** Its place in the argument. */
  readonly index: number
  readonly code: QuireErrorCode
  readonly message: string
  /** What the collection's schema found wrong, with SCHEMA_MISMATCH. */
  readonly issues?: readonly Issue[]
}

/** Some of many writes failed. `code` is that of the first one; the others are done as `result` says. */
export class BulkWriteError extends QuireError {
  override readonly name = 'BulkWriteError'
  /** What was done. */
  readonly result: BulkWriteResult
  /** What was not, in order. */
  readonly writeErrors: readonly WriteError[]

  constructor(result: BulkWriteResult, writeErrors: readonly WriteError[]) {
    const [first] = writeErrors as [WriteError]
    const others = writeErrors.length === 1 ? '' : `; ${writeErrors.length} failed in all`
    super(first.code, `operation ${first.index} failed: ${first.message}${others}`)
    this.result = result
    this.writeErrors = writeErrors
  }
}

/** What many writes did, errors among it. */
interface Outcome {
  insertedCount: number
  matchedCount: number
  modifiedCount: number
  deletedCount: number
  upsertedCount: number
  readonly insertedIds: { [index: number]: Id }
  readonly upsertedIds: { [index: number]: Id }
  readonly writeErrors: WriteError[]
}

/** `bulkWrite`. */
export function bulkWriteCommand<T>(
  operations: readonly BulkWriteOperation<T>[],
  ordered: boolean | undefined,
  durability: number
): Command<BulkWriteResult<T>> {
  checkOperations(operations)
  const command = { op: 'bulkWrite', operations: operations.map(inOrder), ...isOrdered(ordered) }
  return { command, durability, read: reply => bulkWriteResult<T>(reply as unknown as Outcome) }
}

/** An operation with its sort order, where it has one, as the engine takes it. */
function inOrder(operation: unknown): unknown {
  if (typeof operation !== 'object' || operation === null) return operation
  for (const [name, given] of Object.entries(operation)) {
    const sort = (given as { readonly sort?: unknown } | null | undefined)?.sort
    if (sort !== undefined) return { ...operation, [name]: { ...given, sort: sortOrder(sort) } }
  }
  return operation
}

/** `insertMany` that goes on after documents which cannot be inserted. */
export function insertEachCommand<T>(documents: readonly object[], durability: number): Command<InsertManyResult<T>> {
  const command = { op: 'insertMany', documents, ordered: false }
  return { command, durability, read: reply => insertManyResult<T>(reply as unknown as Outcome) }
}

function isOrdered(ordered: boolean | undefined): { ordered?: boolean } {
  return ordered === undefined ? {} : { ordered }
}

/** @throws QuireError `INVALID_ARGUMENT` */
function checkOperations(operations: readonly unknown[]): void {
  if (!Array.isArray(operations)) throw invalidArgument('bulkWrite takes an array of operations')
}

/**
 * What the operations did, as it is told to users.
 * @throws BulkWriteError when one failed
 */
export function bulkWriteResult<T>({ writeErrors, ...done }: Outcome): BulkWriteResult<T> {
  const result = { acknowledged: true, ok: writeErrors.length === 0 ? 1 : 0, ...done } as BulkWriteResult
  if (writeErrors.length > 0) throw new BulkWriteError(result, writeErrors)
  return result as BulkWriteResult<T>
}

/**
 * What inserting the documents did, as it is told to users.
 * @throws BulkWriteError when one was not inserted
 */
export function insertManyResult<T>(outcome: Outcome): InsertManyResult<T> {
  const { insertedCount, insertedIds } = bulkWriteResult<T>(outcome)
  return { acknowledged: true, insertedCount, insertedIds }
}

/** The verbs that operations need, of documents with a schema; each gives a value or a promise of it. */
export interface BulkVerbs {
  insertOne(document: never): unknown
  updateOne(filter: never, update: never, options?: never): unknown
  updateMany(filter: never, update: never, options?: never): unknown
  replaceOne(filter: never, document: never, options?: never): unknown
  deleteOne(filter: never, options?: never): unknown
  deleteMany(filter: never, options?: never): unknown
}

/** The results of verbs, of which each has some fields. */
interface Done {
  readonly insertedId?: Id
  readonly matchedCount?: number
  readonly modifiedCount?: number
  readonly deletedCount?: number
  readonly upsertedId?: Id | null
}

/** Does the operations one after the other by the verbs of `documents`. */
export function* writeEach(
  documents: BulkVerbs,
  operations: readonly BulkWriteOperation<Document>[],
  ordered: boolean
): Steps<Outcome> {
  checkOperations(operations)
  const calls = operations.map((operation, index) => callOf(documents, operation, index))
  const outcome: Outcome = {
    insertedCount: 0,
    matchedCount: 0,
    modifiedCount: 0,
    deletedCount: 0,
    upsertedCount: 0,
    insertedIds: {},
    upsertedIds: {},
    writeErrors: []
  }
  for (const [index, call] of calls.entries()) {
    try {
      note(outcome, index, (yield call()) as Done)
    } catch (error) {
      if (!(error instanceof QuireError) || !ERRORS_OF_ONE.has(error.code)) throw error
      const { code, message, issues } = error
      outcome.writeErrors.push({ index, code, message, ...(issues === undefined ? {} : { issues }) })
      if (ordered) break
    }
  }
  return outcome
}

/** Codes of errors that the next operation need not meet; those of native/engine/src/command/bulk.rs, and a schema's. */
const ERRORS_OF_ONE: ReadonlySet<QuireErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'INVALID_DOCUMENT',
  'INVALID_ID',
  'DOCUMENT_TOO_LARGE',
  'DUPLICATE_ID',
  'DUPLICATE_KEY',
  'INVALID_FILTER',
  'INVALID_UPDATE',
  'INVALID_EXPRESSION',
  'INVALID_PIPELINE',
  'INVALID_SORT',
  'INDEX_NOT_FOUND',
  'LIMIT_EXCEEDED',
  'SCHEMA_MISMATCH'
])

/** The call that an operation is. */
function callOf(documents: BulkVerbs, operation: object, index: number): () => unknown {
  const [[name, given] = ['', undefined], ...others] = Object.entries(operation) as [string, Document][]
  const { document, filter, update, replacement, ...options } = given ?? {}
  switch (others.length === 0 ? name : '') {
    case 'insertOne':
      return () => documents.insertOne(document as never)
    case 'updateOne':
      return () => documents.updateOne(filter as never, update as never, options as never)
    case 'updateMany':
      return () => documents.updateMany(filter as never, update as never, options as never)
    case 'replaceOne':
      return () => documents.replaceOne(filter as never, replacement as never, options as never)
    case 'deleteOne':
      return () => documents.deleteOne(filter as never, options as never)
    case 'deleteMany':
      return () => documents.deleteMany(filter as never, options as never)
    default:
      throw invalidArgument(`operations[${index}] is none: a map of one field such as insertOne or updateMany`)
  }
}

function note(outcome: Outcome, index: number, done: Done): void {
  outcome.matchedCount += done.matchedCount ?? 0
  outcome.modifiedCount += done.modifiedCount ?? 0
  outcome.deletedCount += done.deletedCount ?? 0
  if (done.insertedId !== undefined) {
    outcome.insertedCount++
    outcome.insertedIds[index] = done.insertedId
  }
  if (done.upsertedId != null) {
    outcome.upsertedCount++
    outcome.upsertedIds[index] = done.upsertedId
  }
}
