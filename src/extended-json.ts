// Values of documents as JSON, with those that JSON lacks in the relaxed form of MongoDB's Extended JSON, version 2.
//
// `{"$date": "2026-01-01T00:00:00.000Z"}`, `{"$binary": {"base64": "…", "subType": "00"}}`, `{"$numberLong": "…"}` for
// bigints, `{"$numberDouble": "NaN"}` (also Infinity, -Infinity, -0.0). Read are also `$numberInt`, `$uuid` (as 16 bytes)
// and `$oid` (as its text). An object with one such key that is data is written as `{"$literal": {…}}`, which Extended
// JSON has not; around anything else `$literal` is a key like others, and so is `$regex`: they are operators.
// Sets are written as arrays, which is how they are stored. Promises: what is written is read as the same value; a form
// that is known but wrong, or stands for what cannot be stored, is refused with its path; nothing nests deeper than
// `DEPTH_MAX`, and `__proto__` is refused; it needs no Node. Leaves to others: lines and files (json.ts), bodies of the
// server (server/media.ts). Source: the MongoDB Extended JSON (v2) specification.

import { QuireError } from './errors.ts'

/** Deepest nesting that is read: the engine's 100 levels of a document, and what may stand around it. */
export const DEPTH_MAX = 110
const LITERAL = '$literal'
const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 64n - 1n
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** What a text has that holds more than JSON's own values: a form, a key `__proto__`, or either of them escaped. */
const MORE_THAN_PLAIN = /"\$|__proto__|\\u/
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const OBJECT_ID = /^[0-9a-f]{24}$/i
const ISO_DATE = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/
/** Times that the specification writes as text: from 1970 to the end of 9999. */
const TEXT_TIME_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Gives the value that a form stands for; undefined when the form is wrong. */
type Reader = (inner: unknown) => unknown

/** The forms that can be stored. */
const READERS: { readonly [key: string]: Reader } = {
  $date: readDate,
  $binary: readBinary,
  $uuid: inner => (isText(inner, UUID) ? hexBytes(inner.replaceAll('-', '')) : undefined),
  $oid: inner => (isText(inner, OBJECT_ID) ? inner : undefined),
  $numberLong: readInteger,
  $numberInt: readInteger,
  $numberDouble: readDouble
}
/** The forms of what cannot be stored. */
const FOREIGN = new Set([
  ...['$numberDecimal', '$regularExpression', '$timestamp', '$minKey', '$maxKey', '$undefined'],
  ...['$symbol', '$code', '$dbPointer']
])

/**
 * A value as JSON text.
 * @throws QuireError `UNSUPPORTED_VALUE` for what no document holds
 */
export function stringifyExtended(value: unknown): string {
  const text: string | undefined = JSON.stringify(plainOf(value))
  if (text === undefined) throw new QuireError('UNSUPPORTED_VALUE', `a ${typeof value} has no form in JSON`)
  return text
}

/**
 * The value of a JSON text.
 * @throws QuireError `INVALID_DOCUMENT` for what is no JSON, nests too deep, or has a form that is wrong;
 * `UNSUPPORTED_VALUE` for a form of what cannot be stored and for a key `__proto__`
 */
export function parseExtended(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new QuireError('INVALID_DOCUMENT', `not JSON: ${(cause as Error).message}`, { cause })
  }
  if (!MORE_THAN_PLAIN.test(text)) {
    checkDepth(value, 0)
    return value
  }
  try {
    return valueIn(value, undefined, 0)
  } catch {
    // Where it is wrong is asked for only when it is.
    return valueIn(JSON.parse(text), '', 0)
  }
}

/** What `valueIn` does where there is nothing to put in a place. */
function checkDepth(plain: unknown, depth: number): void {
  if (typeof plain !== 'object' || plain === null) return
  if (depth >= DEPTH_MAX) throw wrong('', `nests deeper than ${DEPTH_MAX} levels`)
  for (const key in plain) {
    const inner = (plain as Record<string, unknown>)[key]
    if (typeof inner === 'object') checkDepth(inner, depth + 1)
  }
}

/** A value in what JSON has; the same object where there is nothing else in it. */
function plainOf(value: unknown): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : plainObject(value)
    case 'bigint':
      return { $numberLong: value.toString() }
    case 'number':
      if (Number.isFinite(value)) return Object.is(value, -0) ? { $numberDouble: '-0.0' } : value
      return { $numberDouble: String(value) }
    default:
      return value
  }
}

function plainObject(value: object): unknown {
  if (Array.isArray(value)) return plainElements(value)
  if (value instanceof Date) return { $date: dateText(value) }
  if (value instanceof Uint8Array) {
    return { $binary: { base64: base64Text(value), subType: '00' } }
  }
  if (value instanceof Set) return plainElements([...value])
  const fields = (value instanceof Map ? Object.fromEntries(value) : value) as Record<string, unknown>
  const keys = Object.keys(fields)
  let copy: Record<string, unknown> | undefined
  for (const key of keys) {
    const plain = plainOf(fields[key])
    if (plain === fields[key]) continue
    copy ??= { ...fields }
    copy[key] = plain
  }
  return keys.length === 1 && isForm(keys[0] as string) ? { [LITERAL]: copy ?? fields } : (copy ?? fields)
}

