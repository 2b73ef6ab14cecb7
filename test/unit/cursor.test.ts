// Cursors: what they give, when they read, and when they let go.
import { expect, test } from 'vitest'
import type { Collection, Filter } from '../../src/index.ts'
import { failure, opened } from './temporary.ts'

interface Item {
  n: number
  text?: string
}

function filled(count: number): Collection<Item> {
  const items = opened().collection<Item>('items')
  items.insertMany(Array.from({ length: count }, (_, n) => ({ n })))
  return items
}

const numbers = (documents: Iterable<Item>) => [...documents].map(document => document.n)
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

test.each([0, 1, 63, 64, 65, 320, 5000])('%i_documents_come_whole_by_every_way', async count => {
  const items = filled(count)
  expect(numbers(items.find().toArray())).toEqual(upTo(count))
  expect(numbers(items.find())).toEqual(upTo(count))
  const read: number[] = []
  for await (const document of items.find()) read.push(document.n)
  expect(read).toEqual(upTo(count))
  const visited: number[] = []
  items.find().forEach(document => {
    visited.push(document.n)
  })
  expect(visited).toEqual(upTo(count))
  const cursor = items.find()
  const next: number[] = []
  for (let document = cursor.next(); document !== null; document = cursor.next()) next.push(document.n)
  expect(next).toEqual(upTo(count))
  expect(cursor.next()).toBeNull()
  expect(cursor.closed).toBe(true)
})

test('a_first_batch_with_room_left_is_known_to_be_the_last', () => {
  const items = filled(63)
  const cursor = items.find()
  for (let n = 0; n < 62; n++) cursor.next()
  expect(cursor.closed).toBe(false)
  expect(cursor.next()?.n).toBe(62)
  expect(cursor.closed).toBe(true)
  expect(cursor.next()).toBeNull()
})

test('skip_and_limit_cut', () => {
  const items = filled(1000)
  expect(numbers(items.find().skip(10).limit(5))).toEqual([10, 11, 12, 13, 14])
  expect(numbers(items.find({}, { skip: 990, limit: 100 }).toArray())).toEqual(upTo(1000).slice(990))
  expect(numbers(items.find({ n: { $gte: 500 } }).skip(499))).toEqual([999])
  expect(items.find().limit(0).toArray()).toEqual([])
  expect(items.find().skip(1000).toArray()).toEqual([])
  expect(items.find().limit(64).toArray()).toHaveLength(64)
  expect(items.find().limit(999).toArray()).toHaveLength(999)
})

test('methods_can_be_mixed', () => {
  const cursor = filled(500).find()
  expect([cursor.next()?.n, cursor.next()?.n]).toEqual([0, 1])
  for (const document of cursor) {
    expect(document.n).toBe(2)
    break
  }
  expect(cursor.closed).toBe(true)
  const other = filled(500).find()
  other.next()
  expect(numbers(other.toArray())).toEqual(upTo(500).slice(1))
})

test('leaving_a_loop_closes_the_cursor', async () => {
  const items = filled(500)
  const cursor = items.find()
  for (const _ of cursor) break
  expect(cursor.closed).toBe(true)
  expect(cursor.toArray()).toEqual([])
  const other = items.find()
  for await (const _ of other) break
  expect(other.closed).toBe(true)
  const third = items.find()
  expect(() =>
    third.forEach(() => {
      throw new Error('out')
    })
  ).toThrow('out')
  expect(third.closed).toBe(true)
  const fourth = items.find()
  fourth.next()
  fourth[Symbol.dispose]()
  expect(fourth.next()).toBeNull()
})

test('nothing_is_read_before_the_first_document_is_asked_for', () => {
  const items = filled(3)
  const cursor = items.find()
  items.insertOne({ n: 3 })
  expect(cursor.toArray()).toHaveLength(4)
  const bad = items.find({ n: { $what: 1 } } as Filter<Item>)
  expect(failure(() => bad.next()).code).toBe('INVALID_FILTER')
})

test('a_cursor_sees_the_moment_of_its_first_document', () => {
  const items = filled(5000)
  const cursor = items.find()
  expect(cursor.next()?.n).toBe(0)
  items.updateMany({}, { $set: { n: -1 } })
  items.deleteMany({ n: -1 })
  items.insertMany(upTo(100).map(n => ({ n: n + 10_000 })))
  expect(numbers(cursor.toArray())).toEqual(upTo(5000).slice(1))
  expect(items.countDocuments()).toBe(100)
})

test('a_cursor_outlives_the_drop_of_its_collection', () => {
  const items = filled(3000)
  const cursor = items.find()
  cursor.next()
  items.drop()
  items.insertOne({ n: 5, text: 'new' })
  expect(cursor.toArray()).toHaveLength(2999)
  expect(items.find().toArray()).toMatchObject([{ n: 5, text: 'new' }])
})

test('changing_a_cursor_after_its_beginning_is_refused', () => {
  const cursor = filled(100).find()
  cursor.next()
  expect(failure(() => cursor.limit(5)).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => cursor.skip(5)).code).toBe('INVALID_ARGUMENT')
})

test('what_is_no_count_is_refused', () => {
  const items = filled(1)
  for (const count of [-1, 1.5, Number.NaN, '5', null, Infinity] as number[]) {
    expect(failure(() => items.find().limit(count)).code).toBe('INVALID_ARGUMENT')
    expect(failure(() => items.find().skip(count)).code).toBe('INVALID_ARGUMENT')
    expect(failure(() => items.find({}, { limit: count })).code).toBe('INVALID_ARGUMENT')
  }
  expect(failure(() => items.find({}, { order: { n: 1 } } as object)).message).toMatch(/find has no option order/)
})

test('closing_the_database_ends_its_cursors', () => {
  const database = opened()
  const items = database.collection<Item>('items')
  items.insertMany(upTo(500).map(n => ({ n })))
  const cursor = items.find()
  cursor.next()
  database.close()
  // What was fetched is still there; the next batch is not.
  expect(failure(() => cursor.toArray()).code).toBe('CLOSED')
  expect(cursor.next()).toBeNull()
  cursor.close()
})

test('batches_end_by_bytes_as_well_as_by_count', () => {
  const items = opened().collection<Item>('items')
  const text = 'x'.repeat(100_000)
  items.insertMany(upTo(50).map(n => ({ n, text })))
  const found = items.find().toArray()
  expect(numbers(found)).toEqual(upTo(50))
  expect(found.every(document => document.text === text)).toBe(true)
})

test('documents_share_nothing_with_each_other_or_the_database', () => {
  const items = opened().collection<{ _id: string; list: number[]; bytes: Uint8Array }>('items')
  items.insertOne({ _id: 'a', list: [1], bytes: Uint8Array.of(1, 2, 3) })
  const first = items.get('a')
  first?.list.push(2)
  first?.bytes.fill(9)
  const again = items.find().toArray()[0]
  expect(again).toEqual({ _id: 'a', list: [1], bytes: Uint8Array.of(1, 2, 3) })
  items.insertOne({ _id: 'b', list: [], bytes: Uint8Array.of(7) })
  items.get('b')
  expect(again?.bytes).toEqual(Uint8Array.of(1, 2, 3))
})
