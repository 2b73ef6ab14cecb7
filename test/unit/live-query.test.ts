// Live queries: their results after every kind of change.
import { expect, test } from 'vitest'
import type { Collection, LiveQueryOptions } from '../../src/index.ts'
import { failure, opened, temporaryPath } from './temporary.ts'

interface Item {
  _id: number
  n: number
}

function filled(watchSize?: number): Collection<Item> {
  const database = opened(temporaryPath(), watchSize === undefined ? {} : { watchSize })
  const items = database.collection<Item>('items')
  items.insertMany([1, 2, 3, 4].map(n => ({ _id: n, n })))
  return items
}

const ids = (documents: readonly Item[]) => documents.map(document => document._id)

test('results_are_current_after_every_change', () => {
  const items = filled()
  using live = items.liveQuery({ n: { $gt: 2 } })
  const current = () => ids(live.documents).sort()
  expect(current()).toEqual([3, 4])
  items.insertMany([
    { _id: 5, n: 9 },
    { _id: 6, n: 0 }
  ])
  expect(current()).toEqual([3, 4, 5])
  items.updateOne({ _id: 1 }, { $set: { n: 7 } })
  expect(current()).toEqual([1, 3, 4, 5])
  items.updateOne({ _id: 3 }, { $set: { n: 1 } })
  items.deleteOne({ _id: 4 })
  expect(current()).toEqual([1, 5])
  items.put({ _id: 5, n: 10 })
  expect(live.documents.find(({ _id }) => _id === 5)?.n).toBe(10)
  const before = live.documents
  items.updateOne({ _id: 6 }, { $set: { n: 1 } })
  expect(live.documents).toBe(before)
  items.clear()
  expect(current()).toEqual([])
  items.insertOne({ _id: 8, n: 8 })
  items.rename('elsewhere')
  expect(current()).toEqual([])
  items.insertOne({ _id: 9, n: 9 })
  items.drop()
  expect(current()).toEqual([])
})

test.each<LiveQueryOptions<Item>>([{ limit: 2 }, { skip: 1 }, { skip: 1, limit: 2 }])(
  'a_window_is_what_find_gives_%o',
  window => {
    const items = filled()
    using live = items.liveQuery({ n: { $gt: 1 } }, window)
    const steps = [
      () => items.deleteOne({ _id: 2 }),
      () => items.insertOne({ _id: 7, n: 7 }),
      () => items.updateMany({}, { $inc: { n: -1 } }),
      () => items.put({ _id: 1, n: 50 }),
      () => items.drop(),
      () => items.insertOne({ _id: 1, n: 5 })
    ]
    for (const step of steps) {
      step()
      expect(live.documents).toEqual(items.find({ n: { $gt: 1 } }, window).toArray())
    }
  }
)

test('subscribers_are_told_once_for_changes_that_come_together', async () => {
  const items = filled()
  using live = items.liveQuery({ n: { $gt: 2 } })
  const told: number[][] = []
  let resolve: () => void = () => undefined
  const second = new Promise<void>(done => {
    resolve = done
  })
  const end = live.subscribe(documents => {
    told.push(ids(documents))
    if (told.length === 2) resolve()
  })
  expect(told).toEqual([[3, 4]])
  for (let id = 10; id < 20; id++) items.insertOne({ _id: id, n: id })
  items.updateOne({ _id: 1 }, { $set: { n: 0 } })
  await second
  expect(told).toHaveLength(2)
  expect(told[1]).toHaveLength(12)
  end()
  items.clear()
  expect(live.documents).toEqual([])
  await new Promise(done => setImmediate(done))
  expect(told).toHaveLength(2)
})

test('a_loop_gets_the_results_and_then_each_change', async () => {
  const items = filled()
  const live = items.liveQuery()
  const seen: number[] = []
  for await (const documents of live) {
    seen.push(documents.length)
    if (seen.length === 4) live.close()
    else setImmediate(() => items.insertOne({ _id: 10 + seen.length, n: 0 }))
  }
  expect(seen).toEqual([4, 5, 6, 7])
  expect(live.closed).toBe(true)
  expect(live.documents).toHaveLength(7)
})

test('one_that_falls_behind_runs_its_query_again', () => {
  const items = filled(10_000)
  using live = items.liveQuery({ n: { $gte: 0 } })
  for (let id = 100; id < 500; id++) items.insertOne({ _id: id, n: id })
  expect(live.documents).toHaveLength(404)
  items.deleteOne({ _id: 100 })
  expect(live.documents).toHaveLength(403)
})

test('faults_of_the_query_are_told_at_once_and_a_signal_ends_it', () => {
  const items = filled()
  expect(failure(() => items.liveQuery({ $nope: 1 } as never)).code).toBe('INVALID_FILTER')
  expect(failure(() => items.liveQuery({}, { projection: { n: 1 } } as never)).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => items.liveQuery({}, { limit: -1 })).code).toBe('INVALID_ARGUMENT')
  const controller = new AbortController()
  const live = items.liveQuery({}, { signal: controller.signal })
  const ends: unknown[] = []
  live.subscribe(
    () => undefined,
    reason => ends.push(reason)
  )
  controller.abort(new Error('enough'))
  expect(live.closed).toBe(true)
  expect(ends).toEqual([new Error('enough')])
  expect(() => live.documents).toThrow('enough')
})
