// Several steps together: batches by themselves, in transactions, and what undoes them.
import { expect, test } from 'vitest'
import type { Database, KvStore } from '../../src/index.ts'
import { failure, opened } from './temporary.ts'

function store<V = unknown>(database: Database = opened()): KvStore<V> {
  return database.kv<V>('artists')
}

test('a_batch_is_done_in_order_and_gives_what_each_step_gives', () => {
  const database = opened()
  const kv = store<number>(database)
  kv.set('old', 1)
  const version = kv.getEntry('old')?.version as number
  const before = database.stats().commitsCount
  const results = kv.batch([
    { op: 'check', key: 'old', version },
    { op: 'check', key: 'new', version: null },
    { op: 'set', key: 'new', value: 5 },
    { op: 'get', key: 'new' },
    { op: 'increment', key: 'new', by: 2 },
    { op: 'delete', key: 'old' },
    { op: 'delete', key: 'old' },
    { op: 'get', key: 'old' }
  ])
  expect(database.stats().commitsCount - before).toBe(1)
  expect(results).toEqual([version, null, expect.any(Number), 5, 7, true, false, undefined])
  expect([...kv.getAll()]).toEqual([['new', 7]])
})

test('a_batch_whose_check_fails_or_whose_step_is_refused_changes_nothing', () => {
  const kv = store<unknown>()
  kv.set('a', 'x')
  const first = { op: 'set', key: 'a', value: 'y' } as const
  const failed = failure(() => kv.batch([first, { op: 'check', key: 'b', version: 5 }]))
  expect(failed).toEqual({
    code: 'CONFLICT',
    message: 'key b of store artists has no entry, and the batch asks for version 5'
  })
  expect(failure(() => kv.batch([first, { op: 'increment', key: 'a' }])).code).toBe('INVALID_UPDATE')
  expect(kv.get('a')).toBe('x')
})

test('transactions_have_stores_and_commit_all_or_nothing', () => {
  const database = opened()
  const kv = store<number>(database)
  database.transaction(tx => {
    tx.kv<number>('artists').set('a', 1)
    tx.kv<number>('albums').set('a', 2)
    tx.collection('log').insertOne({ _id: 1 })
    expect(kv.get('a')).toBeUndefined()
    expect(tx.kv('artists').keys().toArray()).toEqual(['a'])
  })
  expect([kv.get('a'), database.kv('albums').get('a')]).toEqual([1, 2])
  const thrown = new Error('no')
  expect(() =>
    database.transaction(tx => {
      tx.kv('artists').delete('a')
      throw thrown
    })
  ).toThrow(thrown)
  expect(kv.get('a')).toBe(1)
})

test('a_batch_in_a_transaction_is_undone_when_it_fails_and_the_rest_commits', () => {
  const database = opened()
  const kv = store<number>(database)
  kv.set('a', 1)
  const version = kv.getEntry('a')?.version
  database.transaction(tx => {
    const inside = tx.kv<number>('artists')
    inside.set('other', 1)
    const steps = [
      { op: 'set', key: 'a', value: 2 },
      { op: 'set', key: 'b', value: 2 },
      { op: 'delete', key: 'a' },
      { op: 'check', key: 'b', version: null }
    ] as const
    expect(failure(() => inside.batch(steps)).code).toBe('CONFLICT')
  })
  expect(kv.getEntry('a')).toEqual({ key: 'a', value: 1, version })
  expect([...kv.getAll().keys()].sort()).toEqual(['a', 'other'])
})

test('the_first_end_in_a_transaction_makes_the_index_and_runs_it_again', () => {
  const database = opened()
  let runs = 0
  database.transaction(tx => {
    runs++
    tx.kv('artists').set('a', 1)
    tx.kv('artists').set('b', 1, { ttl: 60_000 })
  })
  expect(runs).toBe(2)
  expect(store(database).getEntry('b')?.expires).toBeInstanceOf(Date)
  expect(
    database
      .collection('kv:artists')
      .listIndexes()
      .map(({ name }) => name)
  ).toEqual(['_id_', 'expires_1'])
  using begun = database.begin()
  expect(failure(() => begun.kv('other').set('a', 1, { ttl: 5 })).code).toBe('CONFLICT')
  begun.rollback()
  using again = database.begin()
  again.kv('other').set('a', 1, { ttl: 60_000 })
  again.commit()
  expect(database.kv('other').count()).toBe(1)
})
