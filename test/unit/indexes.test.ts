// Indexes: made, listed, dropped; unique ones refuse; what they are of is kept through the file's close.

import { expect, test } from 'vitest'
import { failure, opened, rejection, temporaryPath } from './temporary.ts'

interface Person {
  _id: string
  name: string
  age: number
  city?: string
  tags?: string[]
}

const PEOPLE: Person[] = [
  { _id: 'a', name: 'Ada', age: 36, city: 'London', tags: ['x', 'y'] },
  { _id: 'b', name: 'Bob', age: 20, city: 'London' },
  { _id: 'c', name: 'Cid', age: 20 }
]

function people() {
  const collection = opened().collection<Person>('people')
  collection.insertMany(PEOPLE)
  return collection
}

test('indexes_are_made_by_every_form_of_fields', () => {
  const collection = people()
  expect(collection.createIndex('age')).toBe('age_1')
  expect(collection.createIndex({ city: 1, age: -1 })).toBe('city_1_age_-1')
  expect(collection.createIndex(['name', ['age', -1]])).toBe('name_1_age_-1')
  expect(collection.createIndex(new Map([['tags', -1]] as const), { name: 'by tag' })).toBe('by tag')
  expect(collection.listIndexes().map(({ name }) => name)).toEqual([
    '_id_',
    'age_1',
    'city_1_age_-1',
    'name_1_age_-1',
    'by tag'
  ])
  expect(collection.listIndexes()[4]).toMatchObject({ key: { tags: -1 }, name: 'by tag', entriesCount: 4 })
})

test('the_same_index_is_made_once_and_another_of_its_name_is_refused', () => {
  const collection = people()
  collection.createIndex({ age: 1 })
  expect(collection.createIndex({ age: 1 })).toBe('age_1')
  expect(failure(() => collection.createIndex({ age: 1 }, { sparse: true })).code).toBe('INDEX_EXISTS')
  expect(failure(() => collection.createIndex({ city: 1 }, { name: 'age_1' })).code).toBe('INDEX_EXISTS')
  expect(collection.listIndexes()).toHaveLength(2)
})

test('several_indexes_are_made_or_none', () => {
  const collection = people()
  const wrong = [{ key: { name: 1 } }, { key: { age: 1 }, unique: true }] as const
  expect(failure(() => collection.createIndexes(wrong)).code).toBe('DUPLICATE_KEY')
  expect(collection.listIndexes()).toHaveLength(1)
  expect(collection.createIndexes([{ key: { name: 1 }, unique: true }, { key: 'city' }])).toEqual(['name_1', 'city_1'])
})

test('a_unique_index_refuses_second_keys_and_changes_nothing', () => {
  const collection = people()
  collection.createIndex({ name: 1 }, { unique: true })
  const error = failure(() => collection.insertOne({ _id: 'd', name: 'Ada', age: 1 }))
  expect(error.code).toBe('DUPLICATE_KEY')
  expect(error.message).toContain('name_1')
  expect(error.message).toContain('Ada')
  expect(failure(() => collection.updateOne({ _id: 'b' }, { $set: { name: 'Cid' } })).code).toBe('DUPLICATE_KEY')
  expect(failure(() => collection.put({ _id: 'c', name: 'Bob', age: 3 })).code).toBe('DUPLICATE_KEY')
  expect(collection.find({}).toArray()).toEqual(PEOPLE)
  collection.delete('a')
  collection.insertOne({ _id: 'd', name: 'Ada', age: 1 })
  expect(collection.estimatedDocumentCount()).toBe(3)
})

test('partial_and_sparse_indexes_have_the_documents_they_are_of', () => {
  const collection = people()
  collection.createIndex({ city: 1 }, { sparse: true })
  collection.createIndex({ name: 1 }, { partialFilterExpression: { age: { $gt: 30 } } })
  const [, sparse, partial] = collection.listIndexes()
  expect(sparse).toMatchObject({ sparse: true, entriesCount: 2 })
  expect(partial).toMatchObject({ partialFilterExpression: { age: { $gt: 30 } }, entriesCount: 1 })
})

test('indexes_are_dropped_by_name_by_fields_and_all', () => {
  const collection = people()
  collection.createIndexes([{ key: { age: 1 } }, { key: { name: 1, age: 1 } }, { key: { city: 1 } }])
  collection.dropIndex('age_1')
  collection.dropIndex({ name: 1, age: 1 })
  expect(collection.listIndexes().map(({ name }) => name)).toEqual(['_id_', 'city_1'])
  collection.dropIndexes()
  expect(collection.listIndexes()).toHaveLength(1)
  expect(failure(() => collection.dropIndex('age_1')).code).toBe('INDEX_NOT_FOUND')
  expect(failure(() => collection.dropIndex('_id_')).code).toBe('INVALID_INDEX')
  expect(failure(() => collection.dropIndex(undefined as unknown as string)).code).toBe('INVALID_ARGUMENT')
})

