// Aggregation through the public API: cursors, transactions, both threads, and the stages that JavaScript runs.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Collection, type Database, open, QuireError } from '../../src/index.ts'
import { failure } from './temporary.ts'

interface Sale {
  _id: number
  item: string
  price: number
  day: Date
}

let database: Database
let sales: Collection<Sale>
const DAY = 86_400_000

beforeEach(() => {
  database = open(':memory:')
  sales = database.collection<Sale>('sales')
  sales.insertMany(
    Array.from({ length: 3000 }, (_, number) => ({
      _id: number,
      item: `item ${number % 3}`,
      price: number,
      day: new Date(DAY * (number % 10))
    }))
  )
})

afterEach(() => database.close())

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof QuireError) return error.code
    throw error
  }
  return 'none'
}

test('a_pipeline_gives_its_results_as_a_cursor', () => {
  const groups = [
    { $match: { price: { $lt: 6 } } },
    { $group: { _id: '$item', n: { $sum: 1 }, total: { $sum: '$price' }, last: { $max: '$day' } } },
    { $sort: { _id: -1 } }
  ] as const
  const wanted = [
    { _id: 'item 2', n: 2, total: 7, last: new Date(DAY * 5) },
    { _id: 'item 1', n: 2, total: 5, last: new Date(DAY * 4) },
    { _id: 'item 0', n: 2, total: 3, last: new Date(DAY * 3) }
  ]
  expect(sales.aggregate(groups).toArray()).toEqual(wanted)
  expect([...sales.aggregate(groups)]).toEqual(wanted)
  const cursor = sales.aggregate<{ n: number }>(groups)
  expect(cursor.next()).toEqual(wanted[0])
  expect(cursor.closed).toBe(false)
  cursor.close()
  expect(cursor.next()).toBe(null)
  const seen: unknown[] = []
  sales.aggregate(groups).forEach(group => {
    seen.push(group)
  })
  expect(seen).toEqual(wanted)
})

test('results_come_in_batches_and_documents_as_they_are_stored', async () => {
  const pipeline = [{ $match: { item: 'item 1' } }]
  const found = sales.find({ item: 'item 1' }).toArray()
  expect(sales.aggregate(pipeline).toArray()).toEqual(found)
  expect(await sales.async.aggregate(pipeline).toArray()).toEqual(found)
  const shaped = sales.aggregate<{ _id: number; double: number }>([
    { $project: { double: { $multiply: ['$price', 2] } } }
  ])
  let count = 0
  for (const { _id, double } of shaped) {
    expect(double).toBe(_id * 2)
    if (++count === 2500) break
  }
  expect(shaped.closed).toBe(true)
  let seen = 0
  for await (const result of sales.async.aggregate<{ n: number }>([{ $count: 'n' }])) seen = result.n
  expect(seen).toBe(3000)
})

test('a_transaction_aggregates_over_its_own_writes', () => {
  const counts = database.transaction(transaction => {
    const inside = transaction.collection<Sale>('sales')
    inside.deleteMany({ price: { $gte: 10 } })
    inside.insertOne({ _id: 5000, item: 'new', price: 1, day: new Date(0) })
    return inside.aggregate([{ $sortByCount: '$item' }, { $sort: { _id: 1 } }]).toArray()
  })
  expect(counts).toEqual([
    { _id: 'item 0', count: 4 },
    { _id: 'item 1', count: 3 },
    { _id: 'item 2', count: 3 },
    { _id: 'new', count: 1 }
  ])
})

test('out_and_merge_write_collections', async () => {
  expect(sales.aggregate([{ $group: { _id: '$item', n: { $sum: 1 } } }, { $out: 'items' }]).toArray()).toEqual([])
  const items = database.collection<{ _id: string; n: number }>('items')
  expect(items.find().toArray()).toHaveLength(3)
  await sales.async
    .aggregate([
      { $match: { _id: { $lt: 3 } } },
      { $project: { _id: '$item', n: { $literal: 1 } } },
      { $merge: { into: 'items', whenMatched: [{ $set: { n: { $add: ['$n', '$$new.n'] } } }] } }
    ])
    .toArray()
  expect(
    items
      .find()
      .toArray()
      .map(({ n }) => n)
  ).toEqual([1001, 1001, 1001])
})

