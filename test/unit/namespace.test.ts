// Namespaces: what is in one is in no other, whatever the names; lists, drops, transactions.
import { expect, test } from 'vitest'
import { namespacedName, splitName, storeName } from '../../src/names.ts'
import { failure, opened } from './temporary.ts'

const NAMES = ['User', 'a/b', 'a%2Fb', '%', '%25', 'kv:x', '..', '/', 'é', ' ', '__proto__', 'x.quire']

test('two_names_are_never_one_collection_and_each_is_told_from_it', () => {
  const seen = new Set<string>()
  for (const namespace of NAMES) {
    for (const name of NAMES) {
      const [collection, store] = [namespacedName(namespace, name), storeName(namespace, name)]
      seen.add(store)
      expect(splitName(store)).toEqual({ namespace, isStore: true, name })
      // A collection whose name begins like a store's is that store's.
      if (name.startsWith('kv:')) continue
      seen.add(collection)
      expect(splitName(collection)).toEqual({ namespace, isStore: false, name })
    }
    seen.add(storeName(undefined, namespace))
    expect(splitName(storeName(undefined, namespace))).toEqual({ namespace: undefined, isStore: true, name: namespace })
  }
  const stores = NAMES.length * NAMES.length
  expect(seen.size).toBe(stores + stores - NAMES.length + NAMES.length)
})

test('names_that_no_namespace_makes_are_in_none', () => {
  for (const name of ['users', '/x', 'x/', 'a/b/c', '50%/x', 'a%2fb/x', 'kv:', 'kv:a%']) {
    expect(splitName(name)).toEqual({ namespace: undefined, isStore: false, name })
  }
})

test('collections_of_one_name_in_two_namespaces_are_two', () => {
  const database = opened()
  const [google, apple] = [database.namespace('google'), database.namespace('apple')]
  google.collection('User').insertOne({ _id: '1', name: 'Ada' })
  apple.collection('User').insertOne({ _id: '1', name: 'Bob' })
  google.kv('User').set('1', 'Cid')
  expect(google.collection('User').get('1')?.name).toBe('Ada')
  expect(apple.collection('User').get('1')?.name).toBe('Bob')
  expect([google.kv('User').get('1'), apple.kv('User').get('1'), database.kv('User').get('1')]).toEqual([
    'Cid',
    undefined,
    undefined
  ])
  expect(database.collection('google/User').countDocuments()).toBe(1)
})

test('a_namespace_lists_and_drops_what_is_in_it_and_nothing_else', () => {
  const database = opened()
  const namespace = database.namespace('a/b')
  namespace.collection('x').insertOne({})
  namespace.kv('y').set('k', 1)
  database.namespace('a').collection('b').insertOne({})
  database.collection('plain').insertOne({})
  database.kv('plain').set('k', 1)
  expect(namespace.list().map(({ name, isStore, collection }) => [name, isStore, collection.documentsCount])).toEqual([
    ['y', true, 1],
    ['x', false, 1]
  ])
  expect(database.listNamespaces()).toEqual(['a', 'a/b'])
  expect(namespace.drop()).toBe(2)
  expect([namespace.list(), namespace.drop()]).toEqual([[], 0])
  expect(database.listCollections().map(({ name }) => name)).toEqual(['a/b', 'kv:plain', 'plain'])
})

test('a_namespace_renames_and_drops_its_collections', () => {
  const namespace = opened().namespace('n')
  namespace.collection('from').insertOne({})
  namespace.renameCollection('from', 'to')
  expect(namespace.list().map(({ name }) => name)).toEqual(['to'])
  expect([namespace.dropCollection('to'), namespace.dropCollection('to')]).toEqual([true, false])
})

test('transactions_have_namespaces', () => {
  const database = opened()
  const namespace = database.namespace('n')
  database.transaction(tx => {
    const inside = tx.namespace('n')
    inside.collection('c').insertOne({ _id: 1 })
    inside.kv('s').set('k', 1)
    inside.kv().set('s/l', 2)
    expect(namespace.list()).toEqual([])
  })
  expect(namespace.collection('c').countDocuments()).toBe(1)
  expect(namespace.kv().getAll('s')).toEqual(
    new Map([
      ['k', 1],
      ['l', 2]
    ])
  )
})

test('a_schema_holds_in_its_namespace_only', () => {
  const database = opened()
  const refuses = {
    '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no' }] }) }
  } as const
  const checked = database.namespace('a').collection('c', { schema: refuses as never })
  expect(failure(() => checked.insertOne({})).code).toBe('SCHEMA_MISMATCH')
  database.namespace('b').collection('c').insertOne({})
})

test('names_that_cannot_be_are_refused', () => {
  const database = opened()
  expect(failure(() => database.namespace('')).code).toBe('INVALID_NAME')
  expect(failure(() => database.namespace(5 as never)).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => database.namespace('n').collection('')).code).toBe('INVALID_NAME')
  expect(failure(() => database.namespace('n').collection('a\0').insertOne({})).code).toBe('INVALID_NAME')
  expect(failure(() => database.namespace('n'.repeat(255)).collection('c').insertOne({})).code).toBe('INVALID_NAME')
})
