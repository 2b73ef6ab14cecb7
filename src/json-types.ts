// The forms that exports and imports share.
//
// Promises: no more than forms. Leaves to others: what is done with them (json.ts, json-import.ts).

import type { Collection } from './collection.ts'
import type { Document } from './document.ts'
import type { IndexDirection, IndexOptions } from './index-types.ts'
import type { CollectionInfo, IdKind } from './stats.ts'
import type { Transaction } from './transaction.ts'

/** The index that every collection has. */
export const ID_INDEX = '_id_'

/** An index as a line tells it. */
export interface JsonIndex extends IndexOptions<Document> {
  readonly key: readonly (readonly [path: string, direction: IndexDirection])[]
}

/** The line before the documents of a collection. */
export interface JsonHeader {
  readonly $collection: {
    /** The name, in a namespace without it. */
    readonly name: string
    readonly ids?: IdKind
    readonly indexes?: readonly JsonIndex[]
  }
}

/** The collections of a database whose names begin in one way. */
export interface JsonRooms {
  readonly prefix: string
  readonly database: {
    begin(): Transaction
    collection(name: string): Collection<Document>
    createCollection(name: string, options: { ids: IdKind }): unknown
    listCollections(): CollectionInfo[]
  }
}
