// Schemas: every library of Standard Schema, every write, sync and async, alone and in a transaction.
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type AsyncCollection,
  BulkWriteError,
  type Collection,
  type Documents,
  QuireError,
  type Schema
} from '../../src/index.ts'
import { failure, opened, rejection } from './temporary.ts'

interface User {
  name: string
  age: number
}

const zodUser = z.object({ name: z.string().min(1), age: z.number().int() })
const schemas: [string, Schema<User>][] = [
  ['zod', zodUser],
  ['zod_strict', z.strictObject({ name: z.string().min(1), age: z.number().int() })],
  ['valibot', v.object({ name: v.pipe(v.string(), v.minLength(1)), age: v.pipe(v.number(), v.integer()) })],
  [
    'valibot_strict',
    v.strictObject({ name: v.pipe(v.string(), v.minLength(1)), age: v.pipe(v.number(), v.integer()) })
  ],
  ['arktype', type({ name: 'string > 0', age: 'number.integer' })],
  ['arktype_strict', type({ '+': 'reject', name: 'string > 0', age: 'number.integer' })]
]

/** The error that `call` throws. */
function thrown(call: () => unknown): QuireError {
  try {
    call()
  } catch (error) {
    if (error instanceof QuireError) return error
    throw error
  }
  throw new Error('the call did not fail')
}

const ADA = { _id: 'a', name: 'Ada', age: 36 }

describe.each(schemas)('%s', (_, schema) => {
  const places: [string, () => Documents<User>][] = [
    ['alone', () => opened().collection('users', { schema })],
    [
      'in_a_transaction',
      () => {
        const database = opened()
        database.collection('users', { schema })
        return database.begin().collection<User>('users')
      }
    ]
  ]

  test.each(places)('every_write_is_validated_%s', (_, place) => {
    const users = place()
    const wrong = { name: '', age: 1 } as User
    users.insertOne(ADA as User)
    const before = users.find().toArray()
    const writes: (() => unknown)[] = [
      () => users.insertOne(wrong),
      () => users.insertMany([{ name: 'Bob', age: 2 }, wrong]),
      () => users.put({ ...wrong, _id: 'a' }),
      () => users.replaceOne({ name: 'Ada' }, wrong),
      () => users.replaceOne({ _id: 'a' }, wrong),
      () => users.updateOne({ _id: 'a' }, { $set: { name: '' } }),
      () => users.updateOne({ name: 'Ada' }, { $set: { age: 1.5 } }),
      () => users.updateMany({}, { $unset: { age: '' } })
    ]
    for (const write of writes) {
      expect(failure(write).code).toBe('SCHEMA_MISMATCH')
      expect(users.find().toArray()).toEqual(before)
    }
    expect(users.updateMany({}, { $inc: { age: 1 } })).toMatchObject({ matchedCount: 1, modifiedCount: 1 })
    expect(users.replaceOne({ _id: 'a' }, { name: 'Eve', age: 3 }).matchedCount).toBe(1)
    expect(users.put({ ...ADA, age: 4 })).toBe(true)
    expect(users.find().toArray()).toEqual([{ ...ADA, age: 4 }])
  })

  test('every_write_is_validated_off_the_event_loop', async () => {
    const users = opened().collection('users', { schema }).async
    const wrong = { name: '', age: 1 }
    await users.insertOne(ADA as User)
    const writes: (() => Promise<unknown>)[] = [
      () => users.insertOne(wrong),
      () => users.insertMany([wrong]),
      () => users.put({ ...wrong, _id: 'a' }),
      () => users.replaceOne({ name: 'Ada' }, wrong),
      () => users.updateOne({ _id: 'a' }, { $set: { name: '' } }),
      () => users.updateMany({}, { $set: { age: 1.5 } })
    ]
    for (const write of writes) expect(await rejection(write)).toBe('SCHEMA_MISMATCH')
    expect(await users.find().toArray()).toEqual([ADA])
    await users.updateOne({ name: 'Ada' }, { $inc: { age: 1 } }, { durability: 'disk' })
    expect(await users.get('a')).toEqual({ ...ADA, age: 37 })
  })

  test('the_error_names_path_and_issue', () => {
    const users = opened().collection('users', { schema })
    const error = thrown(() => users.insertOne({ name: 5, age: 'x' } as unknown as User))
    expect(error.message).toMatch(/^the document does not fit the schema of users: \w+: .*; \w+: /)
    expect(error.issues?.map(({ path }) => path[0]).sort()).toEqual(['age', 'name'])
    expect(error.issues?.every(({ message }) => message.length > 0)).toBe(true)
  })
})

