// A store as a whole: what it reads of the file, its changes, its end.
import { expect, test, vi } from 'vitest'
import type { Database, KvStore } from '../../src/index.ts'
import { clockAnHourAgo, failure, opened, temporaryPath } from './temporary.ts'

function store<V = unknown>(database: Database = opened()): KvStore<V> {
  return database.kv<V>('artists')
}

test('a_missing_key_reads_no_page_of_the_file', () => {
  const path = temporaryPath()
  const database = opened(path)
  const kv = store<string>(database)
  kv.setMany(Array.from({ length: 20_000 }, (_, index) => [`key${index}`, 'x'.repeat(200)] as const))
  database.close()
  const again = opened(path)
  const cold = store<string>(again)
  // The index itself comes into memory as it is used, once; documents do not.
  for (let index = 0; index < 20_000; index++) cold.get(`absent${index}`)
  const warm = again.stats()
  for (let index = 0; index < 20_000; index++) {
    if (cold.get(`missing${index}`) !== undefined || cold.has(`none${index}`))
      throw new Error('found what is not there')
  }
  const after = again.stats()
  expect(after.pageLoadsCount).toBe(warm.pageLoadsCount)
  expect(after.collections[0]?.falseVisitsCount).toBeLessThanOrEqual((warm.collections[0]?.falseVisitsCount ?? 0) + 1)
  cold.get('key1')
  expect(again.stats().pageLoadsCount).toBeGreaterThan(after.pageLoadsCount)
})

test('what_is_set_is_there_when_the_file_is_opened_again', () => {
  const path = temporaryPath()
  const database = opened(path)
  const version = store(database).set('a', new Uint8Array([1, 2, 3]), { durability: 'disk' })
  database.close()
  expect(store(opened(path)).getEntry('a')).toEqual({ key: 'a', value: new Uint8Array([1, 2, 3]), version })
})

test('a_closed_database_refuses_every_verb', () => {
  const database = opened()
  const kv = store<number>(database)
  kv.set('a', 1)
  database.close()
  const calls = [() => kv.get('a'), () => kv.set('a', 1), () => kv.keys(), () => database.kv('b').get('a')]
  for (const call of calls) expect(failure(call).code).toBe('CLOSED')
})

test('changes_of_a_range_are_told_and_so_is_an_entry_whose_time_had_come', async () => {
  clockAnHourAgo()
  const database = opened()
  const kv = store<number>(database)
  using changes = kv.watch({ prefix: 'a' })
  const version = kv.set('a1', 1, { ttl: 1000 })
  kv.set('b1', 1)
  kv.increment('a2')
  kv.increment('a2')
  kv.delete('a2')
  const end = kv.getEntry('a1')?.expires
  vi.setSystemTime(Date.now() + 5000)
  expect(kv.get('a1')).toBeUndefined()
  database.expireDocuments()
  kv.deleteAll()
  const told = []
  for (let change = changes.tryNext(); change !== null; change = changes.tryNext()) {
    const { token: _, ...rest } = change
    told.push(rest)
  }
  expect(told).toEqual([
    { type: 'set', key: 'a1', value: 1, version, expires: end },
    { type: 'set', key: 'a2', value: 1, version: expect.any(Number) },
    { type: 'set', key: 'a2', value: 2, version: expect.any(Number) },
    { type: 'delete', key: 'a2' },
    { type: 'delete', key: 'a1' },
    { type: 'clear' }
  ])
  kv.set('a3', 3)
  expect(await changes.next()).toMatchObject({ type: 'set', key: 'a3', value: 3 })
  kv.drop()
  expect(await changes.next()).toMatchObject({ type: 'clear' })
  expect(await changes.next()).toBeNull()
  expect(changes.closed).toBe(true)
})
