// The public door of the package: everything that programs import.
//
// Promises: what is exported here is documented and keeps to semantic versioning; nothing else does.

export {
  type AggregateExplanation,
  type AggregateOptions,
  AggregationCursor,
  AsyncAggregationCursor
} from './aggregation.ts'
export { AsyncCollection } from './async-collection.ts'
export { AsyncCursor } from './async-cursor.ts'
export { AsyncKv, type AsyncKvList } from './async-kv.ts'
export { BulkWriteError, type WriteError } from './bulk.ts'
export { ChangeStream, type WatchOptions } from './change-stream.ts'
export type {
  ChangeCommit,
  ChangeEvent,
  ChangeFilter,
  ChangeNamespace,
  ClearChange,
  DeleteChange,
  DropChange,
  InsertChange,
  InvalidateChange,
  RenameChange,
  ReplaceChange,
  ResumeToken,
  UpdateChange,
  UpdateDescription
} from './change-types.ts'
export { Collection } from './collection.ts'
export { Cursor } from './cursor.ts'
export { Database, open, salvage } from './database.ts'
export type { Document, Id, IdOf, OptionalId, WithId } from './document.ts'
export { Documents } from './documents.ts'
export { type Issue, QuireError, type QuireErrorCode } from './errors.ts'
export { parseExtended, stringifyExtended } from './extended-json.ts'
export type {
  BitMask,
  Condition,
  ElementFilter,
  Expression,
  Filter,
  FilterConnectives,
  FilterOperators,
  TypeName
} from './filter-types.ts'
export type {
  Hint,
  IndexDescription,
  IndexDirection,
  IndexInfo,
  IndexOptions,
  IndexSpecification
} from './index-types.ts'
export { exportJson, importJson, type JsonExportOptions, type JsonPlace } from './json.ts'
export type { JsonImportOptions, JsonImportReport, JsonInput } from './json-import.ts'
export { Kv } from './kv.ts'
export { KvList } from './kv-list.ts'
export { KvPaths } from './kv-paths.ts'
export { KvChanges, KvStore, type KvWatchOptions } from './kv-store.ts'
export type {
  KvChange,
  KvDocument,
  KvEntry,
  KvLifetime,
  KvListOptions,
  KvOperation,
  KvOptions,
  KvRange,
  KvResult,
  KvSetOptions,
  KvVersion
} from './kv-types.ts'
export { LiveQuery, type LiveQueryOptions } from './live-query.ts'
export { Namespace, type NamespaceInfo, TransactionNamespace } from './namespace.ts'
export type {
  DeleteOptions,
  Durability,
  OpenOptions,
  ReplaceOptions,
  TransactionOptions,
  UpdateOneOptions,
  UpdateOptions,
  WriteOptions
} from './options.ts'
export type { Path } from './paths.ts'
export type { PipelineStage } from './pipeline.ts'
export type { Projected, Projection, ProjectionValue, Sort, SortDirection } from './projection-types.ts'
export type {
  CountOptions,
  DistinctOptions,
  ExplainedStage,
  Explanation,
  FindOneOptions,
  FindOptions
} from './query.ts'
export type {
  BulkDeletion,
  BulkReplacement,
  BulkUpdate,
  BulkWriteOperation,
  BulkWriteResult,
  DeleteResult,
  Distinct,
  InsertManyResult,
  InsertOneResult,
  UpdateResult
} from './results.ts'
export type { CollectionOptions, Schema } from './schema.ts'
export type {
  BackupReport,
  CheckReport,
  CollectionInfo,
  CompactReport,
  CreateCollectionOptions,
  IdKind,
  Problem,
  SalvageReport,
  Stats
} from './stats.ts'
export { Transaction, type TransactionCallback } from './transaction.ts'
export type { BitChange, PushMany, Update, UpdateOperators, UpdateStage } from './update-types.ts'
export type {
  BulkWriteOptions,
  FindOneAndDeleteOptions,
  FindOneAndReplaceOptions,
  FindOneAndUpdateOptions,
  InsertManyOptions
} from './write-options.ts'