test('types_come_from_the_output_of_the_schema', () => {
  const users = opened().collection('users', { schema: z.object({ name: z.string(), age: z.coerce.number() }) })
  expectTypeOf(users).toEqualTypeOf<Collection<{ name: string; age: number }>>()
  const cities = opened().collection('cities', { schema: v.object({ city: v.string() }) })
  expectTypeOf(cities).toEqualTypeOf<Collection<{ city: string }>>()
  const keyed = opened().collection('keyed', { schema: type({ _id: 'number', text: 'string' }) })
  expectTypeOf(keyed).toEqualTypeOf<Collection<{ _id: number; text: string }>>()
  // @ts-expect-error no field of the schema
  expect(() => users.find({ title: 'x' })).not.toThrow()
})

test('what_the_schema_gives_back_is_stored', () => {
  const schema = z.object({ name: z.string().trim().toLowerCase(), tags: z.array(z.string()).default([]) })
  const users = opened().collection('users', { schema })
  users.insertOne({ _id: 'a', name: '  ADA ', extra: 1 } as never)
  expect(users.get('a')).toEqual({ _id: 'a', name: 'ada', tags: [] })
  users.updateOne({ _id: 'a' }, { $set: { name: ' EVE' }, $unset: { tags: '' } })
  expect(users.get('a')).toEqual({ _id: 'a', name: 'eve', tags: [] })
})

test('a_schema_may_know_the_id', () => {
  const users = opened().collection('users', { schema: z.strictObject({ _id: z.number(), name: z.string() }) })
  users.insertOne({ _id: 1, name: 'Ada' })
  users.updateOne({ _id: 1 }, { $set: { name: 'Eve' } })
  expect(users.get(1)).toEqual({ _id: 1, name: 'Eve' })
  expect(thrown(() => users.insertOne({ name: 'Bob' })).issues).toMatchObject([{ path: ['_id'] }])
  expect(thrown(() => users.insertOne({ _id: 'x' as unknown as number, name: 'Bob' })).code).toBe('SCHEMA_MISMATCH')
})

test('many_issues_are_counted', () => {
  const schema = z.object(Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map(key => [key, z.number()])))
  const error = thrown(() =>
    opened()
      .collection('all', { schema })
      .insertOne({} as never)
  )
  expect(error.message).toContain('; and 2 more')
  expect(error.issues).toHaveLength(5)
})

test('an_asynchronous_schema_is_refused_by_synchronous_calls_and_awaited_by_others', async () => {
  const schema = z.object({ name: z.string().refine(async name => name !== 'taken', 'is taken') })
  const users = opened().collection('users', { schema })
  const refusal = thrown(() => users.insertOne({ name: 'Ada' }))
  expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(refusal.message).toContain('collection.async')
  await users.async.insertOne({ _id: 'a', name: 'Ada' } as never)
  expect(failure(() => users.updateOne({ _id: 'a' }, { $set: { name: 'Eve' } })).code).toBe('INVALID_ARGUMENT')
  expect(users.get('a')).toEqual({ _id: 'a', name: 'Ada' })
  expect(await rejection(() => users.async.insertOne({ name: 'taken' }))).toBe('SCHEMA_MISMATCH')
  expect(await rejection(() => users.async.updateOne({}, { $set: { name: 'taken' } }))).toBe('SCHEMA_MISMATCH')
  await users.async.updateOne({}, { $set: { name: 'Eve' } })
  expect(users.get('a')).toEqual({ _id: 'a', name: 'Eve' })
})

