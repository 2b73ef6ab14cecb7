// How figures, names and values are written for people.
//
// Promises: nothing but text is made; a value is cut, never left out. Leaves to others: where it is shown (views).

import type { Json, JsonObject } from './api.ts'

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']
const whole = new Intl.NumberFormat('en-US')

/** A count, with its thousands apart. */
export function countText(count: number): string {
  return whole.format(count)
}

/** A count of things, by their name. */
export function countOf(count: number, name: string, plural = `${name}s`): string {
  return `${countText(count)} ${count === 1 ? name : plural}`
}

/** Bytes in the unit that fits. */
export function bytesText(bytes: number): string {
  let unit = 0
  let amount = bytes
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024
    unit++
  }
  if (unit === 0) return countOf(Math.round(amount), 'byte')
  return `${amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[unit]}`
}

/** A share of a whole. */
export function percentText(part: number, all: number): string {
  return part === 0 ? '0 %' : `${((100 * part) / all).toFixed(part * 10 < all ? 1 : 0)} %`
}

/** Whether a value is an object that is no list. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The one key of an Extended JSON value, and what it holds; undefined for another value. */
function extended(value: Json): readonly [string, Json] | undefined {
  if (!isObject(value)) return undefined
  const [first, ...others] = Object.entries(value)
  return first !== undefined && others.length === 0 && first[0].startsWith('$') ? first : undefined
}

/** A value on one line, at most `lengthMax` characters long. */
export function shortText(value: Json | undefined, lengthMax = 60): string {
  if (value === undefined) return ''
  const text = plainText(value)
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`
}

function plainText(value: Json): string {
  if (typeof value === 'string') return value
  const [key, inner] = extended(value) ?? []
  if (key === '$date') return String(inner)
  if (key === '$numberLong' || key === '$numberDouble') return String(inner)
  if (key === '$binary' && isObject(inner)) {
    const base64 = String(inner['base64'] ?? '')
    return countOf(Math.floor((base64.replace(/=+$/, '').length * 3) / 4), 'byte')
  }
  return JSON.stringify(value)
}

/** A value over as many lines as it needs. */
export function longText(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? ''
}

/** The namespace of a collection; undefined where it is in none. */
export function namespaceOf(collection: string): string | undefined {
  const at = collection.indexOf('/')
  return at < 0 ? undefined : unescaped(collection.slice(0, at))
}

/** The store of a collection that a key-value store is kept in; undefined for other collections. */
export function storeOf(collection: string): { namespace: string | undefined; store: string } | undefined {
  const [, prefix, name] = /^(?:([^/]*)\/)?kv:([^/]+)$/.exec(collection) ?? []
  if (name === undefined) return undefined
  return { namespace: prefix === undefined ? undefined : unescaped(prefix), store: unescaped(name) }
}

/** The `%2F` and `%25` of names: docs/KEY-VALUE.md, "Names". */
function unescaped(name: string): string {
  return name.replaceAll('%2F', '/').replaceAll('%25', '%')
}

/** The path and query of a document's id: docs/SERVER.md, "one document". */
export function idParts(id: Json): { text: string; idType: string | undefined } {
  const [key, inner] = extended(id) ?? []
  if (key === '$numberLong') return { text: String(inner), idType: 'integer' }
  if (key === '$binary' && isObject(inner)) {
    const text = String(inner['base64'] ?? '')
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '')
    return { text, idType: 'bytes' }
  }
  return { text: String(id), idType: typeof id === 'number' ? 'integer' : undefined }
}
