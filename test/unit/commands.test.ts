// What commands do, as users ask for it: upserts, choosing elements, stages, documents that come back, many writes.
// Each alone, in a transaction, and as a promise.
import { describe, expect, test } from 'vitest'
import {
  type AsyncCollection,
  BulkWriteError,
  type Document,
  type Documents,
  type UpdateOptions
} from '../../src/index.ts'
import { opened, rejection } from './temporary.ts'

interface Item {
  _id: string | number
  n?: number
  k?: string
  made?: boolean
  grades?: number[]
  parts?: { name: string; count: number }[]
}

type Items = Documents<Item> | AsyncCollection<Item>

/** The same tests for every way to ask a collection. */
const places: [string, () => Items][] = [
  ['alone', () => opened().collection<Item>('items')],
  ['alone_later', () => opened().collection<Item>('items').async],
  ['in_a_transaction', () => opened().begin().collection<Item>('items')],
  ['in_a_transaction_later', () => opened().begin().collection<Item>('items').async]
]

const result = (matchedCount: number, modifiedCount: number, upsertedId: Item['_id'] | null = null) => ({
  acknowledged: true,
  matchedCount,
  modifiedCount,
  upsertedCount: upsertedId === null ? 0 : 1,
  upsertedId
})

/** The error of many writes, of which some have to fail. */
async function failures(call: () => unknown): Promise<BulkWriteError> {
  try {
    await call()
  } catch (error) {
    if (error instanceof BulkWriteError) return error
    throw error
  }
  throw new Error('no write failed')
}

/** The code that `call` fails with, thrown or rejected. */
function code(call: () => unknown): Promise<string> {
  return rejection(async () => call())
}

