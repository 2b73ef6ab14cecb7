// Keys of key-value stores: which there may be, their order, and the filters that mean some of them.
//
// A key is the `_id` of the document that holds its entry. Keys are in the order of their UTF-8 bytes, which is that of
// their code points; JavaScript's own comparison is another one beyond U+FFFF. Promises: a key that is taken fits the
// index that orders keys (docs/KEY-VALUE.md, "Order"), which has it twice. Leaves to others: lists (kv-list.ts).

import { invalidArgument, QuireError } from './errors.ts'
import { checkOptions } from './filters.ts'
import type { KvListOptions, KvRange } from './kv-types.ts'

/**
 * Longest key, in bytes of UTF-8; U+0000 counts for one and a half. An entry of the index holds it twice, once with two
 * bytes for each U+0000, and has 1,320 bytes at most.
 */
export const KEY_BYTES_MAX = 640
/** Keys of so many UTF-16 units are never too long. */
const SHORT_UNITS = Math.floor(KEY_BYTES_MAX / 3)
const LAST_CODE_POINT = 0x10ffff
const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff

const RANGE_OPTIONS = ['prefix', 'start', 'after', 'end'] as const satisfies readonly (keyof KvRange)[]
/** The options of lists. */
export const LIST_OPTIONS = [...RANGE_OPTIONS, 'limit', 'reverse'] as const satisfies readonly (keyof KvListOptions)[]

/** TypeScript's library for es2023 does not know it; Node has it from version 20 on. */
interface WellFormed {
  isWellFormed(): boolean
}

/**
 * Refuses what is no key.
 * @throws QuireError `INVALID_ID`
 */
export function checkKey(key: string): void {
  const isFine =
    typeof key === 'string' &&
    key.length > 0 &&
    key.length <= SHORT_UNITS &&
    (key as unknown as WellFormed).isWellFormed()
  if (!isFine) checkWithCare(key)
}

function checkWithCare(key: string): void {
  if (typeof key !== 'string') throw refused(`must be a string, not ${key === null ? 'null' : typeof key}`)
  if (key === '') throw refused('is empty')
  if (!(key as unknown as WellFormed).isWellFormed()) throw refused('has half a surrogate pair, which is no text')
  const bytes = Buffer.byteLength(key)
  const size = bytes + (key.split('\0').length - 1) / 2
  if (size > KEY_BYTES_MAX) {
    throw refused(`that begins with ${key.slice(0, 20)} has ${bytes} bytes; at most ${KEY_BYTES_MAX} are allowed`)
  }
}

function refused(why: string): QuireError {
  return new QuireError('INVALID_ID', `a key ${why}`)
}

/**
 * The condition on keys of a range; undefined when it means all of them.
 * @param known the options that the call takes
 * @throws QuireError `INVALID_ARGUMENT`
 */
export function rangeCondition(
  range: KvRange,
  call: string,
  known: readonly string[] = RANGE_OPTIONS
): { $gte?: string; $gt?: string; $lt?: string } | undefined {
  checkOptions(range, known, call)
  for (const name of RANGE_OPTIONS) {
    const text: unknown = range[name]
    if (text !== undefined && typeof text !== 'string')
      throw invalidArgument(`${name} must be a string, not ${text === null ? 'null' : typeof text}`)
  }
  const { prefix = '', start = '', after, end } = range
  const first = later(prefix, start)
  const behind = prefix === '' ? undefined : behindPrefix(prefix)
  const last = behind === undefined || (end !== undefined && compareKeys(end, behind) < 0) ? end : behind
  const condition = {
    ...(after !== undefined && compareKeys(after, first) >= 0 ? { $gt: after } : first === '' ? {} : { $gte: first }),
    ...(last === undefined ? {} : { $lt: last })
  }
  return Object.keys(condition).length === 0 ? undefined : condition
}

/** Less than 0 when `a` comes before `b`. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function later(a: string, b: string): string {
  return compareKeys(a, b) < 0 ? b : a
}

/** The first text behind all that begin with `prefix`; undefined when there is none. */
function behindPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, character => character.codePointAt(0) as number)
  while (points.at(-1) === LAST_CODE_POINT) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  const next = last + 1 === FIRST_SURROGATE ? LAST_SURROGATE + 1 : last + 1
  return String.fromCodePoint(...points, next)
}
