// The formats of files of documents, for import and export.
//
// Promises: a format is read and written record by record, and holds no more than one and a chunk; its libraries are
// loaded when it is used. Leaves to others: lines and arrays of JSON (json-records.ts), MongoDB's types (mongodb-json.ts),
// CSV (csv-records.ts), MessagePack (message-pack-records.ts).

import type { Document } from '../../index.ts'
import { usageFailure } from './failure.ts'

/** Bytes in whatever pieces. */
export type Pieces = AsyncIterable<Uint8Array>

/** How records are read. */
export interface ReadOptions {
  /** CSV: values are numbers and truths where they look like them; else all are texts. */
  readonly infersTypes: boolean
  /** Records at the beginning that are passed over as cheaply as the format allows. */
  readonly skip: number
}

/** How documents are written. */
export interface WriteOptions {
  /** CSV: the columns, as dotted paths; without them those that any document has. */
  readonly fields: readonly string[] | undefined
  /** Reads all documents once more, for formats that have to know them before. */
  readonly documents: () => Iterable<Document>
}

/** A format. */
export interface Format {
  /** The documents in the bytes, in lists as they come. */
  read(pieces: Pieces, options: ReadOptions): AsyncIterable<readonly Document[]>
  /** The bytes or texts of documents, in pieces as they come. */
  write(options: WriteOptions): Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>
}

/** The formats by their names, each with the endings of its files. */
const FORMATS: { readonly [name: string]: { endings: readonly string[]; load: () => Promise<Format> } } = {
  jsonl: { endings: ['.jsonl', '.ndjson'], load: async () => (await import('./json-records.ts')).JSON_LINES },
  json: { endings: ['.json'], load: async () => (await import('./json-records.ts')).JSON_ARRAY },
  csv: { endings: ['.csv'], load: async () => (await import('./csv-records.ts')).CSV },
  msgpack: { endings: ['.msgpack', '.mp'], load: async () => (await import('./message-pack-records.ts')).MESSAGE_PACK },
  ejson: { endings: ['.ejson'], load: async () => (await import('./mongodb-json.ts')).MONGODB_JSON }
}

/** The names of the formats. */
export const FORMAT_NAMES: string[] = Object.keys(FORMATS)

/** The name of a format: the one that was asked for, else that of the file's ending, else JSON lines. */
export function formatName(asked: string | undefined, path: string): string {
  if (asked !== undefined) return asked
  const lower = path.toLowerCase()
  return FORMAT_NAMES.find(name => FORMATS[name]?.endings.some(ending => lower.endsWith(ending))) ?? 'jsonl'
}

/** A format by its name. */
export function loadFormat(name: string): Promise<Format> {
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined
  if (format === undefined) throw usageFailure(`the format must be one of ${FORMAT_NAMES.join(', ')}, not ${name}`)
  return format.load()
}
