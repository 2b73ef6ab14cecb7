// Opening, collections as a whole, tasks, closing.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type Database, open, type QuireError } from '../../src/index.ts'
import { failure, opened, rejection, temporaryPath } from './temporary.ts'

interface Item {
  _id?: string
  n: number
}

const names = (database: Database) => database.listCollections().map(collection => collection.name)

test('a_file_keeps_what_was_written', () => {
  const path = temporaryPath()
  for (let round = 0; round < 5; round++) {
    const database = open(path)
    const items = database.collection<Item>('items')
    expect(items.find().toArray()).toEqual(Array.from({ length: round }, (_, n) => ({ _id: `${n}`, n })))
    items.insertOne({ _id: `${round}`, n: round })
    expect(database.path).toBe(path)
    database.close()
  }
})

test('two_memory_databases_are_two', () => {
  const [one, two] = [opened(), opened()]
  one.collection<Item>('items').insertOne({ n: 1 })
  expect(two.collection('items').countDocuments()).toBe(0)
})

test('two_handles_of_a_file_in_one_process_share_it', () => {
  const path = temporaryPath()
  const [one, two] = [opened(path), opened(join(dirname(path), '.', 'test.quire'))]
  one.collection<Item>('items').insertOne({ _id: 'a', n: 1 })
  expect(two.collection('items').get('a')).toEqual({ _id: 'a', n: 1 })
  one.close()
  two.collection<Item>('items').insertOne({ _id: 'b', n: 2 })
  expect(two.collection('items').countDocuments()).toBe(2)
  expect(failure(() => one.collection('items')).code).toBe('CLOSED')
})

test('what_cannot_be_opened_is_named', () => {
  const path = temporaryPath()
  const directory = dirname(path)
  const cases: [string, string | Uint8Array | undefined, QuireError['code'][]][] = [
    ['no-such-directory/x.quire', undefined, ['CANNOT_OPEN']],
    ['text.quire', 'this is a text, and no database at all\n'.repeat(500), ['NOT_A_DATABASE', 'CORRUPTED']],
    ['garbage.quire', Buffer.alloc(40_000, 0xa7), ['NOT_A_DATABASE', 'CORRUPTED']],
    ['zeros.quire', Buffer.alloc(40_000), ['NOT_A_DATABASE', 'CORRUPTED']]
  ]
  mkdirSync(join(directory, 'folder'))
  expect(failure(() => open(join(directory, 'folder'))).code).toBe('CANNOT_OPEN')
  for (const [name, content, codes] of cases) {
    if (content !== undefined) writeFileSync(join(directory, name), content)
    const error = failure(() => open(join(directory, name)))
    expect(codes).toContain(error.code)
    expect(error.message).toContain(name)
  }
})

test('collections_are_made_listed_renamed_and_dropped', () => {
  const database = opened()
  expect(names(database)).toEqual([])
  const items = database.collection<Item>('items')
  expect(names(database)).toEqual([])
  items.insertOne({ _id: 'a', n: 1 })
  database.createCollection('empty')
  expect(names(database)).toEqual(['empty', 'items'])
  expect(database.listCollections()[1]).toMatchObject({ name: 'items', ids: 'ulid', documentsCount: 1 })
  expect(failure(() => database.createCollection('items')).code).toBe('COLLECTION_EXISTS')
  database.renameCollection('items', 'things')
  expect(names(database)).toEqual(['empty', 'things'])
  expect(database.collection('things').get('a')).toEqual({ _id: 'a', n: 1 })
  expect(items.get('a')).toBeUndefined()
  expect(failure(() => database.renameCollection('items', 'other')).code).toBe('COLLECTION_NOT_FOUND')
  expect(failure(() => database.renameCollection('things', 'empty')).code).toBe('COLLECTION_EXISTS')
  expect(database.dropCollection('things')).toBe(true)
  expect(database.dropCollection('things')).toBe(false)
  expect(database.collection('empty').drop()).toBe(true)
  expect(names(database)).toEqual([])
  items.insertOne({ _id: 'b', n: 2 })
  items.rename('again')
  expect(names(database)).toEqual(['again'])
})

test('renamed_and_remade_collections_are_read_by_their_own_structures', () => {
  const database = opened()
  const one = database.collection<Record<string, unknown>>('one')
  const two = database.collection<Record<string, unknown>>('two')
  for (let index = 0; index < 5; index++) {
    one.insertOne({ _id: `${index}`, first: index, second: 'one' })
    two.insertOne({ _id: `${index}`, alpha: index, beta: 'two' })
  }
  for (let round = 0; round < 3; round++) {
    expect(one.get('4')).toEqual({ _id: '4', first: 4, second: 'one' })
    expect(two.get('4')).toEqual({ _id: '4', alpha: 4, beta: 'two' })
    database.renameCollection('one', 'between')
    database.renameCollection('two', 'one')
    expect(one.get('4')).toEqual({ _id: '4', alpha: 4, beta: 'two' })
    expect(one.find().toArray()).toHaveLength(5)
    database.renameCollection('between', 'two')
    expect(two.get('4')).toEqual({ _id: '4', first: 4, second: 'one' })
    database.renameCollection('one', 'between')
    database.renameCollection('two', 'one')
    database.renameCollection('between', 'two')
  }
  one.drop()
  for (let index = 0; index < 5; index++) one.insertOne({ _id: `${index}`, x: index, y: 'new' })
  expect(one.get('4')).toEqual({ _id: '4', x: 4, y: 'new' })
  expect(one.find().toArray()[3]).toEqual({ _id: '3', x: 3, y: 'new' })
})

