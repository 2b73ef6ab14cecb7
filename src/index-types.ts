// The types of indexes: what is asked for, and what is told of one.
//
// Promises: types only, in the MongoDB driver's shapes. Leaves to others: what an index does (docs/QUERY.md).

import type { Document, WithId } from './document.ts'
import type { Filter } from './filter-types.ts'
import type { Entry, Path } from './paths.ts'

/** Which way a field is indexed. */
export type IndexDirection = 1 | -1

/** The fields of an index, the first one first; a name alone is indexed upward. */
export type IndexSpecification<T> =
  | Path<WithId<T>>
  | { readonly [E in Entry<WithId<T>, 'read'> as E[0]]?: IndexDirection }
  | readonly (Path<WithId<T>> | readonly [path: Path<WithId<T>>, direction: IndexDirection])[]
  | ReadonlyMap<Path<WithId<T>>, IndexDirection>

/** Options of an index. */
export interface IndexOptions<T> {
  /** Its name; made of its fields by default, such as `city_1_age_-1`. */
  readonly name?: string
  /** Refuse a second document of the same key with DUPLICATE_KEY. False by default. */
  readonly unique?: boolean
  /** Leave documents out that have none of the fields. False by default. */
  readonly sparse?: boolean
  /** Index only the documents that match. */
  readonly partialFilterExpression?: Filter<T>
  /** Delete documents this many seconds after the date in the index's only field: 0 to 2,147,483,647. */
  readonly expireAfterSeconds?: number
}

/** An index that is asked for together with others. */
export interface IndexDescription<T> extends IndexOptions<T> {
  readonly key: IndexSpecification<T>
}

/** What an index is, as it is listed. */
export interface IndexInfo {
  /** Its fields in order, each with its direction. */
  readonly key: { readonly [path: string]: IndexDirection }
  readonly name: string
  readonly unique?: boolean
  readonly sparse?: boolean
  readonly partialFilterExpression?: Document
  readonly expireAfterSeconds?: number
  /** Entries it has: a document has one for each value it is found by. */
  readonly entriesCount: number
  /** Bytes of its pages. */
  readonly bytes: number
}

/** An index, by its name or its fields; `$natural` means none. */
export type Hint = string | { readonly [path: string]: IndexDirection }
