// Reading JSON lines into collections.
//
// Promises: a batch is written whole or not at all, and no more than one is held; what is wrong is told by its line.
// Entries of a store are checked as the store would check them. Leaves to others: what is read from (json.ts), values
// (extended-json.ts).

import { BulkWriteError } from './bulk.ts'
import { Collection } from './collection.ts'
import type { Document } from './document.ts'
import type { Documents } from './documents.ts'
import { invalidArgument, QuireError } from './errors.ts'
import { parseExtended } from './extended-json.ts'
import { checkOptions } from './filters.ts'
import { ID_INDEX, type JsonHeader, type JsonIndex, type JsonRooms } from './json-types.ts'
import { newVersion } from './kv-entries.ts'
import { KvIndexes } from './kv-indexes.ts'
import { checkKey } from './kv-keys.ts'
import type { KvDocument } from './kv-types.ts'
import { splitName } from './names.ts'
import { type Durability, type WriteOptions, writeDurability } from './options.ts'

/** Where JSON lines come from: pieces of text or of UTF-8, cut anywhere. */
export type JsonInput = string | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/** Options of `importJson`. */
export interface JsonImportOptions {
  /** What becomes of a document whose `_id` is there: an error, which is the default, the new one or the old one. */
  readonly onConflict?: 'error' | 'replace' | 'skip'
  /** Durability of each batch; the database's by default. */
  readonly durability?: Durability
  /** Called after each batch with what is done until then. */
  readonly onProgress?: (done: JsonImportReport) => void
}

/** What an import did. */
export interface JsonImportReport {
  /** Documents that were written. */
  readonly documentsCount: number
  /** Documents that were left out because their `_id` was there. */
  readonly skippedCount: number
  /** Lines whose documents are written or left out, empty lines included: where an import can go on. */
  readonly linesCount: number
}

/** Bytes to text; the rest of a character that is cut is kept for the next ones. */
type TextDecoding = (bytes?: Uint8Array, options?: { stream: boolean }) => string

/** A line and its number, from 1. */
export interface JsonLine {
  readonly text: string
  readonly number: number
}

const IMPORT_OPTIONS = [
  'onConflict',
  'durability',
  'onProgress'
] as const satisfies readonly (keyof JsonImportOptions)[]
const ON_CONFLICT = ['error', 'replace', 'skip']
/** Most documents of a batch, and most characters of their lines. */
const BATCH_DOCUMENTS = 1000
const BATCH_CHARACTERS = 8 << 20
/** Longest line: more than a document of the largest size that is allowed by default can take. */
const LINE_CHARACTERS_MAX = 1 << 28

/** What documents are written to: one collection, or those that the lines name. */
export type JsonTarget = { readonly documents: Documents<Document> } | { readonly rooms: JsonRooms }

/** An import that is going on. */
export class JsonImport {
  readonly #rooms: JsonRooms | undefined
  readonly #onConflict: 'error' | 'replace' | 'skip'
  readonly #write: WriteOptions | undefined
  readonly #onProgress: ((done: JsonImportReport) => void) | undefined
  #documents: Documents<Document> | undefined
  /** Indexes that are made when all documents of the collection are there. */
  #indexes: readonly JsonIndex[] = []
  #batch: Document[] = []
  #batchCharacters = 0
  /** Number of the first line of the batch. */
  #firstLine = 0
  #done = { documentsCount: 0, skippedCount: 0, linesCount: 0 }
  #lastLine = 0