test('a_schema_holds_for_everything_that_stands_for_the_collection', () => {
  const database = opened()
  const early = database.collection<User>('users')
  database.collection('users', { schema: zodUser })
  expect(database.collection('users')).toBe(early)
  expect(failure(() => early.insertOne({} as User)).code).toBe('SCHEMA_MISMATCH')
  database.transaction(transaction => {
    expect(failure(() => transaction.collection('users').insertOne({})).code).toBe('SCHEMA_MISMATCH')
  })
  database.collection('users', { schema: z.looseObject({}) })
  early.insertOne({} as User)
  expect(early.countDocuments()).toBe(1)
})

test('what_is_no_schema_is_refused', () => {
  const database = opened()
  for (const schema of [null, 5, {}, { '~standard': {} }]) {
    expect(failure(() => database.collection('users', { schema: schema as never })).code).toBe('INVALID_ARGUMENT')
  }
  expect(failure(() => database.collection('users', { shape: zodUser } as never)).message).toContain('shape')
})

test('a_failed_update_in_a_transaction_leaves_its_other_writes', () => {
  const database = opened()
  const users = database.collection('users', { schema: zodUser })
  database.transaction(transaction => {
    const inside = transaction.collection<User>('users')
    inside.insertMany([ADA as User, { _id: 'b', name: 'Bob', age: 1 } as User])
    expect(failure(() => inside.updateMany({}, { $set: { name: '' } })).code).toBe('SCHEMA_MISMATCH')
    inside.updateOne({ _id: 'b' }, { $inc: { age: 1 } })
  })
  expect(users.find().toArray()).toEqual([ADA, { _id: 'b', name: 'Bob', age: 2 }])
})

