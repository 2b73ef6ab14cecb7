// The types of what writes give back, in the MongoDB driver's shapes, and of the steps of a bulk write.
//
// Promises: types only. Leaves to others: filters and updates (filter-types.ts, update-types.ts).

import type { Document, IdOf, OptionalId, WithId } from './document.ts'
import type { Filter } from './filter-types.ts'
import type { Hint } from './index-types.ts'
import type { Sort } from './projection-types.ts'
import type { Update } from './update-types.ts'

/** Result of `insertOne`. */
export interface InsertOneResult<T = Document> {
  readonly acknowledged: true
  /** The document's id, given or made. */
  readonly insertedId: IdOf<T>
}

/** Result of `insertMany`. */
export interface InsertManyResult<T = Document> {
  readonly acknowledged: true
  readonly insertedCount: number
  /** The id of each document, by its place in the argument. */
  readonly insertedIds: { readonly [index: number]: IdOf<T> }
}

/** Result of updates and replacements. */
export interface UpdateResult<T = Document> {
  readonly acknowledged: true
  /** Documents that matched. */
  readonly matchedCount: number
  /** Documents that are different now. */
  readonly modifiedCount: number
  /** 1 when an upsert inserted a document. */
  readonly upsertedCount: number
  /** The id of the document that an upsert inserted; else null. */
  readonly upsertedId: IdOf<T> | null
}

/** What `distinct` gives of a field of type `V`: the elements of arrays. */
export type Distinct<V> = NonNullable<V> extends readonly (infer E)[] ? E : Exclude<V, undefined>

/** Result of deletions. */
export interface DeleteResult {
  readonly acknowledged: true
  readonly deletedCount: number
}

/** One step of a bulk write. */
export type BulkWriteOperation<T> =
  | { readonly insertOne: { readonly document: OptionalId<T> } }
  | { readonly updateOne: BulkUpdate<T> & { readonly sort?: Sort<WithId<T>> } }
  | { readonly updateMany: BulkUpdate<T> }
  | { readonly replaceOne: BulkReplacement<T> }
  | { readonly deleteOne: BulkDeletion<T> }
  | { readonly deleteMany: BulkDeletion<T> }

/** An update of a bulk write. */
export interface BulkUpdate<T> {
  readonly filter: Filter<T>
  readonly update: Update<T>
  readonly upsert?: boolean
  readonly arrayFilters?: readonly Document[]
  readonly hint?: Hint
}

/** A replacement of a bulk write. */
export interface BulkReplacement<T> {
  readonly filter: Filter<T>
  readonly replacement: OptionalId<T>
  readonly upsert?: boolean
  readonly sort?: Sort<WithId<T>>
  readonly hint?: Hint
}

/** A deletion of a bulk write. */
export interface BulkDeletion<T> {
  readonly filter: Filter<T>
  readonly hint?: Hint
}

/** Result of `bulkWrite`. */
export interface BulkWriteResult<T = Document> {
  readonly acknowledged: true
  /** 1 when every step succeeded. */
  readonly ok: 0 | 1
  readonly insertedCount: number
  readonly matchedCount: number
  readonly modifiedCount: number
  readonly deletedCount: number
  readonly upsertedCount: number
  /** The ids of inserted documents, by the place of their step. */
  readonly insertedIds: { readonly [index: number]: IdOf<T> }
  /** The ids of upserted documents, by the place of their step. */
  readonly upsertedIds: { readonly [index: number]: IdOf<T> }
}
