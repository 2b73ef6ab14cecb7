// Values on the command line: JSON, ids, counts, sizes and times.
//
// JSON is read as MongoDB's relaxed Extended JSON, so that dates, bytes and large integers can be said. Promises: what
// cannot be read is refused with exit code 2 and the name of the argument. Leaves to others: what values mean (the
// database), standard input (input.ts).

import { type Document, type Id, parseExtended } from '../../index.ts'
import { usageFailure } from './failure.ts'

/** The value of JSON text; `what` names the argument. */
export function parseValue(text: string, what: string): unknown {
  try {
    return parseExtended(text)
  } catch (error) {
    throw usageFailure(`${what} is ${(error as Error).message}; it is JSON such as '{"age": {"$gt": 30}}'`)
  }
}

/** The object of JSON text; empty where there is none. */
export function parseObject(text: string | undefined, what: string): Document {
  if (text === undefined) return {}
  const value = parseValue(text, what)
  if (!isObject(value)) throw usageFailure(`${what} must be a JSON object, not ${text}`)
  return value
}

/** The array of JSON text. */
export function parseArray(text: string, what: string): readonly unknown[] {
  const value = parseValue(text, what)
  if (!Array.isArray(value)) throw usageFailure(`${what} must be a JSON array, not ${text}`)
  return value
}

/** Options that are given as JSON objects, each where it is there. */
export function parseOptions(options: { readonly [name: string]: string | undefined }): Document {
  const given = Object.entries(options).filter(([, text]) => text !== undefined)
  return Object.fromEntries(given.map(([name, text]) => [name, parseObject(text, `--${name}`)]))
}

/** An id: what is JSON for a number, a string or bytes is that; everything else is the text itself. */
export function parseId(text: string): Id {
  if (!/^(-?\d+$|"|\{\s*"\$)/.test(text)) return text
  try {
    return parseExtended(/^-?\d{16,}$/.test(text) ? `{"$numberLong":"${text}"}` : text) as Id
  } catch {
    return text
  }
}

/** A whole number that is not negative. */
export function parseCount(text: string, what: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw usageFailure(`${what} must be a whole number, not ${text}`)
  }
  return count
}

/** The hint of an index: its name, or its fields as JSON. */
export function parseHint(text: string): string | Document {
  return text.startsWith('{') ? parseObject(text, '--hint') : text
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
