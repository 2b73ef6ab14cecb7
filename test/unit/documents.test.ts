// The verbs on documents: results and refusals of each, alone and inside a transaction.
import { describe, expect, test } from 'vitest'
import type { Document, Documents, Filter, Update } from '../../src/index.ts'
import { failure, opened } from './temporary.ts'

interface User {
  name: string
  age?: number
  tags?: string[]
  address?: { city: string; zip?: number }
}

const ADA = { name: 'Ada', age: 36, tags: ['math', 'code'], address: { city: 'London' } }
const BOB = { name: 'Bob', age: 70, address: { city: 'Kochi', zip: 100 } }
const CID = { name: 'Cid' }

/** The same tests for a collection and for a collection inside a transaction. */
const places: [string, () => Documents<User>][] = [
  ['alone', () => opened().collection<User>('users')],
  ['in_a_transaction', () => opened().begin().collection<User>('users')]
]

describe.each(places)('%s', (_, users) => {
  test('a_filter_of_null_reads_every_document_and_changes_none', () => {
    const documents = users()
    documents.insertMany([ADA, BOB])
    const none = null as never
    expect(documents.find(none).toArray()).toHaveLength(2)
    expect(documents.find(none, { sort: { age: -1 } }).next()?.name).toBe('Bob')
    expect(documents.findOne(none)?.name).toBe('Ada')
    expect(documents.countDocuments(none)).toBe(2)
    expect(documents.countDocuments(none, { limit: 1 })).toBe(1)
    expect(documents.distinct('name', none)).toEqual(['Ada', 'Bob'])
    const changes = [
      () => documents.deleteMany(none),
      () => documents.deleteOne(none, { hint: { $natural: 1 } }),
      () => documents.updateMany(none, { $set: { age: 1 } }),
      () => documents.findOneAndDelete(none),
      () => documents.bulkWrite([{ deleteMany: { filter: none } }])
    ]
    for (const change of changes) expect(failure(change).code).toBe('INVALID_ARGUMENT')
    expect(documents.countDocuments()).toBe(2)
  })

  test('what_is_no_object_is_refused_by_what_was_given', () => {
    const documents = users()
    const list = [1] as never
    const wrong: [() => unknown, string, string][] = [
      [
        () => documents.insertOne(list),
        'INVALID_DOCUMENT',
        'the document must be an object, and a value of type array'
      ],
      [() => documents.insertMany([list]), 'INVALID_DOCUMENT', 'the document must be an object, and a value of type'],
      [
        () => documents.find(list).toArray(),
        'INVALID_FILTER',
        'the filter must be an object, and a value of type array'
      ],
      [() => documents.insertOne(5 as never), 'INVALID_ARGUMENT', 'the document must be an object, not number'],
      [() => documents.findOneAndDelete({}, { projection: list }), 'INVALID_PROJECTION', 'not an array of paths'],
      [() => documents.findOneAndUpdate({}, { $set: { age: 1 } }, { projection: list }), 'INVALID_PROJECTION', 'array'],
      [() => documents.findOneAndReplace({}, CID, { projection: list }), 'INVALID_PROJECTION', 'not an array of paths']
    ]
    for (const [call, code, words] of wrong) {
      const error = failure(call)
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)])
    }
  })

  test('get_has_and_delete_go_by_id', () => {
    const documents = users()
    const { insertedId } = documents.insertOne(ADA)
    expect(documents.get(insertedId)).toEqual({ _id: insertedId, ...ADA })
    expect(documents.has(insertedId)).toBe(true)
    expect(documents.get('nobody')).toBeUndefined()
    expect(documents.has('nobody')).toBe(false)
    expect(documents.delete(insertedId)).toBe(true)
    expect(documents.delete(insertedId)).toBe(false)
    expect(documents.get(insertedId)).toBeUndefined()
  })

  test('generated_ids_rise', () => {
    const documents = users()
    const ids = Array.from({ length: 100 }, () => documents.insertOne(CID).insertedId)
    expect(ids.every(id => /^[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true)
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(100)
  })

  test('insert_many_gives_the_ids_by_place', () => {
    const documents = users()
    const result = documents.insertMany([ADA, { ...BOB, _id: 'bob' }, CID])
    expect(result).toMatchObject({ acknowledged: true, insertedCount: 3, insertedIds: { 1: 'bob' } })
    expect(documents.get(result.insertedIds[2] as string)).toMatchObject(CID)
    expect(documents.insertMany([])).toEqual({ acknowledged: true, insertedCount: 0, insertedIds: {} })
    expect(
      documents.insertMany([
        { ...ADA, _id: 'a' },
        { ...ADA, _id: 'b' }
      ]).insertedIds
    ).toEqual({ 0: 'a', 1: 'b' })
  })

  test('a_batch_is_inserted_whole_or_not_at_all', () => {
    const documents = users()
    documents.insertOne({ ...ADA, _id: 'a' })
    const batches = [
      [CID, { ...CID, _id: 'a' }],
      [
        { ...CID, _id: 'b' },
        { ...CID, _id: 'b' }
      ]
    ]
    for (const batch of batches) expect(failure(() => documents.insertMany(batch)).code).toBe('DUPLICATE_ID')
    expect(failure(() => documents.insertMany([CID, { name: (() => 1) as unknown as string }])).code).toBe(
      'UNSUPPORTED_VALUE'
    )
    expect(documents.countDocuments()).toBe(1)
    expect(failure(() => documents.insertMany(CID as unknown as User[])).code).toBe('INVALID_ARGUMENT')
    expect(failure(() => documents.insertMany([CID, null as unknown as User])).code).toBe('INVALID_ARGUMENT')
  })

  test('inserting_leaves_the_object_as_it_was', () => {
    const documents = users()
    const given = Object.freeze({ name: 'Eve' })
    documents.insertOne(given)
    expect(given).toEqual({ name: 'Eve' })
    expect(Object.keys(documents.findOne({ name: 'Eve' }) ?? {})).toEqual(['_id', 'name'])
  })

  test('a_duplicate_id_is_refused_and_changes_nothing', () => {
    const documents = users()
    documents.insertOne({ ...ADA, _id: 'a' })
    expect(failure(() => documents.insertOne({ ...BOB, _id: 'a' }))).toMatchObject({
      code: 'DUPLICATE_ID',
      message: expect.stringContaining('"a"')
    })
    expect(documents.get('a')).toEqual({ _id: 'a', ...ADA })
  })

  test('put_stores_in_any_case', () => {
    const documents = users()
    expect(documents.put({ ...ADA, _id: 'a' })).toBe(false)
    expect(documents.put({ ...BOB, _id: 'a' })).toBe(true)
    expect(documents.get('a')).toEqual({ _id: 'a', ...BOB })
    expect(failure(() => documents.put(ADA as User & { _id: string })).code).toBe('INVALID_ID')
    expect(failure(() => documents.put(null as never)).code).toBe('INVALID_ID')
  })

  test('find_one_gives_a_match_or_null', () => {
    const documents = users()
    documents.insertMany([
      { ...ADA, _id: 'a' },
      { ...BOB, _id: 'b' }
    ])
    expect(documents.findOne({ name: 'Bob' })?._id).toBe('b')
    expect(documents.findOne({ _id: 'a' })?.name).toBe('Ada')
    expect(documents.findOne({ _id: 'a', name: 'Bob' })).toBeNull()
    expect(documents.findOne({ _id: 'x' })).toBeNull()
    expect(documents.findOne({ name: 'X' })).toBeNull()
    expect(documents.findOne()?._id).toBe('a')
  })

  test('filters_use_every_operator', () => {
    const documents = users()
    documents.insertMany([
      { ...ADA, _id: 'a' },
      { ...BOB, _id: 'b' },
      { ...CID, _id: 'c' }
    ])
    const cases: [Filter<User>, string[]][] = [
      [{}, ['a', 'b', 'c']],
      [{ age: 36 }, ['a']],
      [{ age: { $eq: 36 } }, ['a']],
      [{ age: { $ne: 36 } }, ['b', 'c']],
      [{ age: { $gt: 36 } }, ['b']],
      [{ age: { $gte: 36 } }, ['a', 'b']],
      [{ age: { $lt: 70 } }, ['a']],
      [{ age: { $lte: 70 } }, ['a', 'b']],
      [{ name: { $in: ['Ada', 'Cid'] } }, ['a', 'c']],
      [{ name: { $nin: ['Ada', 'Cid'] } }, ['b']],
      [{ age: { $exists: false } }, ['c']],
      [{ age: { $not: { $gt: 50 } } }, ['a', 'c']],
      [{ $and: [{ age: { $gt: 1 } }, { name: 'Bob' }] }, ['b']],
      [{ $or: [{ age: 36 }, { name: 'Cid' }] }, ['a', 'c']],
      [{ $nor: [{ age: 36 }, { name: 'Cid' }] }, ['b']],
      [{ 'address.city': 'Kochi' }, ['b']],
      [{ 'address.zip': { $gt: 64 } }, ['b']],
      [{ tags: 'code' }, ['a']],
      [{ age: null }, ['c']],
      [{ _id: { $in: ['a', 'c', 'x'] } }, ['a', 'c']]
    ]
    for (const [filter, ids] of cases) {
      const found = documents
        .find(filter)
        .toArray()
        .map(document => document._id)
      expect([JSON.stringify(filter), found.sort()]).toEqual([JSON.stringify(filter), ids])
      expect(documents.countDocuments(filter)).toBe(ids.length)
    }
  })

  test('bad_filters_and_updates_are_refused', () => {
    const documents = users()
    documents.insertOne({ ...ADA, _id: 'a' })
    const filters = [{ age: { $near: 5 } }, { $xor: [] }, { $or: 5 }, { age: { $in: 5 } }] as unknown as Filter<User>[]
    for (const filter of filters) {
      expect(failure(() => documents.findOne(filter)).code).toBe('INVALID_FILTER')
      expect(failure(() => documents.countDocuments(filter)).code).toBe('INVALID_FILTER')
      expect(failure(() => documents.deleteMany(filter)).code).toBe('INVALID_FILTER')
      expect(failure(() => documents.updateOne(filter, { $set: { age: 1 } })).code).toBe('INVALID_FILTER')
      expect(failure(() => documents.replaceOne(filter, ADA)).code).toBe('INVALID_FILTER')
    }
    const updates = [
      { $grow: { age: 1 } },
      { $push: { name: 'x' } },
      { age: 5 },
      { $inc: { name: 1 } },
      { $set: { _id: 'b' } },
      {}
    ] as Update<User>[]
    for (const update of updates) {
      expect(failure(() => documents.updateOne({ _id: 'a' }, update)).code).toBe('INVALID_UPDATE')
      expect(failure(() => documents.updateMany({ name: 'Ada' }, update)).code).toBe('INVALID_UPDATE')
    }
    for (const update of [null, undefined, 5] as unknown as Update<User>[]) {
      expect(failure(() => documents.updateOne({ _id: 'a' }, update)).code).toBe('INVALID_ARGUMENT')
    }
    expect(failure(() => documents.replaceOne({ _id: 'a' }, { $set: {} } as unknown as User)).code).toBe(
      'INVALID_UPDATE'
    )
    for (const filter of [undefined, null, 5] as unknown as Filter<User>[]) {
      expect(failure(() => documents.deleteMany(filter)).code).toBe('INVALID_ARGUMENT')
      expect(failure(() => documents.deleteOne(filter)).code).toBe('INVALID_ARGUMENT')
      expect(failure(() => documents.updateOne(filter, {})).code).toBe('INVALID_ARGUMENT')
    }
    expect(documents.get('a')).toEqual({ _id: 'a', ...ADA })
  })

  test('updates_count_what_matched_and_what_changed', () => {
    const documents = users()
    documents.insertMany([
      { ...ADA, _id: 'a' },
      { ...BOB, _id: 'b' },
      { ...CID, _id: 'c' }
    ])
    const result = (matchedCount: number, modifiedCount: number) => ({
      acknowledged: true,
      matchedCount,
      modifiedCount,
      upsertedCount: 0,
      upsertedId: null
    })
    expect(documents.updateOne({ _id: 'a' }, { $inc: { age: 1 } })).toEqual(result(1, 1))
    expect(documents.updateOne({ _id: 'a' }, { $set: { age: 37 } })).toEqual(result(1, 0))
    expect(documents.updateOne({ _id: 'x' }, { $set: { age: 1 } })).toEqual(result(0, 0))
    expect(documents.updateOne({ age: { $gt: 1 } }, { $set: { 'address.zip': 5 } })).toEqual(result(1, 1))
    expect(documents.updateMany({ name: { $in: ['Ada', 'Cid'] } }, { $unset: { age: '' } })).toEqual(result(2, 1))
    expect(documents.updateMany({}, { $set: { tags: ['new'] } })).toEqual(result(3, 3))
    expect(documents.updateMany({ _id: 'b' }, { $inc: { 'address.zip': 28n } })).toEqual(result(1, 1))
    expect(documents.get('a')).toEqual({ _id: 'a', name: 'Ada', tags: ['new'], address: { city: 'London', zip: 5 } })
    expect(documents.get('b')?.address?.zip).toBe(128)
  })

  test('replacements_keep_the_id', () => {
    const documents = users()
    documents.insertMany([
      { ...ADA, _id: 'a' },
      { ...BOB, _id: 'b' }
    ])
    expect(documents.replaceOne({ _id: 'a' }, CID)).toMatchObject({
      acknowledged: true,
      matchedCount: 1,
      modifiedCount: 1
    })
    expect(documents.replaceOne({ name: 'Bob' }, { ...CID, _id: 'b' }).matchedCount).toBe(1)
    expect(documents.replaceOne({ name: 'Nobody' }, CID).matchedCount).toBe(0)
    expect(documents.replaceOne({ _id: 'x' }, CID).matchedCount).toBe(0)
    expect(documents.find().toArray()).toEqual([
      { _id: 'a', ...CID },
      { _id: 'b', ...CID }
    ])
    expect(failure(() => documents.replaceOne({ _id: 'a' }, { ...CID, _id: 'other' })).code).toBe('INVALID_UPDATE')
  })

  test('deletions_count', () => {
    const documents = users()
    documents.insertMany(Array.from({ length: 10 }, (_, age) => ({ name: 'x', age, _id: `${age}` })))
    expect(documents.deleteOne({ _id: '3' })).toEqual({ acknowledged: true, deletedCount: 1 })
    expect(documents.deleteOne({ _id: '3' }).deletedCount).toBe(0)
    expect(documents.deleteOne({ age: { $gt: 5 } }).deletedCount).toBe(1)
    expect(documents.deleteMany({ age: { $lt: 5 } }).deletedCount).toBe(4)
    expect(documents.estimatedDocumentCount()).toBe(4)
    expect(documents.clear()).toBe(4)
    expect(documents.clear()).toBe(0)
    expect(documents.countDocuments()).toBe(0)
    documents.insertOne({ ...ADA, _id: '3' })
    expect(documents.countDocuments()).toBe(1)
  })
})

