// The codec by itself: what is encoded, and what stored form decodes to.
import { Packr, pack, unpack } from 'msgpackr'
import { expect, test } from 'vitest'
import { Decoder, encode, encodeAll, releaseLargeBuffer, UnknownStructure } from '../../src/codec.ts'
import { QuireError } from '../../src/errors.ts'
import { StructureList, storedForm } from './stored-form.ts'

/** What `value` is after encoding, read by an independent decoder. */
function encoded(value: object): unknown {
  const { start, end } = encode(value, 'document')
  const buffer = encode(value, 'document')
  expect([start, end]).toEqual([buffer.start, buffer.end])
  return unpack(Buffer.from(buffer.subarray(buffer.start, buffer.end)))
}

function decoded(value: unknown, structures = new StructureList()): unknown {
  const bytes = storedForm(value, structures)
  const decoder = new Decoder(1)
  decoder.add(structures.lists)
  return decoder.decode(bytes, bytes.length)
}

test('plain_documents_are_encoded_as_plain_maps', () => {
  const document = { _id: 'a', text: 'ü€😀', n: 100, f: 1.5, no: null, yes: true, list: [1, [2]], inner: { deep: {} } }
  expect(encoded(document)).toEqual(document)
  const bytes = encode({ a: 100 }, 'document')
  expect([...bytes.subarray(bytes.start, bytes.end)]).toEqual([0x81, 0xa1, 0x61, 0x64])
})

test('encoding_does_not_change_what_others_pack_with_msgpackr', () => {
  const before = pack({ mine: 'before' })
  encode({ theirs: 'x'.repeat(100) }, 'document')
  const after = pack({ mine: 'after' })
  encode({ theirs: 'y'.repeat(5000) }, 'document')
  expect(unpack(before)).toEqual({ mine: 'before' })
  expect(unpack(after)).toEqual({ mine: 'after' })
  const own = new Packr()
  const kept = own.pack({ own: 1 })
  for (let round = 0; round < 100; round++) encode({ round, text: 'z'.repeat(round * 50) }, 'document')
  expect(own.unpack(kept)).toEqual({ own: 1 })
})

test('a_buffer_that_was_transferred_away_is_not_written_to', () => {
  // A document with bytes is written by msgpackr, whose buffer others can reach.
  const bytes = new Uint8Array(1)
  for (const mine of [pack({ mine: 1 }), encode({ bytes }, 'document')]) {
    structuredClone(mine.buffer, { transfer: [mine.buffer as ArrayBuffer] })
    for (const text of ['x'.repeat(100), 'y'.repeat(10_000)]) {
      const document = { text, bytes: Buffer.alloc(1) }
      expect(encoded(document)).toEqual(document)
    }
  }
})

test('a_large_buffer_is_given_back', () => {
  for (const more of [{}, { bytes: new Uint8Array(1) }]) {
    const large = encode({ text: 'x'.repeat(3 << 20), ...more }, 'document')
    expect(large.length).toBeGreaterThan(3 << 20)
    releaseLargeBuffer(large)
    expect(encode({ a: 1, ...more }, 'document').length).toBeLessThan(1 << 20)
  }
})

test('lists_of_documents_are_one_array', () => {
  const bytes = encodeAll([{ a: 1 }, { b: new Set([2]) }], 'documents')
  expect(unpack(Buffer.from(bytes.subarray(bytes.start, bytes.end)))).toEqual([{ a: 1 }, { b: [2] }])
})

test('negative_zero_is_kept_wherever_it_stands', () => {
  const document = { a: -0, list: [0, -0, 1], inner: { b: -0 } }
  const copy = encoded(document) as typeof document
  expect(copy).toEqual(document)
  expect(Object.is(copy.list[0], 0)).toBe(true)
})

test('what_is_no_object_is_refused', () => {
  for (const value of [null, undefined, 5, 'text', true]) {
    expect(() => encode(value as unknown as object, 'document')).toThrow(QuireError)
  }
})

test('records_of_every_number_decode', () => {
  const structures = new StructureList()
  const documents = Array.from({ length: 1024 }, (_, index) => ({
    _id: index,
    [`key${index}`]: index,
    [`other${index}`]: 'x'
  }))
  const encodedDocuments = documents.map(document => storedForm(document, structures))
  expect(structures.lists).toHaveLength(1024)
  const decoder = new Decoder(1)
  decoder.add(structures.lists)
  // Several times, because msgpackr builds a faster reader after the first ones.
  for (let round = 0; round < 5; round++) {
    for (const [index, bytes] of encodedDocuments.entries()) {
      expect(decoder.decode(bytes, bytes.length)).toEqual(documents[index])
    }
  }
})