describe.each(places)('%s', (_, open) => {
  test('an_upsert_inserts_what_filter_and_update_say', async () => {
    const items = open()
    const update = { $inc: { n: 5 }, $setOnInsert: { made: true } }
    expect(await items.updateOne({ _id: 'a', k: 'x' }, update, { upsert: true })).toEqual(result(0, 0, 'a'))
    expect(await items.updateOne({ _id: 'a', k: 'x' }, update, { upsert: true })).toEqual(result(1, 1))
    expect(await items.updateMany({ _id: 64 }, update, { upsert: true })).toEqual(result(0, 0, 64))
    expect(await items.updateMany({ _id: 65 }, update, { upsert: false })).toEqual(result(0, 0))
    expect(await items.get('a')).toEqual({ _id: 'a', k: 'x', n: 10, made: true })
    expect(await items.get(64)).toEqual({ _id: 64, n: 5, made: true })
    const { upsertedId } = await items.updateOne({ k: 'new' }, { $set: { n: 1 } }, { upsert: true })
    expect(upsertedId).toHaveLength(26)
    expect(await items.findOne({ k: 'new' })).toEqual({ _id: upsertedId, k: 'new', n: 1 })
    expect(await items.countDocuments()).toBe(3)
  })

  test('a_replacement_is_inserted_with_the_id_of_the_filter', async () => {
    const items = open()
    expect(await items.replaceOne({ _id: 'a', n: 1 }, { k: 'x' }, { upsert: true })).toEqual(result(0, 0, 'a'))
    expect(await items.replaceOne({ k: 'x' }, { k: 'y' }, { upsert: true })).toEqual(result(1, 1))
    expect(await items.find().toArray()).toEqual([{ _id: 'a', k: 'y' }])
  })

  test('an_upsert_of_an_id_that_is_taken_is_a_duplicate', async () => {
    const items = open()
    await items.insertOne({ _id: 'a', n: 1 })
    expect(await code(() => items.updateOne({ _id: 'a', n: 2 }, { $set: { k: 'x' } }, { upsert: true }))).toBe(
      'DUPLICATE_ID'
    )
    expect(await items.find().toArray()).toEqual([{ _id: 'a', n: 1 }])
  })

  test('array_filters_choose_elements', async () => {
    const items = open()
    await items.insertMany([
      { _id: 1, grades: [85, 92, 70] },
      {
        _id: 2,
        parts: [
          { name: 'a', count: 1 },
          { name: 'b', count: 2 }
        ]
      }
    ])
    const grades = { $set: { 'grades.$[low]': 0 } } as Document
    expect(await items.updateMany({ _id: 1 }, grades, { arrayFilters: [{ low: { $lt: 90 } }] })).toEqual(result(1, 1))
    const parts = { $inc: { 'parts.$[part].count': 10 } } as Document
    expect(await items.updateOne({ _id: 2 }, parts, { arrayFilters: [{ 'part.name': 'b' }] })).toEqual(result(1, 1))
    expect(await items.get(1)).toEqual({ _id: 1, grades: [0, 92, 0] })
    expect((await items.get(2))?.parts).toEqual([
      { name: 'a', count: 1 },
      { name: 'b', count: 12 }
    ])
    for (const arrayFilters of [[], [{ other: 1 }], [{ low: 1 }, { low: 2 }]]) {
      expect(await code(() => items.updateOne({ _id: 1 }, grades, { arrayFilters }))).toBe('INVALID_UPDATE')
    }
  })

  test('the_matched_element_is_changed', async () => {
    const items = open()
    await items.insertMany([
      { _id: 1, grades: [85, 92] },
      { _id: 2, grades: [92] },
      { _id: 3, grades: [1] }
    ])
    const update = { $set: { 'grades.$': 100 } } as Document
    expect(await items.updateMany({ grades: 92 }, update)).toEqual(result(2, 2))
    expect(await items.updateOne({ _id: 3, grades: { $lt: 5 } }, update)).toEqual(result(1, 1))
    expect(await items.find().toArray()).toEqual([
      { _id: 1, grades: [85, 100] },
      { _id: 2, grades: [100] },
      { _id: 3, grades: [100] }
    ])
    expect(await code(() => items.updateOne({ _id: 1 }, update))).toBe('INVALID_UPDATE')
  })

  test('options_of_changes_are_checked', async () => {
    const items = open()
    const wrong = [
      { upsert: 1 },
      { arrayFilters: {} },
      { arrayFilters: [1] },
      { upserts: true }
    ] as unknown as UpdateOptions[]
    for (const options of wrong) {
      const failed = await code(() => items.updateOne({ _id: 1 }, { $set: { 'grades.$[x]': 1 } } as Document, options))
      expect([options, failed]).toEqual([options, expect.stringMatching(/^INVALID_(ARGUMENT|UPDATE)$/)])
    }
    expect(await code(() => items.replaceOne({ _id: 1 }, {}, { arrayFilters: [] } as object))).toBe('INVALID_ARGUMENT')
    expect(await items.countDocuments()).toBe(0)
  })

  test('stages_compute_documents', async () => {
    const items = open()
    await items.insertOne({ _id: 'a', n: 1, grades: [90, 70] })
    const average = [{ $set: { n: { $add: ['$n', { $size: '$grades' }] } } }, { $unset: 'grades' }]
    expect(await items.updateOne({ _id: 'a' }, average)).toEqual(result(1, 1))
    expect(await items.get('a')).toEqual({ _id: 'a', n: 3 })
    expect(await items.updateMany({ n: 3 }, [{ $set: { n: 3 } }])).toEqual(result(1, 0))
    expect(await items.updateOne({ _id: 'b' }, [{ $set: { k: 'x' } }], { upsert: true })).toEqual(result(0, 0, 'b'))
    expect(await code(() => items.updateOne({ _id: 'a' }, []))).toBe('INVALID_UPDATE')
    expect(await code(() => items.updateOne({ _id: 'a' }, [{ $set: { _id: 'b' } }]))).toBe('INVALID_UPDATE')
    expect(await code(() => items.updateOne({ n: 3 }, [{ $set: { n: { $add: ['$_id', 1] } } }]))).toBe(
      'INVALID_EXPRESSION'
    )
    expect(await items.get('a')).toEqual({ _id: 'a', n: 3 })
  })

  test('a_changed_document_comes_back', async () => {
    const items = open()
    await items.insertMany([
      { _id: 1, n: 5, k: 'x' },
      { _id: 2, n: 64, k: 'x' }
    ])
    expect(await items.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } })).toEqual({ _id: 1, n: 5, k: 'x' })
    expect(await items.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } }, { returnDocument: 'after' })).toEqual({
      _id: 1,
      n: 7,
      k: 'x'
    })
    const options = { sort: { n: -1 }, projection: { n: 1, _id: 0 } } as const
    expect(await items.findOneAndUpdate({ k: 'x' }, [{ $set: { n: 1 } }], options)).toEqual({ n: 64 })
    expect(await items.findOneAndReplace({ k: 'x' }, { k: 'y' }, { sort: 'n' })).toEqual({ _id: 2, n: 1, k: 'x' })
    expect(await items.findOneAndReplace({ k: 'y' }, { k: 'z' }, { returnDocument: 'after' })).toEqual({
      _id: 2,
      k: 'z'
    })
    expect(await items.findOneAndDelete({}, { sort: [['_id', 'desc']] })).toEqual({ _id: 2, k: 'z' })
    expect(await items.findOneAndDelete({ _id: 2 })).toBeNull()
    expect(await items.findOneAndUpdate({ _id: 2 }, { $set: { n: 1 } })).toBeNull()
    expect(await items.findOneAndReplace({ _id: 2 }, { n: 1 })).toBeNull()
    expect(await items.find().toArray()).toEqual([{ _id: 1, n: 7, k: 'x' }])
  })

  test('an_upsert_comes_back_after_and_not_before', async () => {
    const items = open()
    const update = { $inc: { n: 1 } }
    expect(await items.findOneAndUpdate({ _id: 'a' }, update, { upsert: true })).toBeNull()
    const after = { upsert: true, returnDocument: 'after' } as const
    expect(await items.findOneAndUpdate({ _id: 'b' }, update, after)).toEqual({ _id: 'b', n: 1 })
    expect(await items.findOneAndReplace({ _id: 'c', n: 9 }, { k: 'x' }, after)).toEqual({ _id: 'c', k: 'x' })
    expect(await items.countDocuments()).toBe(3)
  })

  test('what_find_one_and_refuses_changes_nothing', async () => {
    const items = open()
    await items.insertOne({ _id: 1, k: 'x' })
    const set = { $set: { n: 1 } }
    const cases: [string, () => unknown][] = [
      ['INVALID_UPDATE', () => items.findOneAndUpdate({}, { $inc: { k: 1 } } as Document)],
      ['INVALID_UPDATE', () => items.findOneAndUpdate({}, { n: 1 } as Document)],
      ['INVALID_UPDATE', () => items.findOneAndReplace({}, set as Document)],
      ['INVALID_FILTER', () => items.findOneAndDelete({ k: { $what: 1 } } as never)],
      ['INVALID_SORT', () => items.findOneAndDelete({}, { sort: { n: 2 } as never })],
      ['INVALID_SORT', () => items.findOneAndDelete({}, { sort: 5 as never })],
      ['INVALID_PROJECTION', () => items.findOneAndDelete({}, { projection: { k: 1, n: 0 } })],
      ['INVALID_ARGUMENT', () => items.findOneAndUpdate({}, set, { returnDocument: 'both' as never })],
      ['INVALID_ARGUMENT', () => items.findOneAndDelete({}, { upsert: true } as object)],
      ['INVALID_ARGUMENT', () => items.findOneAndUpdate(undefined as never, set)],
      ['INVALID_ARGUMENT', () => items.findOneAndReplace({}, null as never)]
    ]
    for (const [expected, call] of cases) expect([expected, await code(call)]).toEqual([expected, expected])
    expect(await items.find().toArray()).toEqual([{ _id: 1, k: 'x' }])
  })

  test('a_sort_chooses_the_document_that_is_changed', async () => {
    const items = open()
    await items.insertMany([
      { _id: 1, n: 5 },
      { _id: 2, n: 7 },
      { _id: 3, n: 6 }
    ])
    expect(await items.updateOne({}, { $set: { k: 'last' } }, { sort: { n: 'desc' } })).toEqual(result(1, 1))
    expect(await items.replaceOne({ n: { $gt: 5 } }, { k: 'first' }, { sort: 'n' })).toEqual(result(1, 1))
    expect(await items.updateOne({ n: 9 }, { $set: { k: 'x' } }, { sort: [['n', 1]], upsert: true })).toMatchObject({
      upsertedCount: 1
    })
    await items.bulkWrite([
      { updateOne: { filter: { n: { $lt: 9 } }, update: { $inc: { n: 10 } }, sort: [['n', 'asc']] } },
      { replaceOne: { filter: {}, replacement: { k: 'greatest' }, sort: { n: -1 } } }
    ])
    expect(await items.get(2)).toEqual({ _id: 2, n: 7, k: 'last' })
    expect(await items.get(3)).toEqual({ _id: 3, k: 'first' })
    expect(await items.get(1)).toEqual({ _id: 1, k: 'greatest' })
    const set = { $set: { n: 1 } }
    expect(await code(() => items.updateMany({}, set, { sort: { n: 1 } } as object))).toBe('INVALID_ARGUMENT')
    expect(await code(() => items.updateOne({}, set, { sort: 5 as never }))).toBe('INVALID_SORT')
    expect(await code(() => items.replaceOne({}, {}, { sort: { n: 2 } as never }))).toBe('INVALID_SORT')
    expect(await code(() => items.deleteOne({}, { sort: { n: 1 } } as object))).toBe('INVALID_ARGUMENT')
  })

  test('every_change_takes_a_hint', async () => {
    const items = open()
    await items.insertMany(Array.from({ length: 6 }, (_, n) => ({ _id: n, n })))
    const hint = { $natural: 1 } as const
    const set = { $set: { k: 'x' } }
    expect(await items.updateOne({ n: 1 }, set, { hint })).toEqual(result(1, 1))
    expect(await items.updateMany({ n: { $lt: 3 } }, set, { hint })).toEqual(result(3, 2))
    expect(await items.replaceOne({ n: 3 }, { n: 4 }, { hint })).toEqual(result(1, 1))
    expect(await items.findOneAndUpdate({ _id: 0 }, set, { hint })).toEqual({ _id: 0, n: 0, k: 'x' })
    expect(await items.findOneAndReplace({ _id: 0 }, {}, { hint })).toEqual({ _id: 0, n: 0, k: 'x' })
    expect(await items.findOneAndDelete({ _id: 0 }, { hint })).toEqual({ _id: 0 })
    expect(await items.deleteOne({ n: 4 }, { hint })).toEqual({ acknowledged: true, deletedCount: 1 })
    expect(await items.deleteMany({ n: { $lt: 3 } }, { hint })).toEqual({ acknowledged: true, deletedCount: 2 })
    expect(await items.countDocuments()).toBe(2)
    const wrong = { hint: 'none_1' }
    const calls = [
      () => items.updateOne({ _id: 5 }, set, wrong),
      () => items.updateMany({}, set, wrong),
      () => items.replaceOne({ _id: 5 }, {}, wrong),
      () => items.findOneAndUpdate({ _id: 5 }, set, wrong),
      () => items.findOneAndReplace({ _id: 5 }, {}, wrong),
      () => items.findOneAndDelete({ _id: 5 }, wrong),
      () => items.deleteOne({ _id: 5 }, wrong),
      () => items.deleteMany({}, wrong),
      () => items.bulkWrite([{ deleteMany: { filter: {}, ...wrong } }]),
      () => items.distinct('n', {}, wrong),
      () => items.aggregate([{ $match: { n: 5 } }], wrong).toArray()
    ]
    for (const call of calls) expect([call, await code(call)]).toEqual([call, 'INDEX_NOT_FOUND'])
    expect(await items.countDocuments()).toBe(2)
  })

  test('many_writes_are_done_in_one_call', async () => {
    const items = open()
    const done = await items.bulkWrite([
      { insertOne: { document: { _id: 'a', n: 1 } } },
      { insertOne: { document: { k: 'made' } as Item } },
      { updateOne: { filter: { _id: 'a' }, update: { $inc: { n: 1 } } } },
      { updateMany: { filter: {}, update: [{ $set: { made: true } }] } },
      { replaceOne: { filter: { _id: 'b' }, replacement: { n: 3 }, upsert: true } },
      { updateOne: { filter: { _id: 64 }, update: { $set: { n: 4 } }, upsert: true } },
      { deleteOne: { filter: { k: 'made' } } },
      { deleteMany: { filter: { n: 3 } } }
    ])
    expect(done).toEqual({
      acknowledged: true,
      ok: 1,
      insertedCount: 2,
      matchedCount: 3,
      modifiedCount: 3,
      deletedCount: 2,
      upsertedCount: 2,
      insertedIds: { 0: 'a', 1: expect.stringMatching(/^.{26}$/) },
      upsertedIds: { 4: 'b', 5: 64 }
    })
    expect(await items.get('a')).toEqual({ _id: 'a', n: 2, made: true })
    expect(await items.countDocuments()).toBe(2)
    expect(await items.bulkWrite([])).toMatchObject({ ok: 1, insertedCount: 0, insertedIds: {} })
  })

  test('a_bulk_tells_what_failed_and_what_was_done', async () => {
    const items = open()
    const operations = [
      { insertOne: { document: { _id: 'a' } } },
      { insertOne: { document: { _id: 'a', n: 1 } } },
      { updateOne: { filter: { _id: 'a' }, update: { $set: { n: 5 } } } },
      { updateOne: { filter: { _id: 'a' }, update: { $inc: { _id: 5 } } as Document } },
      { insertOne: { document: { _id: 'b' } } }
    ]
    const ordered = await failures(() => items.bulkWrite(operations))
    expect(ordered).toMatchObject({ name: 'BulkWriteError', code: 'DUPLICATE_ID' })
    expect(ordered.writeErrors).toEqual([{ index: 1, code: 'DUPLICATE_ID', message: expect.stringContaining('"a"') }])
    expect(ordered.result).toMatchObject({ ok: 0, insertedCount: 1, modifiedCount: 0, insertedIds: { 0: 'a' } })
    expect(await items.find().toArray()).toEqual([{ _id: 'a' }])
    const unordered = await failures(() => items.bulkWrite(operations.slice(1), { ordered: false }))
    expect(unordered.writeErrors.map(({ index, code }) => [index, code])).toEqual([
      [0, 'DUPLICATE_ID'],
      [2, 'INVALID_UPDATE']
    ])
    expect(unordered.message).toContain('2 failed')
    expect(unordered.result).toMatchObject({ insertedCount: 1, matchedCount: 1, modifiedCount: 1 })
    expect(await items.find().toArray()).toEqual([{ _id: 'a', n: 5 }, { _id: 'b' }])
  })

  test('operations_that_are_none_are_refused_whole', async () => {
    const items = open()
    const first = { insertOne: { document: { _id: 'a' } } }
    const wrong = [
      { fly: {} },
      {},
      { insertOne: {} },
      { updateOne: { filter: {}, updates: {} } },
      { insertOne: { document: {} }, deleteOne: { filter: {} } }
    ]
    for (const operation of wrong) {
      expect(await code(() => items.bulkWrite([first, operation] as never))).toBe('INVALID_ARGUMENT')
    }
    expect(await code(() => items.bulkWrite({} as never))).toBe('INVALID_ARGUMENT')
    expect(await code(() => items.bulkWrite([], { order: 1 } as object))).toBe('INVALID_ARGUMENT')
    expect(await code(() => items.bulkWrite([{ insertOne: { document: { n: () => 1 } as never } }]))).toBe(
      'UNSUPPORTED_VALUE'
    )
    expect(await items.countDocuments()).toBe(0)
  })

  test('documents_that_can_be_inserted_are', async () => {
    const items = open()
    const documents = [{ _id: 1 }, { _id: 1 }, { _id: 'x'.repeat(2000) }, { _id: 2 }]
    const error = await failures(() => items.insertMany(documents, { ordered: false }))
    expect(error.writeErrors.map(({ index, code }) => [index, code])).toEqual([
      [1, 'DUPLICATE_ID'],
      [2, 'INVALID_ID']
    ])
    expect(error.result.insertedIds).toEqual({ 0: 1, 3: 2 })
    expect(await items.insertMany([{ _id: 3 }, { _id: 4 }], { ordered: false })).toEqual({
      acknowledged: true,
      insertedCount: 2,
      insertedIds: { 0: 3, 1: 4 }
    })
    expect(await code(() => items.insertMany([{ _id: 5 }, { _id: 1 }], { ordered: true }))).toBe('DUPLICATE_ID')
    expect(await items.countDocuments()).toBe(4)
  })

  test('values_are_told_once', async () => {
    const items = open()
    await items.insertMany(Array.from({ length: 100 }, (_, n) => ({ _id: n, n: n % 3, grades: [n % 2, 70] })))
    expect(await items.distinct('n')).toEqual([0, 1, 2])
    expect(await items.distinct('grades', { n: 1 })).toEqual([1, 70, 0])
    expect(await items.distinct('parts.name')).toEqual([])
    expect(await items.distinct('n', { n: 1 }, { hint: { $natural: 1 } })).toEqual([1])
    expect(await code(() => items.distinct(''))).toBe('INVALID_ARGUMENT')
    expect(await code(() => items.distinct('n', {}, { sort: 1 } as object))).toBe('INVALID_ARGUMENT')
    expect(await code(() => items.aggregate([], { allowDisk: true } as object).toArray())).toBe('INVALID_ARGUMENT')
    expect(await code(() => items.distinct('n', { $what: 1 } as never))).toBe('INVALID_FILTER')
  })
})