test('collections_are_joined', () => {
  const items = database.collection('items')
  items.insertMany([
    { _id: 'item 0', name: 'Zero' },
    { _id: 'item 1', name: 'One' }
  ] as never)
  const joined = sales
    .aggregate([
      { $limit: 3 },
      { $lookup: { from: 'items', localField: 'item', foreignField: '_id', as: 'of' } },
      { $unwind: { path: '$of', preserveNullAndEmptyArrays: true } },
      { $project: { name: '$of.name' } }
    ])
    .toArray()
  expect(joined).toEqual([{ _id: 0, name: 'Zero' }, { _id: 1, name: 'One' }, { _id: 2 }])
})

test('documents_of_a_pipeline_need_no_collection', () => {
  const results = database.aggregate([{ $documents: [{ a: 1 }, { a: 2 }] }, { $match: { a: { $gt: 1 } } }]).toArray()
  expect(results).toEqual([{ a: 2 }])
  expect(codeOf(() => database.aggregate([{ $match: {} }]).toArray())).toBe('INVALID_ARGUMENT')
})

test('stages_that_the_engine_does_not_run_go_through_javascript', async () => {
  const pipeline = [
    { $match: { _id: { $lt: 4 } } },
    { $setWindowFields: { sortBy: { _id: 1 }, output: { sum: { $sum: '$price', window: { documents: [-1, 0] } } } } },
    { $match: { sum: { $gt: 1 } } },
    { $project: { sum: 1 } }
  ]
  const wanted = [
    { _id: 2, sum: 3 },
    { _id: 3, sum: 5 }
  ]
  expect(sales.aggregate(pipeline).toArray()).toEqual(wanted)
  expect(await sales.async.aggregate(pipeline).toArray()).toEqual(wanted)
  expect(sales.aggregate(pipeline).explain()).toMatchObject({
    stages: ['$match'],
    pushed: 1,
    cursor: { executionStats: { nReturned: 4 } },
    javascript: ['$setWindowFields', '$match', '$project']
  })
  sales.aggregate([...pipeline, { $out: 'sums' }]).toArray()
  expect(database.collection('sums').find().toArray()).toEqual(wanted)
})

test('javascript_stages_read_other_collections', async () => {
  database.collection('names').insertMany([{ _id: 0, name: 'Zero' }] as never)
  const pipeline = [
    { $match: { _id: { $lt: 2 } } },
    { $fill: { output: { missing: { value: 7 } } } },
    { $lookup: { from: 'names', localField: '_id', foreignField: '_id', as: 'names' } },
    { $project: { missing: 1, names: 1 } }
  ]
  const wanted = [
    { _id: 0, missing: 7, names: [{ _id: 0, name: 'Zero' }] },
    { _id: 1, missing: 7, names: [] }
  ]
  expect(sales.aggregate(pipeline).toArray()).toEqual(wanted)
  expect(await sales.async.aggregate(pipeline).toArray()).toEqual(wanted)
})

test('malformed_pipelines_are_refused', async () => {
  expect(codeOf(() => sales.aggregate({} as never))).toBe('INVALID_ARGUMENT')
  expect(codeOf(() => sales.aggregate([{ $nope: 1 }]).toArray())).toBe('INVALID_PIPELINE')
  const { message } = failure(() => sales.aggregate([{ $nope: 1 }]).toArray())
  for (const stage of ['$match', '$unwind', '$densify', '$fill', '$setWindowFields']) expect(message).toContain(stage)
  expect(codeOf(() => sales.aggregate([{ $match: { $where: 'true' } }]).toArray())).toBe('INVALID_FILTER')
  expect(codeOf(() => sales.aggregate([{ $set: { a: { $nope: 1 } } }]).toArray())).toBe('INVALID_EXPRESSION')
  expect(codeOf(() => sales.aggregate([{ $sort: { a: 2 } }]).toArray())).toBe('INVALID_SORT')
  const code = { $set: { a: { $function: { body: '() => 1', args: [], lang: 'js' } } } }
  expect(codeOf(() => sales.aggregate([code]).toArray())).toBe('INVALID_EXPRESSION')
  const behind = [{ $fill: { output: { a: { value: 1 } } } }, code]
  expect(codeOf(() => sales.aggregate(behind).toArray())).toBe('INVALID_PIPELINE')
  await expect(sales.async.aggregate([{ $nope: 1 }]).toArray()).rejects.toMatchObject({ code: 'INVALID_PIPELINE' })
})

test('a_cursor_of_a_closed_database_is_closed', () => {
  const cursor = sales.aggregate([{ $match: {} }])
  cursor.next()
  database.close()
  expect(codeOf(() => cursor.toArray())).toBe('CLOSED')
})