function plainElements(elements: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < elements.length; index++) {
    const plain = plainOf(elements[index])
    if (plain === elements[index]) continue
    copy ??= [...elements]
    copy[index] = plain
  }
  return copy ?? elements
}

function dateText(date: Date): unknown {
  const time = date.getTime()
  return time >= 0 && time <= TEXT_TIME_MAX ? date.toISOString() : { $numberLong: String(time) }
}

function isForm(key: string): boolean {
  return Object.hasOwn(READERS, key) || key === LITERAL || FOREIGN.has(key)
}

/** Where a value is, for messages; undefined while nobody wants to know. */
type Place = string | undefined

/** Puts values in the place of their forms, in the very objects that were parsed. */
function valueIn(plain: unknown, path: Place, depth: number): unknown {
  if (typeof plain !== 'object' || plain === null) return plain
  if (depth >= DEPTH_MAX) throw wrong(path, `nests deeper than ${DEPTH_MAX} levels`)
  if (Array.isArray(plain)) {
    for (let index = 0; index < plain.length; index++) {
      const element: unknown = plain[index]
      if (typeof element !== 'object') continue
      plain[index] = valueIn(element, path === undefined ? undefined : `${path}[${index}]`, depth + 1)
    }
    return plain
  }
  const fields = plain as Record<string, unknown>
  const keys = Object.keys(fields)
  if (keys.length === 1 && isForm(keys[0] as string)) return formValue(keys[0] as string, fields, path, depth)
  return withValues(fields, keys, path, depth)
}

function withValues(fields: Record<string, unknown>, keys: readonly string[], path: Place, depth: number): object {
  for (const key of keys) {
    if (key === '__proto__') throw unsupported(path, 'has the key __proto__, which cannot be stored')
    const inner = fields[key]
    if (typeof inner !== 'object') continue
    fields[key] = valueIn(inner, path === undefined ? undefined : path === '' ? key : `${path}.${key}`, depth + 1)
  }
  return fields
}

/** The value of an object with one key that names a form. */
function formValue(key: string, fields: Record<string, unknown>, path: Place, depth: number): unknown {
  const inner = fields[key]
  if (key === LITERAL) {
    const keys = typeof inner !== 'object' || inner === null || Array.isArray(inner) ? [] : Object.keys(inner)
    const isEscape = keys.length === 1 && isForm(keys[0] as string)
    if (!isEscape) return withValues(fields, [key], path, depth)
    return withValues(inner as Record<string, unknown>, keys, path, depth + 1)
  }
  if (FOREIGN.has(key)) throw unsupported(path, `has ${key}, and there is no such type here`)
  const value = READERS[key]?.(inner)
  if (value === undefined) throw wrong(path, `has ${key} with a value that it does not take`)
  return value
}

function readDate(inner: unknown): Date | undefined {
  const long = typeof inner === 'object' && inner !== null && Object.keys(inner).length === 1
  const time = long ? readInteger((inner as { $numberLong?: unknown }).$numberLong) : inner
  if (!isText(time, ISO_DATE) && typeof time !== 'number') return undefined
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function readBinary(inner: unknown): Uint8Array | undefined {
  if (typeof inner !== 'object' || inner === null) return undefined
  const { base64, subType, ...others } = inner as { base64?: unknown; subType?: unknown }
  const isKnown = subType === undefined || isText(subType, /^[0-9a-f]{1,2}$/i)
  if (!isKnown || Object.keys(others).length > 0 || !isText(base64, BASE64)) return undefined
  return base64Bytes(base64)
}

function readInteger(inner: unknown): number | bigint | undefined {
  if (!isText(inner, /^-?\d{1,20}$/)) return undefined
  const integer = BigInt(inner)
  if (integer < LONG_MIN || integer > LONG_MAX) return undefined
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer
}

function readDouble(inner: unknown): number | undefined {
  if (!isText(inner, /^(?:NaN|-?Infinity|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/)) return undefined
  return Number(inner)
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}

/** Node's buffers are the fastest; browsers have none. */
const hasBuffers = typeof Buffer === 'function'

function base64Text(bytes: Uint8Array): string {
  if (hasBuffers) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
}

function base64Bytes(text: string): Uint8Array {
  if (hasBuffers) return new Uint8Array(Buffer.from(text, 'base64'))
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
}

function hexBytes(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16)
  )
}

function unsupported(path: Place, why: string): QuireError {
  return new QuireError('UNSUPPORTED_VALUE', `${place(path)} ${why}`)
}

function wrong(path: Place, why: string): QuireError {
  return new QuireError('INVALID_DOCUMENT', `${place(path)} ${why}`)
}

function place(path: Place): string {
  return path === undefined || path === '' ? 'the value' : `the value at ${path}`
}
