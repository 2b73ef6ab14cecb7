// The verbs on keys: values, versions, ends, ranges, lists in order, refusals.
import { expect, test, vi } from 'vitest'
import type { Database, KvStore } from '../../src/index.ts'
import { clockAnHourAgo, failure, opened, temporaryPath } from './temporary.ts'

function store<V = unknown>(database: Database = opened()): KvStore<V> {
  return database.kv<V>('artists')
}

test('every_kind_of_value_comes_back_as_it_was', () => {
  const kv = store()
  const values = [
    'text',
    '',
    new Uint8Array([0, 255]),
    0,
    -1.5,
    2n ** 60n,
    true,
    null,
    new Date(5),
    ['a', [1]],
    { name: 'Nina', born: { year: 1933 } }
  ]
  values.forEach((value, index) => {
    kv.set(`k${index}`, value)
  })
  expect(values.map((_, index) => kv.get(`k${index}`))).toEqual(values)
  expect(kv.has('k7')).toBe(true)
})

test('a_missing_key_is_undefined_and_is_told_from_an_empty_text', () => {
  const kv = store()
  kv.set('empty', '')
  expect([kv.get('empty'), kv.get('missing')]).toEqual(['', undefined])
  expect([kv.has('empty'), kv.has('missing'), kv.getEntry('missing')]).toEqual([true, false, undefined])
})

test('set_replaces_and_delete_tells_whether_there_was_one', () => {
  const kv = store()
  kv.set('nina', 1)
  kv.set('nina', 2)
  expect(kv.get('nina')).toBe(2)
  expect([kv.delete('nina'), kv.delete('nina'), kv.has('nina')]).toEqual([true, false, false])
})

test('every_write_gives_another_version', () => {
  const kv = store()
  const versions = [kv.set('a', 1), kv.set('a', 1), kv.set('b', 1)]
  kv.increment('a')
  const incremented = kv.getEntry('a')?.version
  expect(new Set([...versions, incremented]).size).toBe(4)
  expect(kv.getEntry('b')).toEqual({ key: 'b', value: 1, version: versions[2] })
})

test('set_if_absent_leaves_what_is_there', () => {
  const kv = store<string>()
  const version = kv.setIfAbsent('a', 'first')
  expect(version).toBe(kv.getEntry('a')?.version)
  expect(kv.setIfAbsent('a', 'second')).toBeUndefined()
  expect(kv.get('a')).toBe('first')
})

test('compare_and_set_writes_only_over_the_version_that_was_read', () => {
  const kv = store<number>()
  const first = kv.compareAndSet('a', null, 1) as number
  expect(kv.compareAndSet('a', null, 2)).toBeUndefined()
  const second = kv.compareAndSet('a', first, 2) as number
  expect(kv.compareAndSet('a', first, 3)).toBeUndefined()
  expect(kv.getEntry('a')).toEqual({ key: 'a', value: 2, version: second })
  kv.delete('a')
  expect(kv.compareAndSet('a', second, 3)).toBeUndefined()
  expect(kv.has('a')).toBe(false)
})

test('increment_adds_to_numbers_and_begins_at_nothing', () => {
  const kv = store<number | bigint | string>()
  expect([kv.increment('n'), kv.increment('n', 4), kv.increment('n', -0.5)]).toEqual([1, 5, 4.5])
  expect(kv.increment('big', 2n ** 62n)).toBe(2n ** 62n)
  expect(kv.increment('big', 1)).toBe(2n ** 62n + 1n)
  expect(failure(() => kv.increment('big', 2n ** 63n - 1n)).code).toBe('INVALID_UPDATE')
  kv.set('text', '1')
  const refused = failure(() => kv.increment('text'))
  expect(refused.code).toBe('INVALID_UPDATE')
  expect(refused.message).toContain('key text cannot be incremented')
  expect(kv.get('text')).toBe('1')
  expect(failure(() => kv.increment('n', Number.NaN)).code).toBe('INVALID_ARGUMENT')
})

