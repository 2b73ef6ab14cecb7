// Values that JSON lacks, in JSON: the relaxed form of MongoDB's Extended JSON, version 2.
//
// `{"$date": "2026-01-01T00:00:00Z"}`, `{"$binary": {"base64": "…", "subType": "00"}}`, `{"$numberLong": "…"}` for
// integers that a number does not hold exactly, `{"$numberDouble": "NaN"}` (also Infinity, -Infinity, -0.0). Read are also
// `$numberInt`, `$numberDecimal`-free canonical forms of numbers, and `$uuid` is not. Promises: no value nests deeper than
// `DEPTH_MAX`; a key `__proto__` is refused, so nothing that is read changes another object. A document with such a key
// of its own, and no other, cannot be told from a value: MessagePack has no such case.
// Leaves to others: bodies (bodies.ts), what may be stored (the engine).

import { QuireError } from '../index.ts'
import { Refusal } from './problems.ts'

/** Deepest nesting of a body: the engine's 100 levels of a document, and what a request puts around it. */
export const DEPTH_MAX = 110

const EXTENDED = /"\$(?:date|binary|numberLong|numberInt|numberDouble)"/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 64n - 1n
/** Largest time that a Date holds, in milliseconds. */
const TIME_MAX = 8.64e15

/**
 * Reads a JSON text.
 * @throws Refusal `MALFORMED_BODY`; QuireError `UNSUPPORTED_VALUE` for a key `__proto__`
 */
export function parseExtended(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw malformed(`the body is no JSON: ${(error as Error).message}`)
  }
  return revive(value, EXTENDED.test(text), 0)
}

function malformed(message: string): Refusal {
  return new Refusal('MALFORMED_BODY', message)
}

/** Puts values in the place of their extended forms, and refuses what no document may hold. */
function revive(value: unknown, isExtended: boolean, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEPTH_MAX) throw malformed(`the body nests deeper than ${DEPTH_MAX} levels`)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = revive(value[index], isExtended, depth + 1)
    return value
  }
  const fields = value as Record<string, unknown>
  const keys = Object.keys(fields)
  if (isExtended && keys.length === 1) {
    const single = extendedValue(keys[0] as string, fields[keys[0] as string])
    if (single !== undefined) return single
  }
  for (const key of keys) {
    if (key === '__proto__') throw new QuireError('UNSUPPORTED_VALUE', 'the key __proto__ cannot be stored')
    const inner = fields[key]
    if (typeof inner === 'object' && inner !== null) fields[key] = revive(inner, isExtended, depth + 1)
  }
  return fields
}

/** The value that `{[key]: inner}` stands for; undefined when it is an ordinary object. */
function extendedValue(key: string, inner: unknown): unknown {
  switch (key) {
    case '$date':
      return dateOf(inner)
    case '$binary':
      return bytesOf(inner)
    case '$numberLong':
    case '$numberInt':
      return integerOf(key, inner)
    case '$numberDouble':
      return doubleOf(inner)
    default:
      return undefined
  }
}

function dateOf(inner: unknown): Date {
  const isLong = typeof inner === 'object' && inner !== null && Object.keys(inner).join() === '$numberLong'
  const time = isLong ? Number((inner as { $numberLong: unknown }).$numberLong) : inner
  const date = typeof time === 'string' || typeof time === 'number' ? new Date(time) : new Date(Number.NaN)
  if (!(Math.abs(date.getTime()) <= TIME_MAX)) throw malformed('$date takes a time of ISO 8601 or milliseconds')
  return date
}

function bytesOf(inner: unknown): Uint8Array {
  const { base64, subType, ...rest } = (inner ?? {}) as { base64?: unknown; subType?: unknown }
  const isRight = typeof base64 === 'string' && BASE64.test(base64) && Object.keys(rest).length === 0
  if (!isRight || (subType !== undefined && subType !== '00' && subType !== '0')) {
    throw malformed('$binary takes {"base64": "…", "subType": "00"}')
  }
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

function integerOf(key: string, inner: unknown): number | bigint {
  const integer = typeof inner === 'string' && /^-?\d{1,20}$/.test(inner) ? BigInt(inner) : undefined
  if (integer === undefined || integer < LONG_MIN || integer > LONG_MAX) {
    throw malformed(`${key} takes a text of a whole number of 64 bits`)
  }
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer
}

function doubleOf(inner: unknown): number {
  const number = typeof inner === 'string' && inner !== '' ? Number(inner) : Number.NaN
  if (Number.isNaN(number) && inner !== 'NaN') throw malformed('$numberDouble takes the text of a number')
  return number
}

/**
 * Writes a value as JSON. Sets are written as arrays, and what other languages stored as they are told.
 * @returns the text
 */
export function stringifyExtended(value: unknown): string {
  return JSON.stringify(plainOf(value)) ?? 'null'
}

/** The value in what JSON has; the same object where it has nothing else. */
function plainOf(value: unknown): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : plainObject(value)
    case 'bigint':
      return { $numberLong: value.toString() }
    case 'number':
      return plainNumber(value)
    default:
      return value
  }
}

function plainNumber(number: number): unknown {
  if (Number.isFinite(number)) return Object.is(number, -0) ? { $numberDouble: '-0.0' } : number
  return { $numberDouble: String(number) }
}

function plainObject(value: object): unknown {
  if (Array.isArray(value)) return plainArray(value)
  if (value instanceof Date) return { $date: value.toISOString() }
  if (value instanceof Uint8Array) {
    return {
      $binary: { base64: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64'), subType: '00' }
    }
  }
  if (value instanceof Set) return plainArray([...value])
  let copy: Record<string, unknown> | undefined
  const fields = value as Record<string, unknown>
  for (const key of Object.keys(fields)) {
    const plain = plainOf(fields[key])
    if (plain === fields[key]) continue
    copy ??= { ...fields }
    copy[key] = plain
  }
  return copy ?? value
}

function plainArray(values: unknown[]): unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < values.length; index++) {
    const plain = plainOf(values[index])
    if (plain === values[index]) continue
    copy ??= [...values]
    copy[index] = plain
  }
  return copy ?? values
}
