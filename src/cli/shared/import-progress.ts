// What is known of the progress of imports, in the database itself.
//
// The collection `quire:imports` has a document for each file and collection that documents were imported from and to:
// which file it was (path, size, time of change, hash of its beginning), how many records are done, and whether all.
// Promises: it changes in the same transaction as the documents; an import goes on only with the same file. What comes
// from a pipe leaves nothing. Leaves to others: reading files (sources.ts), writing documents (../import.ts).

import { createHash } from 'node:crypto'
import type { Database, Transaction } from '../../index.ts'
import { EXITS, Failure } from './failure.ts'

/** The collection. */
export const IMPORTS = 'quire:imports'

/** Which file it is. */
export interface SourceIdentity {
  readonly path: string
  readonly size: number
  readonly modified: Date
  /** SHA-256 of its first bytes, in hexadecimal. */
  readonly head: string
}

interface ImportDocument extends SourceIdentity {
  readonly _id: string
  /** The collection and the format. */
  readonly target: string
  readonly recordsCount: number
  readonly isDone: boolean
}

/** The progress of one import. */
export class ImportProgress {
  /** Records that are committed. */
  recordsCount = 0
  /** Whether an import before this one did everything. */
  isDone = false
  readonly #identity: SourceIdentity | undefined
  readonly #target: string
  readonly #known: ImportDocument | undefined

  private constructor(identity: SourceIdentity | undefined, target: string, known: ImportDocument | undefined) {
    this.#identity = identity
    this.#target = target
    this.#known = known
  }

  /**
   * What is known of an import.
   * @param identity the file; undefined for a pipe
   * @param target the collection and the format
   */
  static open(database: Database, identity: SourceIdentity | undefined, target: string): ImportProgress {
    const id = identity === undefined ? undefined : idOf(identity, target)
    const known = id === undefined ? undefined : database.collection<ImportDocument>(IMPORTS).get(id)
    return new ImportProgress(identity, target, known)
  }

  /**
   * Begins or goes on.
   * @returns how many records are to be passed over
   * @throws Failure when the file is another one than the one that was begun with, or when an import was ended in the
   * middle and nothing says what to do
   */
  begin(resumes: boolean, restarts: boolean): number {
    const known = this.#known
    if (known === undefined || restarts) return 0
    if (!resumes) {
      if (known.isDone || known.recordsCount === 0) return 0
      const done = `an import of ${known.path} was ended after ${known.recordsCount} documents`
      throw new Failure('UNFINISHED_IMPORT', EXITS.error.code, `${done}; --resume goes on, --restart begins anew`)
    }
    if (!this.#isSameFile(known)) {
      const why = `${known.path} is not the file that it was when its import began; --restart begins anew`
      throw new Failure('SOURCE_CHANGED', EXITS.error.code, why)
    }
    this.recordsCount = known.recordsCount
    this.isDone = known.isDone
    return known.recordsCount
  }

  /** Counts `count` more records, as part of the transaction that writes them. */
  add(transaction: Transaction, count: number): void {
    this.#put(transaction, this.recordsCount + count, false)
  }

  /** Says that all records are done. */
  finish(transaction: Transaction): void {
    this.#put(transaction, this.recordsCount, true)
  }

  #put(transaction: Transaction, recordsCount: number, isDone: boolean): void {
    const identity = this.#identity
    if (identity === undefined) return
    const _id = idOf(identity, this.#target)
    transaction
      .collection<ImportDocument>(IMPORTS)
      .put({ _id, ...identity, target: this.#target, recordsCount, isDone })
  }

  #isSameFile({ size, modified, head }: ImportDocument): boolean {
    const now = this.#identity
    return now?.size === size && now.head === head && now.modified.getTime() === modified.getTime()
  }
}

/** The id of what is known of a file and its target: a hash, because paths may be longer than ids. */
function idOf({ path }: SourceIdentity, target: string): string {
  return createHash('sha256').update(path).update('\0').update(target).digest('hex')
}
