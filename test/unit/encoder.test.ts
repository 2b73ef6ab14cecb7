// The encoder of plain values writes what msgpackr writes, and leaves to it what is not plain.
import * as fc from 'fast-check'
import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'
import { PlainEncoder } from '../../src/encoder.ts'

const packer = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false })
const encoder = new PlainEncoder()

function encoded(value: object): Buffer | undefined {
  const end = encoder.encode(value)
  return end < 0 ? undefined : Buffer.from(encoder.buffer.subarray(0, end))
}

/** Buffers are compared as a whole: `toEqual` goes byte by byte. */
function expectSame(value: object, bytes = encoded(value)): void {
  expect(bytes && Buffer.compare(bytes, packer.pack(value))).toBe(0)
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 90 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 })
)
const key = text.filter(name => name !== '__proto__')
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 300 }),
  fc.double().map(number => (Object.is(number, -0) ? 0 : number)),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true })
)
const { object } = fc.letrec(tie => ({
  value: fc.oneof({ maxDepth: 5 }, scalar, fc.array(tie('value'), { maxLength: 20 }), tie('object')),
  object: fc.dictionary(key, tie('value'), { maxKeys: 20, noNullPrototype: true })
}))

test('plain_values_are_written_as_msgpackr_writes_them', () => {
  fc.assert(
    fc.property(object, value => expectSame(value as object)),
    { numRuns: 500 }
  )
})

test('heads_are_as_short_as_they_can_be', () => {
  for (const count of [0, 15, 16, 17, 31, 32, 85, 86, 255, 256, 1_000, 65_535, 65_536, 70_000]) {
    expectSame({ text: 'x'.repeat(count), wide: 'é'.repeat(count), three: '漢'.repeat(Math.ceil(count / 3)) })
    expectSame({ list: Array.from({ length: count }, (_, index) => index) })
    expectSame(Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index])))
    expectSame({ ['k'.repeat(count)]: 1, ['é'.repeat(count)]: 2 })
  }
})

test('lists_of_documents_are_one_array', () => {
  for (const count of [0, 1, 15, 16, 70_000]) {
    const values = Array.from({ length: count }, (_, index) => ({ a: index, b: { c: `text ${index}` } }))
    const end = encoder.encodeAll(values)
    expectSame(values, Buffer.from(encoder.buffer.subarray(0, end)))
  }
})

test('what_is_not_plain_is_left_to_others', () => {
  class Point {
    x = 1
  }
  const others = [undefined, -0, 1n, new Uint8Array(2), new Map(), new Set(), () => 0, Symbol('x'), /x/, new Point()]
  for (const other of [...others, new Date(Number.NaN), Object.create(null), [undefined], new Array(2)]) {
    expect(encoder.encode({ other })).toBe(-1)
    expect(encoder.encode({ deep: [{ other }] })).toBe(-1)
    expect(encoder.encodeAll([{}, { other }])).toBe(-1)
  }
  expect(encoder.encode(JSON.parse('{"__proto__": 1}'))).toBe(-1)
  expect(encoder.encodeAll([{}, null as unknown as object])).toBe(-1)
  expectSame({ still: 'right' })
})

test('nesting_ends_at_a_hundred_levels', () => {
  const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) })
  expectSame(nested(100))
  expect(encoder.encode(nested(101))).toBe(-1)
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  expect(encoder.encode(cycle)).toBe(-1)
})

test('keys_of_a_polluted_prototype_are_not_written', () => {
  const prototype = Object.prototype as Record<string, unknown>
  prototype['polluted'] = 1
  try {
    expect(encoder.encode({ a: 1 })).toBe(-1)
    expect(encoder.encodeAll([{ a: 1 }])).toBe(-1)
  } finally {
    delete prototype['polluted']
  }
  expectSame({ a: 1 })
})

test('a_getter_that_encodes_does_not_disturb_its_document', () => {
  const inner: number[] = []
  const value = {
    before: 'x',
    get middle() {
      inner.push(encoder.encode({ other: 'document' }))
      return 'y'
    },
    after: 'z'
  }
  expect(encoded(value)).toEqual(Buffer.from(packer.pack({ before: 'x', middle: 'y', after: 'z' })))
  expect(inner).toEqual([-1])
})

test('a_getter_that_throws_leaves_the_encoder_usable', () => {
  const value = {
    get bad(): never {
      throw new Error('refused')
    }
  }
  expect(() => encoder.encode(value)).toThrow('refused')
  expectSame({ good: true })
})