test('ids_may_be_texts_integers_bigints_and_bytes', () => {
  const documents = opened().collection<Document>('x')
  const ids = [
    '',
    'ü€😀',
    'x'.repeat(1024),
    0,
    -1,
    63,
    64,
    127,
    128,
    2 ** 40,
    -(2 ** 40),
    Uint8Array.of(),
    Uint8Array.of(1, 2)
  ]
  for (const [index, _id] of ids.entries()) documents.insertOne({ _id, index })
  for (const [index, id] of ids.entries()) {
    expect(documents.get(id)).toEqual({ _id: id, index })
    expect(documents.findOne({ _id: id })).toEqual({ _id: id, index })
    expect(documents.has(id)).toBe(true)
  }
  expect(documents.countDocuments()).toBe(ids.length)
  expect(documents.get(64n)?.['index']).toBe(6)
  expect(documents.get('64')).toBeUndefined()
  expect(documents.get(Buffer.of(1, 2))?.['index']).toBe(12)
  expect(failure(() => documents.insertOne({ _id: 64n })).code).toBe('DUPLICATE_ID')
  documents.insertOne({ _id: 2n ** 62n })
  expect(documents.get(2n ** 62n)).toEqual({ _id: 2n ** 62n })
  for (const id of ids) expect(documents.delete(id)).toBe(true)
})

