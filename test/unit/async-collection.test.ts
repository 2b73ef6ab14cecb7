// The promises of a collection: the same results as the synchronous calls, off the event loop.
import { expect, test } from 'vitest'
import type { Filter, Update } from '../../src/index.ts'
import { failure, opened, rejection, temporaryPath } from './temporary.ts'

interface Item {
  _id: string
  n: number
  text?: string
}

function filled(count: number) {
  const items = opened().collection<Item>('items')
  if (count > 0) items.insertMany(Array.from({ length: count }, (_, n) => ({ _id: `${n}`, n })))
  return { items, twin: items.async }
}

test('every_verb_has_the_same_result', async () => {
  const { items, twin } = filled(10)
  expect(twin).toBe(items.async)
  expect(twin.name).toBe('items')
  expect(await twin.get('3')).toEqual({ _id: '3', n: 3 })
  expect(await twin.get('x')).toBeUndefined()
  expect(await twin.has('3')).toBe(true)
  expect(await twin.has('x')).toBe(false)
  expect(await twin.insertOne({ _id: 'a', n: 100 })).toEqual({ acknowledged: true, insertedId: 'a' })
  expect((await twin.insertOne({ n: 101 })).insertedId).toHaveLength(26)
  expect(await twin.insertMany([{ _id: 'b', n: 102 }])).toEqual({
    acknowledged: true,
    insertedCount: 1,
    insertedIds: { 0: 'b' }
  })
  expect(await twin.insertMany([])).toEqual({ acknowledged: true, insertedCount: 0, insertedIds: {} })
  expect(await twin.put({ _id: 'b', n: 103 })).toBe(true)
  expect(await twin.put({ _id: 'c', n: 104 })).toBe(false)
  expect(await twin.delete('c')).toBe(true)
  expect(await twin.delete('c')).toBe(false)
  expect(await twin.findOne({ n: 5 })).toEqual({ _id: '5', n: 5 })
  expect(await twin.findOne({ _id: '5' })).toEqual({ _id: '5', n: 5 })
  expect(await twin.findOne({ n: -1 })).toBeNull()
  expect(await twin.find({ n: { $lt: 3 } }).toArray()).toHaveLength(3)
  const changed = { acknowledged: true, matchedCount: 1, modifiedCount: 1, upsertedCount: 0, upsertedId: null }
  expect(await twin.updateOne({ _id: '1' }, { $inc: { n: 1 } })).toEqual(changed)
  expect(await twin.updateOne({ n: 0 }, { $set: { text: 'x' } })).toEqual(changed)
  expect(await twin.updateMany({ n: { $gte: 100 } }, { $set: { text: 'y' } })).toMatchObject({ matchedCount: 3 })
  expect(await twin.replaceOne({ _id: '1' }, { n: 7 })).toEqual(changed)
  expect(await twin.replaceOne({ n: 0 }, { n: 0 })).toEqual(changed)
  expect(await twin.deleteOne({ _id: '1' })).toEqual({ acknowledged: true, deletedCount: 1 })
  expect(await twin.deleteOne({ n: 0 })).toEqual({ acknowledged: true, deletedCount: 1 })
  expect(await twin.deleteMany({ text: 'y' })).toEqual({ acknowledged: true, deletedCount: 3 })
  expect(await twin.countDocuments()).toBe(8)
  expect(await twin.countDocuments({ n: 5 })).toBe(1)
  expect(await twin.estimatedDocumentCount()).toBe(8)
  expect(await twin.clear()).toBe(8)
  expect(items.countDocuments()).toBe(0)
})

test('errors_reject_with_their_code', async () => {
  const { twin } = filled(3)
  const bad = { n: { $what: 1 } } as unknown as Filter<Item>
  expect(await rejection(() => twin.insertOne({ _id: '1', n: 1 }))).toBe('DUPLICATE_ID')
  expect(await rejection(() => twin.insertMany([{ _id: '1', n: 1 }]))).toBe('DUPLICATE_ID')
  expect(await rejection(() => twin.insertOne({ n: (() => 1) as unknown as number }))).toBe('UNSUPPORTED_VALUE')
  expect(await rejection(() => twin.get(1.5 as unknown as string))).toBe('INVALID_ID')
  expect(await rejection(() => twin.put({ n: 1 } as Item))).toBe('INVALID_ID')
  expect(await rejection(() => twin.find(bad).toArray())).toBe('INVALID_FILTER')
  expect(await rejection(() => twin.countDocuments(bad))).toBe('INVALID_FILTER')
  expect(await rejection(() => twin.updateOne({ n: 1 }, { $inc: { _id: 1 } } as Update<Item>))).toBe('INVALID_UPDATE')
  expect(await rejection(() => twin.deleteMany(undefined as unknown as Filter<Item>))).toBe('INVALID_ARGUMENT')
  expect(await rejection(() => twin.insertMany(5 as unknown as Item[]))).toBe('INVALID_ARGUMENT')
})

