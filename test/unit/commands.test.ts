// What commands do, as users ask for it: upserts and choosing elements. Each alone, in a transaction, and as a promise.
import { describe, expect, test } from 'vitest'
import type { AsyncCollection, Document, Documents, UpdateOptions } from '../../src/index.ts'
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
})