test('many_keys_are_read_as_of_one_moment_and_written_in_one_commit', () => {
  const database = opened()
  const kv = store<number>(database)
  kv.setMany([
    ['a', 1],
    ['b', 2]
  ])
  kv.setMany(new Map([['c', 3]]))
  const before = database.stats().commitsCount
  kv.setMany(Array.from({ length: 100 }, (_, index) => [`many${index}`, index] as const))
  expect(database.stats().commitsCount - before).toBe(1)
  expect(kv.getMany(['b', 'none', 'a', 'b'])).toEqual([2, undefined, 1, 2])
  expect(kv.getAll().size).toBe(103)
  expect(kv.count()).toBe(103)
})

test('set_many_that_fails_sets_nothing', () => {
  const kv = store()
  kv.set('a', 0)
  const entries = [
    ['a', 1],
    ['b', () => undefined]
  ] as const
  expect(failure(() => kv.setMany(entries)).code).toBe('UNSUPPORTED_VALUE')
  expect([...kv.getAll()]).toEqual([['a', 0]])
})

test('keys_come_in_the_order_of_their_bytes', () => {
  const kv = store<number>()
  const keys = ['a', 'a\0', 'aa', 'b', 'B', 'é', '\u{1F600}', '\uFFFD', '\uE000', '10', '9', 'a/b', '\n']
  for (const key of keys) kv.set(key, key.length)
  const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect(kv.keys().toArray()).toEqual(sorted)
  expect(kv.keys({ reverse: true }).toArray()).toEqual([...sorted].reverse())
  expect([...kv.values()]).toEqual(sorted.map(key => key.length))
  expect([...kv.entries()].map(({ key }) => key)).toEqual(sorted)
})

test('lists_take_a_prefix_a_range_and_a_limit', async () => {
  const kv = store<number>()
  for (let index = 0; index < 30; index++) kv.set(`k${String(index).padStart(2, '0')}`, index)
  kv.set('j', 0)
  kv.set('l', 0)
  expect(kv.keys({ prefix: 'k1' }).toArray()).toHaveLength(10)
  expect(kv.keys({ prefix: 'k', limit: 2 }).toArray()).toEqual(['k00', 'k01'])
  expect(kv.keys({ prefix: 'k', limit: 2, reverse: true }).toArray()).toEqual(['k29', 'k28'])
  expect(kv.keys({ start: 'k28', end: 'l' }).toArray()).toEqual(['k28', 'k29'])
  expect(kv.keys({ prefix: 'k', after: 'k27' }).toArray()).toEqual(['k28', 'k29'])
  expect(kv.keys({ prefix: 'k2', start: 'k', end: 'k21' }).toArray()).toEqual(['k20'])
  expect(kv.keys({ prefix: 'k', end: 'a' }).toArray()).toEqual([])
  expect(kv.count({ prefix: 'k2' })).toBe(10)
  const asynchronous: number[] = []
  for await (const value of kv.values({ prefix: 'k2' })) asynchronous.push(value)
  expect(asynchronous).toHaveLength(10)
  expect(kv.deleteAll({ prefix: 'k2' })).toBe(10)
  expect(kv.deleteAll()).toBe(22)
  expect(kv.count()).toBe(0)
})

test('a_prefix_ends_where_the_last_code_points_end', () => {
  const kv = store<number>()
  const keys = ['\u{10FFFF}', '\u{10FFFF}a', '\uD7FFx', '\uE000', 'a\u{10FFFF}\u{10FFFF}', 'b']
  for (const key of keys) kv.set(key, 1)
  expect(kv.keys({ prefix: '\u{10FFFF}' }).toArray()).toEqual(['\u{10FFFF}', '\u{10FFFF}a'])
  expect(kv.keys({ prefix: '\uD7FF' }).toArray()).toEqual(['\uD7FFx'])
  expect(kv.keys({ prefix: 'a\u{10FFFF}' }).toArray()).toEqual(['a\u{10FFFF}\u{10FFFF}'])
})