test('requests_nest_as_deep_as_documents', async () => {
  const items = opened().collection<Document>('items')
  let deep: unknown = 1
  for (let level = 1; level < 100; level++) deep = [deep]
  const document = { _id: 'a', deep }
  expect(items.bulkWrite([{ insertOne: { document } }]).insertedCount).toBe(1)
  expect(items.get('a')).toEqual(document)
  expect(items.findOneAndReplace({ _id: 'a' }, { deep, n: 1 }, { returnDocument: 'after' })).toEqual({
    ...document,
    n: 1
  })
  const deeper = { deep: [deep] }
  expect(await code(() => items.bulkWrite([{ insertOne: { document: deeper } }], { ordered: false }))).toBe(
    'UNSUPPORTED_VALUE'
  )
})

test('a_bulk_is_one_commit', () => {
  const database = opened()
  const items = database.collection<Item>('items')
  const before = database.stats().sequence
  items.bulkWrite(Array.from({ length: 1000 }, (_, _id) => ({ insertOne: { document: { _id } } })))
  items.bulkWrite(
    Array.from({ length: 1000 }, (_, _id) => ({ updateOne: { filter: { _id }, update: { $set: { n: 1 } } } }))
  )
  expect(database.stats().sequence).toBe(before + 2)
  expect(items.countDocuments({ n: 1 })).toBe(1000)
})
