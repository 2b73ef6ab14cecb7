// What may be stored: the mapping of JavaScript's values, and what is refused with its path.
import { runInNewContext } from 'node:vm'
import { unpack } from 'msgpackr'
import { expect, test } from 'vitest'
import { encode, encodeAll } from '../../src/codec.ts'

function stored(value: object): unknown {
  const bytes = encode(value, 'document')
  return unpack(Buffer.from(bytes.subarray(bytes.start, bytes.end)))
}

function refusal(value: object): string {
  try {
    encode(value, 'document')
  } catch (error) {
    expect(error).toMatchObject({ name: 'QuireError', code: 'UNSUPPORTED_VALUE' })
    return (error as Error).message
  }
  throw new Error('it was stored')
}

/** An object nested `levels` deep. */
function nested(levels: number): object {
  let value: object = {}
  for (let level = 1; level < levels; level++) value = { value }
  return value
}

test('numbers_keep_their_value', () => {
  const numbers = [0, 1, -1, 63, 64, 127, 128, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32, 2 ** 53, 1.5, 1e300, 5e-324]
  const document = {
    numbers: [...numbers, ...numbers.map(number => -number)],
    nan: Number.NaN,
    most: Infinity,
    least: -Infinity
  }
  expect(stored(document)).toEqual(document)
})

test('bigints_of_64_bits_are_integers', () => {
  const document = { small: 5n, most: 2n ** 64n - 1n, least: -(2n ** 63n), list: [2n ** 60n] }
  const { small, ...rest } = document
  expect(stored(document)).toMatchObject(rest)
  expect(Number((stored(document) as { small: bigint }).small)).toBe(Number(small))
})

test('dates_are_kept_to_the_millisecond', () => {
  const times = [0, 1, -1, 999, -999, 1_700_000_000_123, -1_700_000_000_123, 2 ** 32 * 1000, 8.64e15, -8.64e15]
  const document = { dates: times.map(time => new Date(time)) }
  expect(stored(document)).toEqual(document)
})

test('bytes_are_kept', () => {
  const document = { bytes: Uint8Array.of(1, 2, 3), buffer: Buffer.from('abc'), none: new Uint8Array() }
  const copy = stored(document) as { bytes: Uint8Array; buffer: Uint8Array; none: Uint8Array }
  expect([...copy.bytes, ...copy.buffer, ...copy.none]).toEqual([1, 2, 3, 97, 98, 99])
})

test('undefined_is_left_out_of_objects_and_null_in_arrays', () => {
  expect(stored({ a: undefined, b: [1, undefined, 3], c: { d: undefined } })).toEqual({ b: [1, null, 3], c: {} })
  // biome-ignore lint/suspicious/noSparseArray: holes are what is tested
  expect(stored({ list: [1, , 3] })).toEqual({ list: [1, null, 3] })
})

test('maps_become_objects_and_sets_become_arrays', () => {
  const document = {
    map: new Map<string, unknown>([
      ['a', 1],
      ['b', new Set(['x', new Map()])]
    ]),
    none: new Set()
  }
  expect(stored(document)).toEqual({ map: { a: 1, b: ['x', {}] }, none: [] })
  expect(stored(new Map([['_id', 'top']]))).toEqual({ _id: 'top' })
})

test('objects_without_a_prototype_and_of_other_realms_are_plain', () => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 })
  const foreign = runInNewContext(
    '({ a: { b: [1, new Date(5), new Map([["k", new Set([1])]])] }, bytes: new Uint8Array([7]) })'
  ) as object
  expect(stored({ bare })).toEqual({ bare: { a: 1 } })
  const copy = stored(foreign) as { a: unknown; bytes: Uint8Array }
  expect(copy.a).toEqual({ b: [1, new Date(5), { k: [1] }] })
  expect([...copy.bytes]).toEqual([7])
})

test('keys_that_look_like_methods_are_only_keys', () => {
  const document = { constructor: 'x', toJSON: 'y', hasOwnProperty: 1, toString: null, length: 3, '': 'empty' }
  expect(stored(document)).toEqual(document)
})

test('what_cannot_be_stored_is_refused_with_its_path', () => {
  class Point {
    x = 1
  }
  const cases: [object, RegExp][] = [
    [{ a: { b: [0, () => 1] } }, /document at a\.b\[1\]: a function/],
    [{ a: Symbol('s') }, /document at a: a symbol/],
    [{ a: /x/ }, /document at a: \/x\/ cannot stand here/],
    [{ a: new Array(2 ** 31) }, /document at a: an array of 2147483648 places, most of them holes/],
    [{ list: [new Point()] }, /document at list\[0\]: an instance of Point/],
    [new Point(), /the document: an instance of Point/],
    [{ a: Object(5) }, /document at a: an instance of Number/],
    [{ a: new Error('x') }, /document at a: an instance of Error/],
    [{ a: Promise.resolve() }, /document at a: an instance of Promise/],
    [{ a: new Float32Array(2) }, /document at a: an instance of Float32Array/],
    [{ a: new ArrayBuffer(2) }, /document at a: an instance of ArrayBuffer/],
    [{ a: new WeakMap() }, /document at a: an instance of WeakMap/],
    [{ a: new Date(Number.NaN) }, /document at a: the date is invalid/],
    [{ a: 2n ** 64n }, /document at a: the bigint 18446744073709551616/],
    [{ a: -(2n ** 63n) - 1n }, /document at a: the bigint/],
    [{ a: new Map([[1, 2]]) }, /document at a: a Map with a key of type number/],
    [{ a: JSON.parse('{"__proto__": {"x": 1}}') as object }, /document at a\.__proto__: the key __proto__/],
    [JSON.parse('{"__proto__": 1}') as object, /document at __proto__/],
    [{ a: new Map([['__proto__', 1]]) }, /document at a\.__proto__/]
  ]
  for (const [value, message] of cases) expect(refusal(value)).toMatch(message)
})

test('a_document_that_contains_itself_is_refused', () => {
  const document: Record<string, unknown> = { a: { b: [] } }
  ;(document['a'] as { b: unknown[] }).b.push(document)
  expect(refusal(document)).toMatch(/document at a\.b\[0\]: the value contains itself/)
  const list: unknown[] = []
  list.push(list)
  expect(refusal({ list })).toMatch(/contains itself/)
  const map = new Map<string, unknown>()
  map.set('me', map)
  expect(refusal({ map })).toMatch(/contains itself/)
})

test('the_same_object_twice_is_no_cycle', () => {
  const shared = { x: new Set([1]) }
  expect(stored({ a: shared, b: [shared, shared] })).toEqual({ a: { x: [1] }, b: [{ x: [1] }, { x: [1] }] })
})

test('a_hundred_levels_are_the_limit', () => {
  expect(stored(nested(100))).toEqual(nested(100))
  expect(refusal(nested(101))).toMatch(/nest deeper than 100 levels/)
  expect(refusal(nested(20_000))).toMatch(/nest deeper than 100 levels/)
  const bytes = encodeAll([nested(100), { set: new Set() }], 'documents')
  expect(bytes.end).toBeGreaterThan(bytes.start)
  expect(() => encodeAll([nested(101)], 'documents')).toThrow(/nest deeper/)
})

test('refusals_in_lists_name_the_document', () => {
  expect(() => encodeAll([{ a: 1 }, { a: () => 1 }], 'documents')).toThrow(/documents at \[1\]\.a: a function/)
})
