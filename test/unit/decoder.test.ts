// The decoder of stored form gives what msgpackr gives, and leaves to it what it does not understand.
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import { afterEach, expect, test, vi } from 'vitest'
import { NOT_COUNTED, NOT_READ, PlainDecoder } from '../../src/decoder.ts'

afterEach(() => vi.unstubAllGlobals())

/** Writes values as the engine stores them, and reads them with msgpackr and with the decoder. */
class Pair {
  readonly decoder = new PlainDecoder()
  readonly #structures: string[][] = []
  #known = 0
  #usesRecords = true
  readonly #packer = new Packr({
    structures: this.#structures,
    maxSharedStructures: 64,
    variableMapSize: true,
    useRecords: () => this.#usesRecords
  } as unknown as ConstructorParameters<typeof Packr>[0])

  /** The bytes of `value`, its objects as records or as plain maps. */
  bytesOf(value: unknown, usesRecords: boolean): Uint8Array {
    this.#usesRecords = usesRecords
    // What is packed first may tell a structure where it is met; the second time all are known.
    this.#packer.pack(value)
    const bytes = Uint8Array.from(this.#packer.pack(value))
    while (this.#known < this.#structures.length) this.decoder.add([...(this.#structures[this.#known++] as string[])])
    return bytes
  }

  /** What msgpackr reads; undefined when it refuses. */
  oracle(bytes: Uint8Array): unknown {
    const structures = this.#structures.map((keys, number) =>
      Object.assign([...keys], { isShared: true }, number < 32 ? {} : { highByte: (number - 32) >> 5 })
    )
    const unpacker = new Unpackr({
      structures,
      mapsAsObjects: true,
      copyBuffers: true,
      int64AsType: 'auto' as 'bigint'
    })
    return unpacker.unpack(bytes)
  }

  /** Checks that `bytes` are read alike, whether or not somebody counted those that are no ASCII. */
  check(bytes: Uint8Array): void {
    const expected = this.oracle(bytes)
    for (const wide of [wideCount(bytes), NOT_COUNTED, wideCount(bytes)]) {
      const found = this.decoder.decode(bytes, bytes.length, wide)
      // Large values are compared as a whole: `toEqual` goes element by element.
      if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected)
    }
  }
}

function wideCount(bytes: Uint8Array): number {
  return bytes.filter(byte => byte > 0x7f).length
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  fc.constantFrom('x'.repeat(31), 'x'.repeat(32), 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(1500), 'é'.repeat(700))
)
const scalar = fc.oneof(
  { weight: 4, arbitrary: text },
  fc.integer(),
  fc.integer({ min: -200, max: 300 }),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.maxSafeInteger(),
  fc.double(),
  fc.float(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 300 })
)
const key = fc.oneof(
  fc.constantFrom('_id', 'name', 'a', 'b', '0', 'ü', '__proto', 'constructor', 'a "quoted" \u2028 key', ''),
  fc.string({ unit: 'grapheme', maxLength: 50 })
)
const { object } = fc.letrec(tie => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('value'), { maxLength: 8 }), tie('object')),
  object: fc.dictionary(
    key.filter(name => name !== '__proto__'),
    tie('value'),
    { maxKeys: 8, noNullPrototype: true }
  )
}))

test('values_of_every_kind_are_read_as_msgpackr_reads_them', () => {
  fc.assert(
    fc.property(object, fc.boolean(), (value, usesRecords) => {
      const pair = new Pair()
      pair.check(pair.bytesOf(value, usesRecords))
    }),
    { numRuns: 300 }
  )
})

test('records_whose_fields_change_their_kind_are_read_right_by_compiled_readers', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(scalar, scalar, fc.array(scalar, { maxLength: 17 })), { minLength: 20 }), rows => {
      const pair = new Pair()
      for (const [a, b, c] of rows) pair.check(pair.bytesOf({ a, b, c }, true))
    }),
    { numRuns: 100 }
  )
})

test('records_without_fields_are_read_by_compiled_readers', () => {
  const pair = new Pair()
  for (let index = 0; index < 20; index++) pair.check(pair.bytesOf({ _id: index, inner: {}, list: [{}, []] }, true))
})

test('records_are_read_where_no_code_may_be_made', () => {
  vi.stubGlobal('Function', function refuse() {
    throw new EvalError('Code generation from strings disallowed for this context')
  })
  const pair = new Pair()
  for (let index = 0; index < 50; index++) pair.check(pair.bytesOf({ _id: index, text: `text ${index}` }, true))
})

