// Export and import of collections, stores, namespaces and whole databases as JSON lines.
//
// A collection is one document a line. A namespace or a database begins each collection with a line
// `{"$collection": {"name", "ids", "indexes"}}`, which no document can be, for it has no `_id`; its documents follow.
// Promises: an export sees one moment, over all collections, and holds no more than a chunk. Leaves to others: reading
// lines and writing documents (json-import.ts), values (extended-json.ts), files. docs/KEY-VALUE.md, "JSON".

import type { Database } from './database.ts'
import type { Document } from './document.ts'
import { Documents } from './documents.ts'
import { invalidArgument } from './errors.ts'
import { stringifyExtended } from './extended-json.ts'
import { checkOptions } from './filters.ts'
import type { IndexInfo } from './index-types.ts'
import { JsonImport, type JsonImportOptions, type JsonImportReport, type JsonInput, linesOf } from './json-import.ts'
import { ID_INDEX, type JsonHeader, type JsonIndex, type JsonRooms } from './json-types.ts'
import { KvStore } from './kv-store.ts'
import { namespacePrefix } from './names.ts'
import { Namespace } from './namespace.ts'

/** Options of `exportJson`. */
export interface JsonExportOptions {
  /**
   * Documents in the order of their ids, so that two exports can be compared line by line. False by default; sorting
   * takes at most 100 MiB where no index orders the ids.
   */
  readonly sorted?: boolean
}

/** What can be exported, and imported to. */
export type JsonPlace<T extends object = object> = Database | Namespace | Documents<T> | KvStore

/** Texts of this length are handed out. */
const CHUNK_CHARACTERS = 1 << 16
const EXPORT_OPTIONS = ['sorted'] as const satisfies readonly (keyof JsonExportOptions)[]

/**
 * A collection, a store, a namespace or a database as JSON lines, in chunks of whole lines that are made as they are
 * asked for. Leaving the loop, or `return()`, gives up the moment that is seen.
 *
 * Errors while it is read: `CLOSED`, `SNAPSHOT_TOO_OLD`, `CORRUPTED`, `IO`, `LIMIT_EXCEEDED` for sorting, and
 * `UNSUPPORTED_VALUE` for a value of another language.
 *
 * @throws QuireError `INVALID_ARGUMENT`
 */
export function exportJson<T extends object>(
  source: JsonPlace<T>,
  options: JsonExportOptions = {}
): Generator<string, undefined, undefined> {
  checkOptions(options, EXPORT_OPTIONS, 'exportJson')
  const sort = options.sorted === true ? { sort: { _id: 1 } } : {}
  if (source instanceof KvStore) return inChunks(documentLines(source.collection, sort))
  if (source instanceof Documents) return inChunks(documentLines(source, sort))
  return inChunks(collectionLines(roomsOf(source), sort))
}

/**
 * Reads JSON lines into a collection, a store, a namespace or a database, batch after batch, each of which is committed
 * by itself. An array or stream of texts or bytes is taken in whatever pieces; a `Readable` of Node is one.
 *
 * Documents of a collection with a schema are validated. An index that the lines name is made after the documents, or,
 * where documents expire by it, before.
 *
 * @throws QuireError `INVALID_DOCUMENT`, naming the line, for what is no JSON, no document or has a wrong form;
 * `UNSUPPORTED_VALUE`; `INVALID_ARGUMENT`; those of `insertMany` and `createIndex`. What was committed before stays
 */
export async function importJson<T extends object>(
  target: JsonPlace<T>,
  input: JsonInput,
  options: JsonImportOptions = {}
): Promise<JsonImportReport> {
  const documents = target instanceof KvStore ? target.collection : target
  const job = new JsonImport(
    documents instanceof Documents
      ? { documents: documents as unknown as Documents<Document> }
      : { rooms: roomsOf(documents) },
    options
  )
  for await (const lines of linesOf(input)) for (const line of lines) job.add(line)
  return job.finish()
}

function roomsOf(place: Database | Namespace): JsonRooms {
  if (place instanceof Namespace) return { prefix: namespacePrefix(place.name), database: place.database }
  if (typeof (place as Partial<Database> | null)?.listCollections !== 'function')
    throw invalidArgument('JSON is of a database, a namespace, a collection or a store')
  return { prefix: '', database: place }
}

function* collectionLines({ prefix, database }: JsonRooms, sort: object): Generator<string> {
  const collections = database.listCollections()
  const transaction = database.begin()
  try {
    for (const { name, ids } of collections) {
      if (!name.startsWith(prefix)) continue
      const indexes = database.collection(name).listIndexes().sort(byName).flatMap(described)
      const header: JsonHeader = { $collection: { name: name.slice(prefix.length), ids, indexes } }
      yield `${stringifyExtended(header)}\n`
      yield* documentLines(transaction.collection(name), sort)
    }
  } finally {
    transaction.abandon()
  }
}

function byName(a: IndexInfo, b: IndexInfo): number {
  return a.name < b.name ? -1 : 1
}

/** An index as it is made, with its fields as pairs: an object would move names that are numbers. */
function described({ entriesCount: _, bytes: __, key, ...options }: IndexInfo): readonly JsonIndex[] {
  return options.name === ID_INDEX ? [] : [{ key: Object.entries(key), ...options }]
}

function* documentLines<T extends object>(documents: Documents<T>, sort: object): Generator<string> {
  for (const document of documents.find({} as never, sort as never)) yield `${stringifyExtended(document)}\n`
}

function* inChunks(lines: Iterable<string>): Generator<string, undefined, undefined> {
  let chunk = ''
  for (const line of lines) {
    chunk += line
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
  return undefined
}