test('records_and_maps_mix_and_nest', () => {
  const value = { _id: 'a', inner: { x: 100, list: [{ y: 1 }, { y: 2 }] }, other: { x: 127, list: [] } }
  expect(decoded(value)).toEqual(value)
})

test('an_unknown_structure_is_never_read_as_a_number', () => {
  const structures = new StructureList()
  const documents = Array.from({ length: 200 }, (_, index) => ({ [`key${index}`]: 1 }))
  const bytes = documents.map(document => storedForm(document, structures))
  for (const known of [0, 1, 31, 32, 33, 63, 64, 65, 127, 199]) {
    const decoder = new Decoder(1)
    decoder.add(structures.lists.slice(0, known))
    for (const [index, one] of bytes.entries()) {
      if (index < known) expect(decoder.decode(one, one.length)).toEqual(documents[index])
      else expect(() => decoder.decode(one, one.length), `${index} of ${known}`).toThrow(UnknownStructure)
    }
    decoder.add(structures.lists.slice(known))
    for (const [index, one] of bytes.entries()) expect(decoder.decode(one, one.length)).toEqual(documents[index])
  }
})

test('an_unknown_structure_inside_a_batch_fails_the_whole_batch', () => {
  const structures = new StructureList()
  const batch = storedForm([{ a: 1 }, { b: 2 }, { a: 3 }], structures)
  const decoder = new Decoder(1)
  decoder.add([['a']])
  expect(() => decoder.decode(batch, batch.length)).toThrow(UnknownStructure)
  decoder.add([['b']])
  expect(decoder.decode(batch, batch.length)).toEqual([{ a: 1 }, { b: 2 }, { a: 3 }])
})

test('integers_that_a_number_cannot_hold_come_back_as_bigint', () => {
  const read = (...bytes: number[]) => new Decoder(1).decode(Uint8Array.from(bytes), bytes.length)
  expect(read(0xd3, 0, 0x20, 0, 0, 0, 0, 0, 0)).toBe(2 ** 53)
  expect(read(0xd3, 0, 0x20, 0, 0, 0, 0, 0, 1)).toBe(2n ** 53n + 1n)
  expect(read(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0)).toBe(-(2n ** 63n))
  expect(read(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toBe(2n ** 64n - 1n)
  expect(read(0xcf, 0, 0, 0, 0, 0, 0, 0, 5)).toBe(5)
})

test('bytes_that_come_back_are_a_copy', () => {
  const bytes = Uint8Array.from([0xc4, 3, 1, 2, 3])
  const value = new Decoder(1).decode(bytes, bytes.length) as Uint8Array
  bytes.fill(0)
  expect([...value]).toEqual([1, 2, 3])
  expect(value.buffer).not.toBe(bytes.buffer)
  expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype)
})

test('a_key_named_proto_from_another_language_pollutes_nothing', () => {
  const structures = new StructureList()
  const value = Object.defineProperty({}, '__proto__', { value: { polluted: true }, enumerable: true })
  const copy = decoded(value, structures) as Record<string, unknown>
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  expect(copy['polluted']).toBeUndefined()
  expect(Object.values(copy)).toEqual([{ polluted: true }])
})

test('bytes_that_are_no_value_are_reported_as_damage', () => {
  const whole = storedForm({ _id: 'a', list: [1, 2, 3], text: 'hello' }, new StructureList())
  const decoder = new Decoder(1)
  decoder.add([['_id', 'list', 'text']])
  for (let length = 1; length < whole.length; length++) {
    const cut = Uint8Array.from(whole.subarray(0, length))
    expect(() => decoder.decode(cut, length)).toThrow(expect.objectContaining({ code: 'CORRUPTED' }))
  }
  expect(decoder.decode(whole, whole.length)).toEqual({ _id: 'a', list: [1, 2, 3], text: 'hello' })
})

test('an_extension_of_another_language_is_no_damage', () => {
  const bytes = Uint8Array.of(0xd4, 5, 1)
  expect(() => new Decoder(1).decode(bytes, 3)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_VALUE' }))
})