test('the_first_list_makes_the_one_index_that_reads_only_what_is_asked_for', () => {
  const database = opened()
  const kv = store<number>(database)
  expect(kv.keys().toArray()).toEqual([])
  const indexes = () =>
    database
      .collection('kv:artists')
      .listIndexes()
      .map(({ name }) => name)
  expect(indexes()).toEqual([])
  for (let index = 0; index < 1000; index++) kv.set(`k${index}`, index)
  expect(indexes()).toEqual(['_id_'])
  const keys = kv.keys({ prefix: 'k99' }).explain().executionStats
  expect(indexes()).toEqual(['_id_', '_id_-1'])
  expect([keys.nReturned, keys.totalKeysExamined, keys.totalDocsExamined]).toEqual([11, 11, 0])
  const entries = kv.entries({ prefix: 'k99', reverse: true }).explain()
  expect(JSON.stringify(entries.queryPlanner.winningPlan)).toContain('IXSCAN')
  expect([entries.executionStats.totalKeysExamined, entries.executionStats.totalDocsExamined]).toEqual([11, 11])
})

test('a_read_only_database_sorts_where_no_index_gives_the_order', () => {
  const path = temporaryPath()
  const database = opened(path)
  for (const key of ['b', 'a', 'c']) store<number>(database).set(key, 1)
  database.close()
  expect(
    store(opened(path, { readOnly: true }))
      .keys({ start: 'b' })
      .toArray()
  ).toEqual(['b', 'c'])
})

test('the_longest_keys_fit_the_index_and_longer_ones_are_refused', () => {
  const kv = store<number>()
  const fine = ['x'.repeat(640), 'é'.repeat(320), '\u{1F600}'.repeat(160), '\0'.repeat(426)]
  for (const key of fine) kv.set(key, 1)
  expect(kv.keys().toArray()).toHaveLength(fine.length)
  for (const key of ['x'.repeat(641), 'é'.repeat(321), '\0'.repeat(427)]) {
    expect(failure(() => kv.set(key, 1)).code).toBe('INVALID_ID')
  }
})

test('what_is_no_key_is_refused_by_every_verb', () => {
  const kv = store<number>()
  const verbs: ((key: string) => unknown)[] = [
    key => kv.get(key),
    key => kv.getEntry(key),
    key => kv.has(key),
    key => kv.set(key, 1),
    key => kv.setIfAbsent(key, 1),
    key => kv.compareAndSet(key, 1, 1),
    key => kv.increment(key),
    key => kv.expire(key, { ttl: 1 }),
    key => kv.delete(key),
    key => kv.getMany([key]),
    key => kv.setMany([[key, 1]]),
    key => kv.batch([{ op: 'get', key }])
  ]
  const wrong = ['', 5, null, undefined, new Uint8Array(1), '\uD800', 'x'.repeat(700)] as string[]
  for (const verb of verbs) for (const key of wrong) expect(failure(() => verb(key)).code).toBe('INVALID_ID')
  expect(kv.count()).toBe(0)
})

test('wrong_values_and_options_are_refused', () => {
  const kv = store<unknown>()
  expect(failure(() => kv.set('a', undefined)).code).toBe('UNSUPPORTED_VALUE')
  expect(failure(() => kv.set('a', () => 1)).message).toContain('value')
  const wrong: (() => unknown)[] = [
    () => kv.set('a', 1, { ttl: 0 }),
    () => kv.set('a', 1, { ttl: Number.NaN }),
    () => kv.set('a', 1, { ttl: 1, expires: new Date() }),
    () => kv.set('a', 1, { expires: 5 as unknown as Date }),
    () => kv.set('a', 1, { ttl: Number.MAX_SAFE_INTEGER }),
    () => kv.set('a', 1, { upsert: true } as never),
    () => kv.keys({ prefix: 5 as unknown as string }),
    () => kv.keys({ limit: -1 }),
    () => kv.keys({ reverse: 1 as unknown as boolean }),
    () => kv.keys({ begin: 'a' } as never),
    () => kv.compareAndSet('a', 'x' as never, 1),
    () => kv.getMany('a' as never),
    () => kv.setMany(5 as never),
    () => kv.batch([{ op: 'put', key: 'a' } as never]),
    () => kv.batch([null as never])
  ]
  for (const call of wrong) expect(failure(call).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => opened().kv('')).code).toBe('INVALID_NAME')
  expect(failure(() => opened().kv('x', { ttl: -1 })).code).toBe('INVALID_ARGUMENT')
})