test.each([0, 1, 4096, 4097, 20_000])('a_cursor_gives_all_of_%i_documents', async count => {
  const { twin } = filled(count)
  const expected = Array.from({ length: count }, (_, n) => n)
  expect((await twin.find().toArray()).map(({ n }) => n)).toEqual(expected)
  const read: number[] = []
  for await (const { n } of twin.find()) read.push(n)
  expect(read).toEqual(expected)
  const visited: number[] = []
  await twin.find().forEach(({ n }) => {
    visited.push(n)
  })
  expect(visited).toEqual(expected)
  const cursor = twin.find().skip(1).limit(3)
  const next: (number | undefined)[] = []
  for (let document = await cursor.next(); document !== null; document = await cursor.next()) next.push(document.n)
  expect(next).toEqual(expected.slice(1, 4))
  expect(cursor.closed).toBe(true)
})

test('a_cursor_can_be_left_and_closed', async () => {
  const { items, twin } = filled(20_000)
  const cursor = twin.find()
  for await (const _ of cursor) break
  expect(cursor.closed).toBe(true)
  expect(await cursor.next()).toBeNull()
  const other = twin.find()
  const reading = other.next()
  await other.close()
  await reading
  expect(await other.next()).toBeNull()
  {
    await using third = twin.find()
    await third.next()
    expect(failure(() => third.limit(1)).code).toBe('INVALID_ARGUMENT')
  }
  const fourth = twin.find()
  await fourth.next()
  items.clear()
  expect(await fourth.toArray()).toHaveLength(19_999)
})

test('calls_at_the_same_time_on_one_cursor_share_it', async () => {
  const { twin } = filled(10_000)
  const cursor = twin.find()
  const first = await Promise.all([cursor.next(), cursor.next(), cursor.next()])
  expect(new Set(first.map(document => document?.n)).size).toBe(3)
  const rest = await Promise.all([cursor.toArray(), cursor.toArray()])
  expect(rest[0].length + rest[1].length).toBe(9997)
})

test('many_calls_at_once_all_happen', async () => {
  const { items, twin } = filled(0)
  await Promise.all(Array.from({ length: 500 }, (_, n) => twin.insertOne({ _id: `${n}`, n })))
  expect(items.countDocuments()).toBe(500)
  const read = await Promise.all(Array.from({ length: 500 }, (_, n) => twin.get(`${n}`)))
  expect(read.map(document => document?.n)).toEqual(Array.from({ length: 500 }, (_, n) => n))
  const updates = Array.from({ length: 200 }, () => twin.updateOne({ _id: '7' }, { $inc: { n: 1 } }))
  await Promise.all(updates)
  expect(items.get('7')?.n).toBe(207)
})

test('the_event_loop_runs_on', async () => {
  const database = opened(temporaryPath())
  const items = database.collection<Item>('items')
  items.insertMany(Array.from({ length: 50_000 }, (_, n) => ({ _id: `${n}`, n, text: 'x'.repeat(100) })))
  let turns = 0
  let isRunning = true
  const turn = () => {
    turns++
    if (isRunning) setImmediate(turn)
  }
  setImmediate(turn)
  expect(await items.async.countDocuments({ text: { $ne: 'y' } })).toBe(50_000)
  await items.async.updateMany({}, { $set: { text: 'z' } })
  isRunning = false
  expect(turns).toBeGreaterThan(10)
})

test('arguments_may_change_after_the_call', async () => {
  const { items, twin } = filled(0)
  const document = { _id: 'a', n: 1 }
  const inserting = twin.insertOne(document)
  document.n = 2
  await inserting
  expect(items.get('a')?.n).toBe(1)
})

test('a_write_waits_for_a_transaction_of_the_same_thread', async () => {
  const database = opened()
  const items = database.collection<Item>('items')
  const transaction = database.begin({ collections: ['items'] })
  transaction.collection<Item>('items').insertOne({ _id: 'a', n: 1 })
  const waiting = items.async.insertOne({ _id: 'b', n: 2 })
  transaction.commit()
  await waiting
  expect(items.countDocuments()).toBe(2)
})