test('what_is_no_index_is_refused_by_name', () => {
  const collection = people()
  const cases: [unknown, unknown][] = [
    [{}, undefined],
    [{ age: 2 }, undefined],
    [{ age: 'text' }, undefined],
    [{ '': 1 }, undefined],
    [5, undefined],
    [{ age: 1 }, { uniqe: true }],
    [{ age: 1 }, { unique: 1 }],
    [{ age: 1, name: 1 }, { expireAfterSeconds: 5 }],
    [{ age: 1 }, { expireAfterSeconds: -1 }]
  ]
  for (const [fields, options] of cases) {
    const error = failure(() => collection.createIndex(fields as 'age', options as object))
    expect(['INVALID_INDEX', 'INVALID_ARGUMENT'], JSON.stringify([fields, options])).toContain(error.code)
  }
  expect(failure(() => collection.createIndexes('age' as never)).code).toBe('INVALID_ARGUMENT')
  expect(collection.listIndexes()).toHaveLength(1)
})

test('indexes_stay_in_the_file_and_go_with_their_collection', () => {
  const path = temporaryPath()
  const first = opened(path)
  first.collection<Person>('people').insertMany(PEOPLE)
  first.collection<Person>('people').createIndex({ name: 1 }, { unique: true })
  first.close()
  const second = opened(path)
  const collection = second.collection<Person>('people')
  expect(collection.listIndexes()[1]).toMatchObject({ key: { name: 1 }, unique: true, entriesCount: 3 })
  collection.clear()
  expect(collection.listIndexes()[1]).toMatchObject({ name: 'name_1', entriesCount: 0 })
  collection.drop()
  expect(collection.listIndexes()).toEqual([])
  second.close()
})

test('documents_expire_by_the_date_in_their_index', () => {
  const database = opened(':memory:', { ttlInterval: 0 })
  const sessions = database.collection<{ _id: string; at: Date | Date[] | string }>('sessions')
  const HOUR = 3_600_000
  const past = new Date(Date.now() - 2 * HOUR)
  const recent = new Date(Date.now() - HOUR / 2)
  sessions.insertMany([
    { _id: 'old', at: past },
    { _id: 'old in a list', at: [recent, past] },
    { _id: 'recent', at: recent },
    { _id: 'no date', at: past.toISOString() }
  ])
  expect(database.expireDocuments()).toBe(0)
  sessions.createIndex('at', { expireAfterSeconds: 3600 })
  expect(database.expireDocuments()).toBe(2)
  expect(
    sessions
      .find({})
      .toArray()
      .map(({ _id }) => _id)
  ).toEqual(['recent', 'no date'])
  expect(database.expireDocuments()).toBe(0)
})

test('the_file_expires_documents_by_itself', async () => {
  const database = opened(':memory:', { ttlInterval: 1 })
  const sessions = database.collection<{ _id: string; at: Date }>('sessions')
  sessions.createIndex('at', { expireAfterSeconds: 0 })
  const changes = sessions.watch()
  sessions.insertOne({ _id: 'old', at: new Date(0) })
  const types = [(await changes.next())?.operationType, (await changes.next())?.operationType]
  expect(types).toEqual(['insert', 'delete'])
  changes.close()
})

test('indexes_are_made_off_the_event_loop_and_not_in_transactions', async () => {
  const database = opened()
  const { async: people } = database.collection<Person>('people')
  await people.insertMany(PEOPLE)
  expect(await people.createIndex({ age: 1 })).toBe('age_1')
  expect(await people.createIndexes([{ key: 'name' }])).toEqual(['name_1'])
  expect(await people.listIndexes()).toHaveLength(3)
  await people.dropIndex('name_1')
  await people.dropIndexes()
  expect(await people.listIndexes()).toHaveLength(1)
  expect(await rejection(() => people.createIndex({ age: 3 } as never))).toBe('INVALID_INDEX')
  await database.transaction(async tx => {
    const { async: inside } = tx.collection<Person>('people')
    expect(await rejection(() => inside.createIndex({ age: 1 }))).toBe('INVALID_ARGUMENT')
  })
})
