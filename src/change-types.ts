// The types of change events.
//
// Promises: types only, no code; names and shapes are MongoDB's, but for `commit`, `clear`, and what a file has not
// (`ns.db`, times of a server). Leaves to others: streams (change-stream.ts), what is told (docs/CHANGES.md).

import type { IdOf, WithId } from './document.ts'
import type { FieldFilter } from './filter-types.ts'

/** A place behind a change, to resume from. Opaque text; it can be stored anywhere. */
export type ResumeToken = string

/** What belongs together. */
export interface ChangeCommit {
  /** Number of the commit: larger ones came later. */
  sequence: number
  /** Number of the change in its commit, from 0; some may be left out. */
  index: number
  /** Whether no change of the commit follows that the stream could tell. */
  isLast: boolean
}

/** A collection by its name. */
export interface ChangeNamespace {
  coll: string
}

interface Change<K extends string> {
  /** The place behind this change. */
  _id: ResumeToken
  operationType: K
  commit: ChangeCommit
}

interface CollectionChange<K extends string> extends Change<K> {
  ns: ChangeNamespace
}

interface DocumentChange<T, K extends string> extends CollectionChange<K> {
  documentKey: { _id: IdOf<T> }
}

/** A document was inserted. */
export interface InsertChange<T> extends DocumentChange<T, 'insert'> {
  fullDocument: WithId<T>
}

/** A document took the place of one. */
export interface ReplaceChange<T> extends DocumentChange<T, 'replace'> {
  fullDocument: WithId<T>
}

/** A document was changed by operators. */
export interface UpdateChange<T> extends DocumentChange<T, 'update'> {
  updateDescription: UpdateDescription
  /** The document as the commit left it; there when the stream was opened with `fullDocument`. */
  fullDocument?: WithId<T>
}

/** A document was deleted. */
export interface DeleteChange<T> extends DocumentChange<T, 'delete'> {}

/** Every document was deleted at once, by `clear` or by deleting without a condition. */
export interface ClearChange extends CollectionChange<'clear'> {}

/** The collection was dropped. */
export interface DropChange extends CollectionChange<'drop'> {}

/** The collection got another name. */
export interface RenameChange extends CollectionChange<'rename'> {
  to: ChangeNamespace
}

/** The stream's collection was dropped or renamed; nothing follows. */
export interface InvalidateChange extends Change<'invalidate'> {}

/** What an update changed, by dotted paths. */
export interface UpdateDescription {
  updatedFields: Record<string, unknown>
  removedFields: string[]
  /** Arrays that were cut at their end. */
  truncatedArrays: { field: string; newSize: number }[]
}

/** What a change stream tells; branch on `operationType`. */
export type ChangeEvent<T extends object> =
  | InsertChange<T>
  | ReplaceChange<T>
  | UpdateChange<T>
  | DeleteChange<T>
  | ClearChange
  | DropChange
  | RenameChange
  | InvalidateChange

/** The fields of all events in one, for filters. */
interface AnyChange<T> {
  operationType: ChangeEvent<object>['operationType']
  ns: ChangeNamespace
  to: ChangeNamespace
  documentKey: { _id: IdOf<T> }
  fullDocument: WithId<T>
  updateDescription: UpdateDescription
  commit: ChangeCommit
}

/** Which events are told: a filter on the event, or a pipeline of `$match` stages. */
export type ChangeFilter<T> = FieldFilter<AnyChange<T>> | readonly { readonly $match: FieldFilter<AnyChange<T>> }[]
