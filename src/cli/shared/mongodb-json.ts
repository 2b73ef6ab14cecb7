// Documents as MongoDB's tools write them: canonical Extended JSON (v2), one a line, or an array of them.
//
// Promises: types that can be stored come through; of those that cannot (decimals, regular expressions, timestamps,
// code …) the record is refused with the field's path. Leaves to others: the format (bson), cutting (json-records.ts).
// Mapping: ObjectId becomes its 24 hexadecimal digits, UUID its 16 bytes; Int32 and Double are numbers, Long is a
// number where that is exact. Source: the MongoDB Extended JSON (v2) specification.

import { Binary, Double, EJSON, Int32, Long, ObjectId } from 'bson'
import type { Document } from '../../index.ts'
import type { Format } from './formats.ts'
import { documentsOf, elements } from './json-records.ts'

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

/** Canonical Extended JSON. */
export const MONGODB_JSON: Format = {
  read: (pieces, { skip }) => documentsOf(elements(pieces), skip, parse),
  *write({ documents }) {
    for (const document of documents()) yield `${EJSON.stringify(bsonOf(document), { relaxed: false })}\n`
  }
}

function parse(text: string): unknown {
  return storedOf(EJSON.parse(text, { relaxed: false }), '')
}

/** A value of BSON as it is stored. */
function storedOf(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (Array.isArray(value)) return value.map((element, index) => storedOf(element, `${path}[${index}]`))
  const { _bsontype: type } = value as { _bsontype?: unknown }
  if (typeof type === 'string') return storedType(value, type, path)
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    storedOf(inner, path === '' ? key : `${path}.${key}`)
  ])
  return Object.fromEntries(entries)
}

function storedType(value: object, type: string, path: string): unknown {
  if (value instanceof ObjectId) return value.toHexString()
  if (value instanceof Int32 || value instanceof Double) return value.valueOf()
  // A copy, because what bson gives may be a piece of a pool.
  if (value instanceof Binary) return Uint8Array.from(value.value())
  if (value instanceof Long) {
    const number = value.toNumber()
    return Number.isSafeInteger(number) ? number : value.toBigInt()
  }
  throw new Error(`${path === '' ? 'the document' : path} is of the type ${type}, and there is no such type here`)
}

/** A stored value as bson takes it. */
function bsonOf(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return Long.fromBigInt(value)
    case 'number':
      return bsonNumber(value)
    case 'object':
      return bsonObject(value)
    default:
      return value
  }
}

function bsonNumber(value: number): Int32 | Long | Double {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return new Double(value)
  return value >= INT32_MIN && value <= INT32_MAX ? new Int32(value) : Long.fromNumber(value)
}

function bsonObject(value: object | null): unknown {
  if (value === null || value instanceof Date) return value
  if (value instanceof Uint8Array) return new Binary(value)
  if (Array.isArray(value)) return value.map(bsonOf)
  return Object.fromEntries(Object.entries(value as Document).map(([key, inner]) => [key, bsonOf(inner)]))
}