describe('calls_of_several_steps', () => {
  const schema = z.object({ name: z.string().min(1).trim(), age: z.number().int() })
  const places: [string, () => Documents<User> | AsyncCollection<User>][] = [
    ['alone', () => opened().collection('users', { schema })],
    ['alone_later', () => opened().collection('users', { schema }).async],
    [
      'in_a_transaction',
      () => {
        const database = opened()
        database.collection('users', { schema })
        return database.begin().collection<User>('users')
      }
    ]
  ]

  test.each(places)('sorts_and_hints_choose_the_same_as_without_a_schema_%s', async (_, place) => {
    const users = place()
    await users.insertMany([
      { name: 'Ada', age: 1 },
      { name: 'Bob', age: 3 },
      { name: 'Cid', age: 2 }
    ])
    const last = { sort: { age: -1 }, hint: { $natural: 1 } } as const
    await users.updateOne({}, { $set: { name: ' Eve' } }, last)
    expect(await users.find({ age: 3 }, { projection: { name: 1, _id: 0 } }).toArray()).toEqual([{ name: 'Eve' }])
    await users.replaceOne({ age: { $lt: 3 } }, { name: 'Fay', age: 0 }, { sort: 'age' })
    const { modifiedCount } = await users.bulkWrite([
      { updateOne: { filter: {}, update: { $inc: { age: 10 } }, ...last } },
      { updateMany: { filter: { age: 13 }, update: { $inc: { age: 1 } }, hint: { $natural: 1 } } }
    ])
    expect(modifiedCount).toBe(2)
    expect(await users.distinct('age')).toEqual(expect.arrayContaining([0, 2, 14]))
    const calls = [
      () => users.updateOne({}, { $inc: { age: 1 } }, { hint: 'none_1' }),
      () => users.updateMany({}, { $inc: { age: 1 } }, { hint: 'none_1' }),
      () => users.findOneAndUpdate({}, { $inc: { age: 1 } }, { hint: 'none_1' })
    ]
    for (const call of calls) expect(await rejection(async () => call())).toBe('INDEX_NOT_FOUND')
  })

  test.each(places)('a_document_that_comes_back_is_valid_%s', async (_, place) => {
    const users = place()
    await users.insertOne(ADA as User)
    const after = { returnDocument: 'after' } as const
    expect(await users.findOneAndUpdate({ name: 'Ada' }, { $set: { name: ' Bob ' } }, after)).toEqual({
      _id: 'a',
      name: 'Bob',
      age: 36
    })
    const part = { ...after, projection: { name: 1, _id: 0 } } as const
    expect(await users.findOneAndReplace({ age: 36 }, { name: ' Cid', age: 1 }, part)).toEqual({ name: 'Cid' })
    expect(await users.findOneAndUpdate({ age: 1 }, { $inc: { age: 1 } })).toEqual({ _id: 'a', name: 'Cid', age: 1 })
    const upsert = { ...after, upsert: true }
    expect(await users.findOneAndUpdate({ _id: 'b' } as never, { $set: { name: 'Dan ', age: 4 } }, upsert)).toEqual({
      _id: 'b',
      name: 'Dan',
      age: 4
    })
    const wrong: (() => unknown)[] = [
      () => users.findOneAndUpdate({ age: 2 }, { $set: { name: '' } }),
      () => users.findOneAndUpdate({ age: 2 }, [{ $unset: 'name' }], after),
      () => users.findOneAndReplace({ age: 2 }, { name: 'x', age: 1.5 }),
      () => users.findOneAndUpdate({ _id: 'c' } as never, { $set: { age: 1 } }, upsert)
    ]
    for (const call of wrong) expect(await rejection(async () => call())).toBe('SCHEMA_MISMATCH')
    expect(await users.find().toArray()).toEqual([
      { _id: 'a', name: 'Cid', age: 2 },
      { _id: 'b', name: 'Dan', age: 4 }
    ])
    expect(await users.findOneAndDelete({ age: 2 })).toMatchObject({ name: 'Cid' })
  })

  test.each(places)('many_writes_store_what_is_valid_%s', async (_, place) => {
    const users = place()
    const operations = [
      { insertOne: { document: { _id: 'a', name: ' Ada ', age: 36 } } },
      { insertOne: { document: { name: '', age: 1 } } },
      { updateOne: { filter: { age: 36 }, update: { $set: { age: 'old' } } } },
      { updateMany: { filter: { age: 36 }, update: { $inc: { age: 1 } } } },
      { replaceOne: { filter: { _id: 'b' }, replacement: { name: 'Bob', age: 2 }, upsert: true } },
      { deleteOne: { filter: { age: 2 } } }
    ] as never
    const failed = async (options: object) => {
      try {
        await users.bulkWrite(operations, options)
      } catch (error) {
        if (error instanceof BulkWriteError) return error
        throw error
      }
      throw new Error('the call did not fail')
    }
    const unordered = await failed({ ordered: false })
    expect(unordered.writeErrors).toMatchObject([
      { index: 1, code: 'SCHEMA_MISMATCH', issues: [{ path: ['name'] }] },
      { index: 2, code: 'SCHEMA_MISMATCH', issues: [{ path: ['age'] }] }
    ])
    expect(unordered.result).toEqual({
      acknowledged: true,
      ok: 0,
      insertedCount: 1,
      matchedCount: 1,
      modifiedCount: 1,
      deletedCount: 1,
      upsertedCount: 1,
      insertedIds: { 0: 'a' },
      upsertedIds: { 4: 'b' }
    })
    expect(await users.find().toArray()).toEqual([{ _id: 'a', name: 'Ada', age: 37 }])
    expect((await failed({})).writeErrors).toMatchObject([{ index: 0, code: 'DUPLICATE_ID' }])
    const documents = [
      { name: '', age: 1 },
      { name: 'Eve', age: 5 }
    ]
    await expect((async () => users.insertMany(documents, { ordered: false }))()).rejects.toMatchObject({
      writeErrors: [{ index: 0, code: 'SCHEMA_MISMATCH' }],
      result: { insertedCount: 1 }
    })
    expect(await rejection(async () => users.bulkWrite([{ fly: {} }] as never))).toBe('INVALID_ARGUMENT')
  })
})
