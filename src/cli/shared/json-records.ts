// Documents as JSON: one a line, or an array of them.
//
// An array is read element by element; what is read as an array may also be documents one behind the other. Promises:
// what is no JSON, no document or no UTF-8 is refused with its record's number, and a record is never longer than
// `RECORD_CHARACTERS_MAX`. Leaves to others: values (the database's extended JSON), what is written where.

import { type Document, parseExtended, stringifyExtended } from '../../index.ts'
import { EXITS, Failure } from './failure.ts'
import type { Format, Pieces } from './formats.ts'

/** Longest record: more than a document of the largest size that is allowed by default can take. */
const RECORD_CHARACTERS_MAX = 1 << 28

/** One document a line. */
export const JSON_LINES: Format = {
  read: (pieces, { skip }) => documentsOf(lines(pieces), skip, parseExtended),
  *write({ documents }) {
    for (const document of documents()) yield `${stringifyExtended(document)}\n`
  }
}

/** An array, an element a line. */
export const JSON_ARRAY: Format = {
  read: (pieces, { skip }) => documentsOf(elements(pieces), skip, parseExtended),
  *write({ documents }) {
    let before = '[\n'
    for (const document of documents()) {
      yield before + stringifyExtended(document)
      before = ',\n'
    }
    yield before === ',\n' ? '\n]\n' : '[]\n'
  }
}

/** Texts of records, parsed. */
export async function* documentsOf(
  texts: AsyncIterable<readonly string[]>,
  skip: number,
  parse: (text: string) => unknown
): AsyncGenerator<readonly Document[]> {
  let number = 0
  for await (const list of texts) {
    const first = Math.min(list.length, Math.max(0, skip - number))
    const documents = list.slice(first).map((text, index) => documentOf(text, number + first + index + 1, parse))
    number += list.length
    if (documents.length > 0) yield documents
  }
}

function documentOf(text: string, number: number, parse: (text: string) => unknown): Document {
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw wrongRecord(number, (error as Error).message)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongRecord(number, 'a document is an object')
  }
  return value as Document
}

/** The error of a record that is no document. */
export function wrongRecord(number: number, why: string): Failure {
  return new Failure('INVALID_DOCUMENT', EXITS.error.code, `record ${number}: ${why}`)
}

/** The lines that hold something, in lists as they come. */
async function* lines(pieces: Pieces): AsyncGenerator<readonly string[]> {
  // Parts of a line that is not at its end yet, put together once.
  let parts: string[] = []
  for await (const text of texts(pieces)) {
    const end = text.lastIndexOf('\n')
    parts.push(end < 0 ? text : text.slice(0, end))
    if (end < 0) {
      checkLength(parts.reduce((sum, part) => sum + part.length, 0))
      continue
    }
    yield parts.join('').split('\n').filter(isFilled)
    parts = [text.slice(end + 1)]
  }
  yield parts.join('').split('\n').filter(isFilled)
}

function isFilled(line: string): boolean {
  return line.length > 0 && /\S/.test(line)
}

/** The elements of an array, or the objects one behind the other, in lists as they come. */
export async function* elements(pieces: Pieces): AsyncGenerator<readonly string[]> {
  const splitter = new Splitter()
  for await (const text of texts(pieces)) yield splitter.add(text)
  splitter.end()
}

/** Texts of UTF-8 that is cut anywhere. */
async function* texts(pieces: Pieces): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (piece?: Uint8Array) => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined })
    } catch {
      throw new Failure('INVALID_DOCUMENT', EXITS.error.code, 'the input is no UTF-8')
    }
  }
  for await (const piece of pieces) yield decode(piece)
  yield decode()
}

function checkLength(length: number): void {
  if (length > RECORD_CHARACTERS_MAX) {
    throw new Failure('INVALID_DOCUMENT', EXITS.error.code, 'a record is longer than any document')
  }
}

/** Cuts JSON text between its objects, by its brackets and strings only. */
class Splitter {
  /** What stands around the place: objects and arrays inside the record. */
  #depth = 0
  #isInString = false
  #isEscaped = false
  /** Whether an array stands around the records: before, in, or behind it. */
  #array: 'before' | 'in' | 'none' | 'behind' = 'before'
  /** Whether a comma or the beginning is behind the place, so that an element may follow. */
  #mayFollow = true
  #hasComma = false
  #rest = ''
  #count = 0

  /** The records that end in `text`. */
  add(text: string): string[] {
    const records: string[] = []
    let start = this.#depth > 0 ? 0 : -1
    for (let at = 0; at < text.length; at++) {
      if (this.#depth === 0) {
        if (this.#between(text[at] as string)) start = at
      } else if (this.#inside(text.charCodeAt(at))) {
        records.push(this.#rest + text.slice(start, at + 1))
        this.#rest = ''
        this.#count++
        start = -1
      }
    }
    if (start >= 0) this.#rest += text.slice(start)
    checkLength(this.#rest.length)
    return records
  }

  /** Refuses an end in the middle. */
  end(): void {
    if (this.#depth > 0 || this.#array === 'in') throw wrongRecord(this.#count + 1, 'the input ends in the middle')
  }

  /** A character between records; true where a record begins. */
  #between(character: string): boolean {
    if (/\s/.test(character) || character === '\ufeff') return false
    if (character === '[' && this.#array === 'before') this.#array = 'in'
    else if (character === ']' && this.#array === 'in' && !this.#hasComma) this.#array = 'behind'
    else if (character === ',' && this.#array === 'in' && !this.#mayFollow) this.#mayFollow = this.#hasComma = true
    else if (character === '{' && this.#mayFollow && this.#array !== 'behind') {
      if (this.#array === 'before') this.#array = 'none'
      this.#mayFollow = this.#array === 'none'
      this.#hasComma = false
      this.#depth = 1
      return true
    } else throw wrongRecord(this.#count + 1, `there is ${JSON.stringify(character)} where a document should begin`)
    return false
  }

  /** A character inside a record; true where it ends. */
  #inside(code: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false
      else if (code === 0x5c) this.#isEscaped = true
      else if (code === 0x22) this.#isInString = false
      return false
    }
    if (code === 0x22) this.#isInString = true
    else if (code === 0x7b || code === 0x5b) this.#depth++
    else if (code === 0x7d || code === 0x5d) return --this.#depth === 0
    return false
  }
}