test('what_is_no_id_is_refused', () => {
  const documents = opened().collection<Document>('x')
  const wrong = [
    null,
    true,
    {},
    [],
    1.5,
    Number.NaN,
    Infinity,
    2n ** 63n,
    new Date(),
    'x'.repeat(1025),
    'ü'.repeat(513),
    new Uint8Array(1025)
  ]
  for (const _id of wrong) {
    expect([_id, failure(() => documents.insertOne({ _id: _id as string })).code]).toEqual([_id, 'INVALID_ID'])
    expect([_id, failure(() => documents.get(_id as string)).code]).toEqual([_id, 'INVALID_ID'])
    expect([_id, failure(() => documents.delete(_id as string)).code]).toEqual([_id, 'INVALID_ID'])
  }
  expect(failure(() => documents.get(undefined as unknown as string)).code).toBe('INVALID_ID')
  expect(documents.insertOne({ _id: undefined }).insertedId).toHaveLength(26)
  expect(documents.countDocuments()).toBe(1)
})

test('an_id_anywhere_in_a_document_comes_first_when_read', () => {
  const documents = opened().collection<Document>('x')
  documents.insertOne({ a: 1, _id: 'x', b: 2 })
  expect(Object.keys(documents.get('x') ?? {})).toEqual(['_id', 'a', 'b'])
})

