// The public door of the package: everything that programs import.
//
// Promises: what is exported here is documented and keeps to semantic versioning; nothing else does.

export { AsyncCollection } from './async-collection.ts'
export { AsyncCursor } from './async-cursor.ts'
export { Collection } from './collection.ts'
export { Cursor, type FindOptions } from './cursor.ts'
export { type CollectionOptions, Database, open, salvage } from './database.ts'
export type {
  Condition,
  DeleteResult,
  Document,
  Filter,
  FilterOperators,
  Id,
  IdOf,
  InsertManyResult,
  InsertOneResult,
  OptionalId,
  Update,
  UpdateFields,
  UpdateResult,
  WithId
} from './document.ts'
export { Documents } from './documents.ts'
export { QuireError, type QuireErrorCode } from './errors.ts'
export type { Durability, OpenOptions, TransactionOptions, WriteOptions } from './options.ts'
export type { CheckReport, CollectionInfo, IdKind, Problem, SalvageReport, Stats } from './stats.ts'
export { Transaction, type TransactionCallback } from './transaction.ts'