test('an_entry_whose_time_has_come_is_seen_by_no_verb_before_it_is_taken_away', () => {
  clockAnHourAgo()
  const database = opened()
  const kv = store<number>(database)
  kv.set('stays', 1)
  kv.set('goes', 2, { ttl: 1000 })
  expect([kv.get('goes'), kv.has('goes'), kv.count(), kv.keys().toArray()]).toEqual([2, true, 2, ['goes', 'stays']])
  vi.setSystemTime(Date.now() + 1000)
  const seen = [
    kv.get('goes'),
    kv.getEntry('goes'),
    kv.has('goes'),
    kv.getMany(['goes', 'stays']),
    [...kv.getAll()],
    kv.keys().toArray(),
    [...kv.entries()].map(({ key }) => key),
    kv.count(),
    kv.expire('goes', { ttl: 5 }),
    database.transaction(tx => [tx.kv('artists').get('goes'), tx.kv('artists').has('goes'), tx.kv('artists').count()])
  ]
  const live = [undefined, 1]
  const only = [['stays', 1]]
  expect(seen).toEqual([undefined, undefined, false, live, only, ['stays'], ['stays'], 1, false, [undefined, false, 1]])
  expect(database.collection('kv:artists').countDocuments()).toBe(2)
  expect(database.expireDocuments()).toBe(1)
  expect(database.collection('kv:artists').countDocuments()).toBe(1)
})

test('writes_find_no_entry_whose_time_has_come', () => {
  clockAnHourAgo()
  const kv = store<number>()
  const names = ['delete', 'absent', 'compare', 'increment', 'version']
  for (const key of names) kv.set(key, 10, { ttl: 1000 })
  const version = kv.getEntry('version')?.version as number
  vi.setSystemTime(Date.now() + 5000)
  expect(kv.delete('delete')).toBe(false)
  expect(kv.setIfAbsent('absent', 1)).toBeTypeOf('number')
  expect(kv.compareAndSet('compare', null, 2)).toBeTypeOf('number')
  expect(kv.compareAndSet('version', version, 2)).toBeUndefined()
  expect(kv.increment('increment')).toBe(1)
  expect([...kv.getAll()].sort()).toEqual([
    ['absent', 1],
    ['compare', 2],
    ['increment', 1]
  ])
  expect(kv.deleteAll()).toBe(3)
})

test('ends_are_relative_absolute_or_the_default_of_the_store', () => {
  clockAnHourAgo()
  const database = opened()
  const kv = database.kv<number>('sessions', { ttl: 1000 })
  const now = Date.now()
  kv.set('default', 1)
  kv.set('own', 1, { ttl: 50 })
  kv.set('at', 1, { expires: new Date(now + 7) })
  kv.set('never', 1, { expires: null })
  kv.increment('counted')
  const ends = ['default', 'own', 'at', 'never', 'counted'].map(key => kv.getEntry(key)?.expires?.getTime())
  expect(ends).toEqual([now + 1000, now + 50, now + 7, undefined, now + 1000])
  vi.setSystemTime(now + 500)
  kv.increment('counted')
  expect(kv.getEntry('counted')?.expires?.getTime()).toBe(now + 1000)
  const { version } = kv.getEntry('never') ?? {}
  expect(kv.expire('never', { ttl: 10 })).toBe(true)
  expect(kv.expire('default', { expires: null })).toBe(true)
  expect(kv.getEntry('never')).toEqual({ key: 'never', value: 1, version, expires: new Date(now + 510) })
  expect(kv.getEntry('default')?.expires).toBeUndefined()
})
