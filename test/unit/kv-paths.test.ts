// Keys addressed with their store, as `store/key`.
import { expect, test } from 'vitest'
import { failure, opened } from './temporary.ts'

test('paths_name_the_store_up_to_the_first_slash', () => {
  const database = opened()
  const paths = database.kv()
  paths.set('artists/nina', { born: 1933 })
  paths.set('artists/miles/kind of blue', 1959)
  expect(database.kv('artists').get('nina')).toEqual({ born: 1933 })
  expect([paths.get('artists/miles/kind of blue'), paths.has('artists/x'), paths.get('none/x')]).toEqual([
    1959,
    false,
    undefined
  ])
  expect(paths.getEntry('artists/nina')?.key).toBe('nina')
  expect([...paths.getAll('artists').keys()].sort()).toEqual(['miles/kind of blue', 'nina'])
  expect([paths.delete('artists/nina'), paths.delete('artists/nina')]).toEqual([true, false])
  expect([paths.deleteAll('artists'), paths.deleteAll('none')]).toEqual([1, 0])
  for (const path of ['', '/x', 'coll', 'coll/', 5 as unknown as string]) {
    expect(failure(() => paths.get(path)).code).toBe('INVALID_ID')
  }
  paths.set('../evil', 1)
  expect(database.kv('..').get('evil')).toBe(1)
})

test('a_batch_by_paths_is_one_commit_in_several_stores', () => {
  const database = opened()
  const paths = database.kv()
  const before = database.stats().commitsCount
  paths.batch([
    { op: 'set', key: 'artists/nina', value: 1 },
    { op: 'set', key: 'albums/blue', value: 2 }
  ])
  expect(database.stats().commitsCount - before).toBe(1)
  const steps = [
    { op: 'delete', key: 'albums/blue' },
    { op: 'set', key: 'artists/miles', value: 2, ttl: 60_000 },
    { op: 'check', key: 'artists/nina', version: null }
  ] as const
  expect(failure(() => paths.batch(steps)).code).toBe('CONFLICT')
  expect(failure(() => database.transaction(tx => tx.kv().batch(steps), { retries: 1 })).code).toBe('CONFLICT')
  expect([paths.get('albums/blue'), paths.has('artists/miles')]).toEqual([2, false])
  paths.batch(steps.slice(0, 2))
  expect([paths.has('albums/blue'), paths.get('artists/miles')]).toEqual([false, 2])
})