  constructor(target: JsonTarget, options: JsonImportOptions) {
    checkOptions(options, IMPORT_OPTIONS, 'importJson')
    const { onConflict = 'error', durability, onProgress } = options
    if (!ON_CONFLICT.includes(onConflict))
      throw invalidArgument(`onConflict must be one of ${ON_CONFLICT.join(', ')}, not ${String(onConflict)}`)
    this.#write = durability === undefined ? undefined : { durability }
    writeDurability(this.#write, 'importJson')
    this.#onConflict = onConflict
    this.#onProgress = onProgress
    if ('rooms' in target) this.#rooms = target.rooms
    else this.#documents = target.documents
  }

  /** Takes the next line. */
  add({ text, number }: JsonLine): void {
    this.#lastLine = number
    if (text.trim() === '') return
    const value = atLines(number, number, () => parseExtended(text))
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      throw new QuireError('INVALID_DOCUMENT', `line ${number}: a document is an object`)
    if (isHeader(value)) {
      this.#finishCollection(number - 1)
      atLines(number, number, () => this.#begin(value))
      return
    }
    if (this.#documents === undefined)
      throw new QuireError('INVALID_DOCUMENT', `line ${number}: no line before tells the document's collection`)
    if (this.#batch.length === 0) this.#firstLine = number
    this.#batch.push(value as Document)
    this.#batchCharacters += text.length
    if (this.#batch.length >= BATCH_DOCUMENTS || this.#batchCharacters >= BATCH_CHARACTERS) this.#flush(number)
  }

  /** Writes what is left. */
  finish(): JsonImportReport {
    this.#finishCollection(this.#lastLine)
    return this.#done
  }

  /** Begins the collection that a line names. */
  #begin({ $collection }: JsonHeader): void {
    const { name, ids = 'ulid', indexes = [], ...others } = ($collection ?? {}) as JsonHeader['$collection']
    if (typeof name !== 'string' || !Array.isArray(indexes) || Object.keys(others).length > 0)
      throw new QuireError('INVALID_DOCUMENT', '$collection takes a name, ids and an array of indexes')
    if (this.#rooms === undefined)
      throw invalidArgument('the lines name their collections; they are imported into a database or a namespace')
    const { prefix, database } = this.#rooms
    const full = prefix + name
    if (!database.listCollections().some(collection => collection.name === full)) {
      database.createCollection(full, { ids })
    }
    const collection = database.collection(full)
    const wanted = indexes.filter(index => index?.name !== ID_INDEX)
    // Nobody looks for the end of an entry while there is no index by which entries expire; see kv-indexes.ts.
    makeIndexes(collection, wanted.filter(isExpiring))
    this.#indexes = wanted.filter(index => !isExpiring(index))
    this.#documents = collection
  }

  #finishCollection(lastLine: number): void {
    this.#flush(lastLine)
    const indexes = this.#indexes
    this.#indexes = []
    if (indexes.length > 0) makeIndexes(this.#documents as Collection<Document>, indexes)
  }

  #flush(lastLine: number): void {
    const [documents, batch] = [this.#documents, this.#batch]
    if (documents !== undefined && batch.length > 0) {
      const skipped = atLines(this.#firstLine, lastLine, () => {
        const checked = splitName(documents.name).isStore ? this.#entries(documents, batch) : batch
        return this.#writeAll(documents, checked)
      })
      this.#done.documentsCount += batch.length - skipped
      this.#done.skippedCount += skipped
      this.#batch = []
      this.#batchCharacters = 0
    }
    this.#done.linesCount = lastLine
    this.#onProgress?.({ ...this.#done })
  }

  /** Documents as a store would write them. */
  #entries(documents: Documents<Document>, batch: readonly Document[]): Document[] {
    const entries = batch.map(({ _id, version = newVersion(), expires, value, ...others }) => {
      checkKey(_id as string)
      const isEntry = typeof version === 'number' && value !== undefined && Object.keys(others).length === 0
      if (!isEntry || (expires !== undefined && !(expires instanceof Date)))
        throw new QuireError(
          'INVALID_DOCUMENT',
          `key ${_id} of a store needs a value, and may have version and expires`
        )
      return expires === undefined ? { _id, version, value } : { _id, version, expires, value }
    })
    if (documents instanceof Collection && entries.some(entry => 'expires' in entry)) {
      new KvIndexes(documents as unknown as Collection<KvDocument>).makeExpiry()
    }
    return entries
  }

  /** Writes a batch, and gives how many documents were left out. */
  #writeAll(documents: Documents<Document>, batch: readonly Document[]): number {
    if (this.#onConflict === 'replace') {
      const operations = batch.map(document =>
        document['_id'] === undefined
          ? { insertOne: { document } }
          : { replaceOne: { filter: { _id: document['_id'] }, replacement: document, upsert: true } }
      )
      documents.bulkWrite(operations as never, this.#write)
      return 0
    }
    if (this.#onConflict === 'error') {
      documents.insertMany(batch as never, this.#write)
      return 0
    }
    try {
      documents.insertMany(batch as never, { ...this.#write, ordered: false })
      return 0
    } catch (error) {
      const isDone = error instanceof BulkWriteError && error.writeErrors.every(({ code }) => code === 'DUPLICATE_ID')
      if (!isDone) throw error
      return error.writeErrors.length
    }
  }
}

function isHeader(value: object): value is JsonHeader {
  const keys = Object.keys(value)
  return keys.length === 1 && keys[0] === '$collection'
}

function isExpiring(index: JsonIndex): boolean {
  return index?.expireAfterSeconds !== undefined
}

function makeIndexes(collection: Collection<Document>, indexes: readonly JsonIndex[]): void {
  if (indexes.length > 0) collection.createIndexes(indexes as never)
}

/** Does something with lines; an error of it names them. */
function atLines<R>(first: number, last: number, work: () => R): R {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof QuireError)) throw error
    const lines = first === last ? `line ${first}` : `lines ${first} to ${last}`
    const { page, issues } = error
    const details = { ...(page === undefined ? {} : { page }), ...(issues === undefined ? {} : { issues }) }
    throw new QuireError(error.code, `${lines}: ${error.message}`, { ...details, cause: error })
  }
}

/**
 * The lines of an input, in lists as they come.
 * @throws QuireError `INVALID_DOCUMENT` for bytes that are no UTF-8 and for a line without end, `INVALID_ARGUMENT`
 */
export async function* linesOf(input: JsonInput): AsyncGenerator<JsonLine[], undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let number = 0
  for await (const piece of typeof input === 'string' ? [input] : input) {
    const text = textOf(piece, decoder, number)
    const end = text.lastIndexOf('\n')
    if (rest.length + text.length > LINE_CHARACTERS_MAX && end < 0)
      throw new QuireError('INVALID_DOCUMENT', `line ${number + 1} is longer than any document`)
    // A long line is put together once, at its end.
    if (end >= 0) yield (rest + text.slice(0, end)).split('\n').map(line => ({ text: line, number: ++number }))
    rest = end < 0 ? rest + text : text.slice(end + 1)
  }
  rest += textOf(undefined, decoder, number)
  if (rest !== '') yield [{ text: rest, number: ++number }]
  return undefined
}

/** The text of a piece; of none at the end, where a character must not be cut. */
function textOf(piece: string | Uint8Array | undefined, decoder: { decode: TextDecoding }, linesCount: number): string {
  if (typeof piece === 'string') return piece
  if (piece !== undefined && !(piece instanceof Uint8Array))
    throw invalidArgument(`JSON lines are texts or bytes, not ${typeof piece}`)
  try {
    return decoder.decode(piece, { stream: piece !== undefined })
  } catch (cause) {
    throw new QuireError('INVALID_DOCUMENT', `the bytes after line ${linesCount} are no UTF-8`, { cause })
  }
}