test('large_documents_travel_whole', () => {
  const documents = opened().collection<{ text: string; bytes: Uint8Array }>('x')
  for (const size of [100, 4000, 5000, 262_100, 262_144, 262_200, 3_000_000]) {
    const document = { text: 'ü'.repeat(size / 2), bytes: new Uint8Array(size).fill(7) }
    const { insertedId } = documents.insertOne(document)
    for (const copy of [documents.get(insertedId), documents.findOne({ text: document.text })]) {
      expect(copy?._id).toBe(insertedId)
      expect(copy?.text === document.text).toBe(true)
      expect(Buffer.from(copy?.bytes ?? []).equals(document.bytes)).toBe(true)
    }
  }
  expect(documents.find().toArray()).toHaveLength(7)
  expect(failure(() => documents.insertOne({ text: '', bytes: new Uint8Array(17 << 20) })).code).toBe(
    'DOCUMENT_TOO_LARGE'
  )
})

test('texts_that_are_not_unicode_never_come_back_changed_in_silence', () => {
  const documents = opened().collection<{ text: string }>('x')
  for (const text of ['\ud800', `${'x'.repeat(100)}\udc00`]) {
    let stored: string | undefined
    try {
      stored = documents.get(documents.insertOne({ text }).insertedId)?.text
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/INVALID_DOCUMENT|UNSUPPORTED_VALUE/) })
    }
    expect([undefined, text.replace(/[\ud800-\udfff]/, '\ufffd')]).toContain(stored)
  }
})