test('integer_ids_count_up', () => {
  const path = temporaryPath()
  const database = open(path)
  const items = database.createCollection<{ _id: number; n: number }>('items', { ids: 'integer' })
  expect([1, 2, 3].map(n => items.insertOne({ n }).insertedId)).toEqual([1, 2, 3])
  items.insertOne({ _id: 100, n: 4 })
  expect(items.insertMany([{ n: 5 }, { n: 6 }]).insertedIds).toEqual({ 0: 101, 1: 102 })
  database.close()
  const again = opened(path).collection<{ _id: number; n: number }>('items')
  expect(again.insertOne({ n: 7 }).insertedId).toBe(103)
  expect(failure(() => opened().createCollection('x', { ids: 'uuid' as 'ulid' })).code).toBe('INVALID_ARGUMENT')
})

test('names_are_checked', () => {
  const database = opened()
  for (const name of ['', 'a\u0000b', 'line\nbreak', 'x'.repeat(256)]) {
    expect(failure(() => database.collection(name)).code).toBe('INVALID_NAME')
    expect(failure(() => database.createCollection(name)).code).toBe('INVALID_NAME')
    expect(failure(() => database.dropCollection(name)).code).toBe('INVALID_NAME')
    expect(failure(() => database.renameCollection('x', name)).code).toBe('INVALID_NAME')
  }
  for (const name of [undefined, null, 5, {}]) {
    expect(failure(() => database.collection(name as string)).code).toBe('INVALID_ARGUMENT')
    expect(failure(() => database.dropCollection(name as string)).code).toBe('INVALID_ARGUMENT')
  }
  for (const name of ['ünï-😀', 'a.b', 'system.x', ' ', 'x'.repeat(255)])
    database.collection<Item>(name).insertOne({ n: 1 })
  expect(database.listCollections()).toHaveLength(5)
})

test('sync_checkpoint_check_and_stats_tell_what_happened', async () => {
  const database = opened(temporaryPath())
  database.collection<Item>('items').insertMany(Array.from({ length: 1000 }, (_, n) => ({ n })))
  await database.sync()
  const before = database.stats()
  expect(before).toMatchObject({ commitsCount: 1, sequence: 1, collections: [{ name: 'items', documentsCount: 1000 }] })
  expect(before.logBytes).toBeGreaterThan(0)
  expect(before.dirtyBytes).toBeGreaterThan(0)
  await database.checkpoint()
  expect(database.stats()).toMatchObject({ checkpointsCount: 1, dirtyBytes: 0 })
  const report = await database.check()
  expect(report).toMatchObject({ isClean: true, problemsCount: 0, problems: [], documentsCount: 1000 })
  expect(report.pagesCount).toBeGreaterThan(10)
})

test('after_close_everything_is_refused', async () => {
  const database = open(temporaryPath())
  const items = database.collection<Item>('items')
  items.insertOne({ _id: 'a', n: 1 })
  expect(database.closed).toBe(false)
  database.close()
  database.close()
  expect(database.closed).toBe(true)
  const calls = [
    () => items.get('a'),
    () => items.has('a'),
    () => items.insertOne({ n: 1 }),
    () => items.insertMany([{ n: 1 }]),
    () => items.put({ _id: 'a', n: 1 }),
    () => items.delete('a'),
    () => items.find().next(),
    () => items.findOne({ n: 1 }),
    () => items.updateOne({ n: 1 }, { $set: { n: 2 } }),
    () => items.replaceOne({ _id: 'a' }, { n: 1 }),
    () => items.deleteMany({}),
    () => items.countDocuments(),
    () => items.clear(),
    () => items.drop(),
    () => items.rename('x'),
    () => database.collection('items'),
    () => database.createCollection('x'),
    () => database.dropCollection('items'),
    () => database.renameCollection('items', 'x'),
    () => database.listCollections(),
    () => database.stats(),
    () => database.begin(),
    () => database.transaction(() => 1)
  ]
  for (const [index, call] of calls.entries()) expect([index, failure(call).code]).toEqual([index, 'CLOSED'])
  for (const call of [
    () => database.sync(),
    () => database.checkpoint(),
    () => database.check(),
    () => items.async.get('a')
  ]) {
    expect(await rejection(call)).toBe('CLOSED')
  }
})

test('using_closes', async () => {
  const path = temporaryPath()
  let kept: Database
  {
    using database = open(path)
    kept = database
    database.collection<Item>('items').insertOne({ _id: 'a', n: 1 })
  }
  expect(kept.closed).toBe(true)
  {
    await using database = open(path)
    kept = database
    expect(database.collection('items').has('a')).toBe(true)
  }
  expect(kept.closed).toBe(true)
  expect(opened(path).collection('items').countDocuments()).toBe(1)
})

test('tasks_under_way_while_closing_end_well', async () => {
  for (let round = 0; round < 10; round++) {
    const database = open(temporaryPath())
    const items = database.collection<Item>('items')
    items.insertMany(Array.from({ length: 5000 }, (_, n) => ({ n })))
    const tasks = [
      ...[database.sync(), database.checkpoint(), database.check()],
      ...[items.async.find().toArray(), items.async.countDocuments({ n: 5 }), items.async.insertOne({ n: 1 })]
    ]
    database.close()
    for (const { status, ...result } of await Promise.allSettled<unknown>(tasks)) {
      if (status === 'rejected') expect((result as PromiseRejectedResult).reason).toMatchObject({ code: 'CLOSED' })
    }
  }
})
