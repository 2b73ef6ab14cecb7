// The options of the writes that do more than one thing: changing a document and giving it back, and many writes at once.
//
// Promises: types, and the names of the options that each call takes. Leaves to others: options of single writes
// (options.ts), results (results.ts).

import type { Document, WithId } from './document.ts'
import type { Hint } from './index-types.ts'
import type { WriteOptions } from './options.ts'
import type { Projection, Sort } from './projection-types.ts'

/** Options of `findOneAndDelete`. */
export interface FindOneAndDeleteOptions<T> extends WriteOptions {
  /** Which fields come back; all by default. */
  projection?: Projection<WithId<T>>
  /** Which match is the first one; by default any is. */
  sort?: Sort<WithId<T>>
  /** The index to find the document by, by its name or fields; `{ $natural: 1 }` uses none. */
  hint?: Hint
}

/** Options of `findOneAndReplace`. */
export interface FindOneAndReplaceOptions<T> extends FindOneAndDeleteOptions<T> {
  /** Insert a document when none matches. False by default. */
  upsert?: boolean
  /** Which document comes back: as it was before (null where an upsert inserted one), which is the default, or after. */
  returnDocument?: 'before' | 'after'
}

/** Options of `findOneAndUpdate`. */
export interface FindOneAndUpdateOptions<T> extends FindOneAndReplaceOptions<T> {
  /** Which elements `$[name]` in the update's paths stands for: a filter for each name. */
  arrayFilters?: readonly Document[]
}

/** Options of `bulkWrite`. */
export interface BulkWriteOptions extends WriteOptions {
  /** Stop at the first operation that fails, which is the default; else do all the others as well. */
  ordered?: boolean
}

/** Options of `insertMany`. */
export interface InsertManyOptions extends WriteOptions {
  /**
   * True, the default: a document that cannot be inserted fails the whole, and none is. False: all the others are
   * inserted, and BulkWriteError tells which were not.
   */
  ordered?: boolean
}

/** The options of the calls that change a document and give it back. @internal */
export const FIND_ONE_AND_OPTIONS = {
  findOneAndUpdate: ['durability', 'projection', 'sort', 'hint', 'upsert', 'returnDocument', 'arrayFilters'],
  findOneAndReplace: ['durability', 'projection', 'sort', 'hint', 'upsert', 'returnDocument'],
  findOneAndDelete: ['durability', 'projection', 'sort', 'hint']
} as const satisfies Record<string, readonly (keyof FindOneAndUpdateOptions<Document>)[]>

/** The options of the calls of many writes. @internal */
export const BULK_OPTIONS = ['durability', 'ordered'] as const satisfies readonly (keyof BulkWriteOptions)[]
