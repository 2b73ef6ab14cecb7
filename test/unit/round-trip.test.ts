// Any document that may be stored comes back as it was, by every way in and out.
import { deepStrictEqual } from 'node:assert'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { opened } from './temporary.ts'

/** Text without lone surrogates, which UTF-8 does not have. */
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const key = fc
  .oneof(fc.constantFrom('a', 'b', 'c', 'name', 'constructor', 'toString', ''), text)
  .filter(name => name !== '__proto__' && !name.startsWith('$'))
const scalar = fc.oneof(
  text,
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: 60, max: 130 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 300 }),
  // Smaller ones come back as numbers.
  fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n })
)
const { value } = fc.letrec(tie => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 6 }), tie('object')),
  object: fc.dictionary(key, tie('value'), { maxKeys: 8, noNullPrototype: true })
}))
const document = fc.dictionary(key, value, { maxKeys: 12, noNullPrototype: true }).map(({ _id, ...rest }) => rest)
const RUNS = { numRuns: 500 }

/** In the order of insertion: generated ids rise, while a scan follows the pages. */
function sorted(documents: Record<string, unknown>[]): Record<string, unknown>[] {
  return documents.sort((one, two) => (String(one['_id']) < String(two['_id']) ? -1 : 1))
}

test('every_document_comes_back_from_each_read', () => {
  const documents = opened().collection<Record<string, unknown>>('x')
  fc.assert(
    fc.property(document, fields => {
      const _id = documents.insertOne(fields).insertedId as string
      const expected = { _id, ...fields }
      deepStrictEqual(documents.get(_id), expected)
      deepStrictEqual(documents.find({ _id }).toArray(), [expected])
    }),
    RUNS
  )
  expect(documents.find().toArray()).toHaveLength(documents.countDocuments())
})

test('every_batch_comes_back_whole', async () => {
  const documents = opened().collection<Record<string, unknown>>('x')
  await fc.assert(
    fc.asyncProperty(fc.array(document, { minLength: 1, maxLength: 30 }), async batch => {
      documents.clear()
      const { insertedIds } = documents.insertMany(batch)
      const expected = batch.map((fields, index) => ({ _id: insertedIds[index], ...fields }))
      deepStrictEqual(sorted(documents.find().toArray()), expected)
      deepStrictEqual(sorted(await documents.async.find().toArray()), expected)
    }),
    { numRuns: 200 }
  )
})

test('replacing_and_putting_leave_nothing_of_the_old_document', () => {
  const documents = opened().collection<Record<string, unknown>>('x')
  documents.insertOne({ _id: 'a' })
  fc.assert(
    fc.property(document, document, (one, two) => {
      documents.replaceOne({ _id: 'a' }, one)
      deepStrictEqual(documents.get('a'), { _id: 'a', ...one })
      documents.put({ _id: 'a', ...two })
      deepStrictEqual(documents.get('a'), { _id: 'a', ...two })
    }),
    RUNS
  )
})

test('setting_a_field_stores_any_value', () => {
  const documents = opened().collection<{ _id: string; field?: unknown; other: number }>('x')
  documents.insertOne({ _id: 'a', other: 100 })
  fc.assert(
    fc.property(value, field => {
      documents.updateOne({ _id: 'a' }, { $set: { field } })
      deepStrictEqual(documents.get('a'), { _id: 'a', other: 100, field })
      documents.updateOne({ _id: 'a' }, { $unset: { field: '' } })
      deepStrictEqual(documents.get('a'), { _id: 'a', other: 100 })
    }),
    RUNS
  )
})

test('every_text_and_integer_is_an_id', () => {
  const documents = opened().collection<Record<string, unknown>>('x')
  const id = fc.oneof(text, fc.maxSafeInteger(), fc.integer({ min: -200, max: 300 }), fc.uint8Array({ maxLength: 50 }))
  fc.assert(
    fc.property(id, _id => {
      documents.put({ _id, value: 1 })
      deepStrictEqual(documents.get(_id), { _id: Object.is(_id, -0) ? 0 : _id, value: 1 })
      expect(documents.delete(_id)).toBe(true)
      expect(documents.has(_id)).toBe(false)
    }),
    RUNS
  )
})