test('lists_of_documents_longer_than_a_piece_are_read', () => {
  const pair = new Pair()
  for (const letter of ['e', 'é', '漢', '😀']) {
    const documents = Array.from({ length: 500 }, (_, index) => ({
      _id: index,
      short: letter + index,
      middle: letter.repeat(index % 100),
      long: index % 50 === 0 ? letter.repeat(index * 10) : 'none'
    }))
    for (const usesRecords of [true, false]) pair.check(pair.bytesOf(documents, usesRecords))
  }
})

test('heads_of_every_width_are_read', () => {
  const pair = new Pair()
  for (const count of [0, 15, 16, 31, 32, 127, 128, 200, 255, 256, 32_767, 32_768, 65_535, 65_536]) {
    pair.check(pair.bytesOf({ text: 'x'.repeat(count), wide: 'é'.repeat(count), bytes: new Uint8Array(count) }, true))
    pair.check(pair.bytesOf({ list: Array.from({ length: count }, (_, index) => index) }, true))
  }
  for (const count of [15, 16, 300, 65_536]) {
    pair.check(pair.bytesOf(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1])), false))
  }
})

test('no_cut_is_taken_for_a_whole_value', () => {
  const pair = new Pair()
  const value = { _id: 'a', list: ['x', 'é'], at: new Date(1), bytes: new Uint8Array(3), n: 1e9, big: 2n ** 60n }
  for (const usesRecords of [true, false]) {
    const bytes = pair.bytesOf(value, usesRecords)
    for (let end = 0; end < bytes.length; end++) {
      for (const wide of [wideCount(bytes.subarray(0, end)), NOT_COUNTED]) {
        expect(pair.decoder.decode(bytes, end, wide)).toBe(NOT_READ)
        expect(pair.decoder.decode(bytes.slice(0, end), end, wide)).toBe(NOT_READ)
      }
    }
  }
})

test('damage_is_read_as_msgpackr_reads_it_or_left_to_it', () => {
  const byte = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(object, fc.array(byte, { minLength: 1, maxLength: 3 }), (value, changes) => {
      const pair = new Pair()
      const bytes = pair.bytesOf(value, true)
      for (const [place, changed] of changes) bytes[place % bytes.length] = changed
      const found = pair.decoder.decode(bytes, bytes.length, wideCount(bytes))
      // Bytes that are no UTF-8 have no one reading.
      if (found === NOT_READ || JSON.stringify(found, plain).includes('\ufffd')) return
      expect(found).toEqual(pair.oracle(bytes))
    }),
    { numRuns: 300 }
  )
})

/** Lets JSON write what it cannot. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value
}

test('what_is_not_understood_is_left_to_others', () => {
  const decoder = new PlainDecoder()
  decoder.add(['a'])
  const others = [
    [0xc1],
    [0xc7, 1, 5, 0],
    [0xd4, 5, 1],
    [0xd5, 5, 1, 1],
    [0xd6, 5, 0, 0, 0, 1],
    [0xd8, 5, ...new Array(16).fill(0)],
    [0xc7, 12, 0xff, 0, 0, 0, 0, 1, ...new Array(7).fill(0)],
    [0xc7, 8, 0xff, ...new Array(8).fill(0)],
    [0x41, 1],
    [0x60, 0, 1],
    [0x81, 1, 1],
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0xff, 0xff, 0xff, 0xff],
    [0xdb, 0xff, 0xff, 0xff, 0xff],
    [0xc6, 0xff, 0xff, 0xff, 0xff],
    new Array(100_000).fill(0x91)
  ]
  for (const other of others) {
    for (const bytes of [Uint8Array.from(other), Uint8Array.from([0x92, 0xa1, 0x61, ...other])]) {
      expect(decoder.decode(bytes, bytes.length, wideCount(bytes))).toBe(NOT_READ)
    }
  }
  expect(decoder.decode(Uint8Array.of(0x40, 1), 2, 0)).toEqual({ a: 1 })
})

test('keys_named_proto_set_no_prototype', () => {
  const decoder = new PlainDecoder()
  decoder.add(['__proto__'])
  const asMap = Uint8Array.of(0x81, 0xa9, ...Buffer.from('__proto__'), 0x80)
  for (let round = 0; round < 20; round++) {
    for (const bytes of [Uint8Array.of(0x40, 0x80), asMap]) {
      const value = decoder.decode(bytes, bytes.length, wideCount(bytes))
      expect(value).toEqual({ __proto_: {} })
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    }
  }
})

test('bytes_and_texts_are_no_part_of_what_they_were_read_from', () => {
  const pair = new Pair()
  const bytes = pair.bytesOf({ text: 'a text of some length', bytes: Uint8Array.of(1, 2) }, true)
  const value = pair.decoder.decode(bytes, bytes.length, wideCount(bytes))
  bytes.fill(0)
  expect(value).toEqual({ text: 'a text of some length', bytes: Uint8Array.of(1, 2) })
})
