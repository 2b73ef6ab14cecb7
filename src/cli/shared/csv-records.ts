// Documents as CSV with a line of names.
//
// A name with dots stands for a field inside objects (`address.city`). Read: a value that looks like a number, `true` or
// `false` is that (unless types are not inferred), an empty one is no field. Written: texts as they are, dates as ISO
// 8601, arrays and what else CSV lacks as JSON. Promises: a text that is a number with leading zeros, a plus or spaces
// stays a text. Leaves to others: the format (csv-parse, csv-stringify: RFC 4180).

import { pipeline, Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { stringify } from 'csv-stringify/sync'
import { type Document, stringifyExtended } from '../../index.ts'
import { EXITS, Failure } from './failure.ts'
import type { Format, Pieces, ReadOptions } from './formats.ts'
import { wrongRecord } from './json-records.ts'

/** Records that are handed on together. */
const LIST_RECORDS = 1000

/** CSV. */
export const CSV: Format = {
  read: readCsv,
  *write({ fields, documents }) {
    const columns = fields ?? columnsOf(documents())
    if (columns.length === 0) return
    yield stringify([[...columns]])
    const paths = columns.map(column => column.split('.'))
    for (const document of documents()) yield stringify([paths.map(path => cellOf(valueAt(document, path)))])
  }
}

async function* readCsv(pieces: Pieces, { infersTypes, skip }: ReadOptions): AsyncGenerator<readonly Document[]> {
  const parser = parse({ bom: true, skip_empty_lines: true, relax_column_count: false })
  // What goes wrong with the pieces is told by the parser.
  pipeline(Readable.from(pieces), parser, () => undefined)
  let names: readonly (readonly string[])[] | undefined
  let list: Document[] = []
  let number = 0
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      if (names === undefined) names = namesOf(record)
      else if (++number > skip) list.push(documentOf(names, record, infersTypes))
      if (list.length < LIST_RECORDS) continue
      yield list
      list = []
    }
  } catch (error) {
    if (error instanceof Failure || !String((error as { code?: unknown }).code).startsWith('CSV_')) throw error
    throw wrongRecord(number + 1, (error as Error).message)
  }
  if (list.length > 0) yield list
}

function namesOf(record: readonly string[]): string[][] {
  const seen = new Set<string>()
  for (const name of record) {
    const holder = record.find(other => other.startsWith(`${name}.`))
    if (holder !== undefined) {
      const why = `the line of names has ${name} and ${holder}; a field is a value or holds others`
      throw new Failure('INVALID_DOCUMENT', EXITS.error.code, why)
    }
    if (name === '' || seen.has(name) || /(^|\.)(__proto__)?(\.|$)/.test(name)) {
      const why = `the line of names has ${name === '' ? 'an empty name' : `the name ${name}, twice or of no field`}`
      throw new Failure('INVALID_DOCUMENT', EXITS.error.code, why)
    }
    seen.add(name)
  }
  return record.map(name => name.split('.'))
}

function documentOf(names: readonly (readonly string[])[], record: readonly string[], infersTypes: boolean): Document {
  const document: Document = {}
  for (const [index, path] of names.entries()) {
    const text = record[index] as string
    if (text === '') continue
    let inside = document
    for (const key of path.slice(0, -1)) {
      inside[key] ??= {}
      inside = inside[key] as Document
    }
    inside[path.at(-1) as string] = infersTypes ? inferred(text) : text
  }
  return document
}

/** What a text looks like: a number where that is written as the same text again, but for zeros behind the point. */
function inferred(text: string): string | number | boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  if (!/^-?\d/.test(text)) return text
  const number = Number(text)
  return Number.isFinite(number) && (String(number) === text || /^-?(0|[1-9]\d{0,14})\.\d{1,15}$/.test(text))
    ? number
    : text
}

/** The paths of all fields of documents, in the order in which they are met. */
function columnsOf(documents: Iterable<Document>): string[] {
  const columns = new Set<string>()
  for (const document of documents) addPaths(document, '', columns)
  return [...columns]
}

function addPaths(fields: Document, prefix: string, columns: Set<string>): void {
  for (const [key, value] of Object.entries(fields)) {
    if (isObject(value)) addPaths(value, `${prefix}${key}.`, columns)
    else columns.add(prefix + key)
  }
}

function valueAt(document: Document, path: readonly string[]): unknown {
  let value: unknown = document
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return stringifyExtended(value)
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
