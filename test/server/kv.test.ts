// Key-value routes and transactions: isolation, preconditions, the habits of memstore and DSKVS.
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { createToken } from '../../src/server/index.ts'
import { namespacePrefix, storeCollection } from '../../src/server/names.ts'
import { ask, ITEMS, refusal, served, temporaryFolder } from './harness.ts'

const KV = '/v1/databases/main/kv/artists'
const TRANSACTIONS = '/v1/databases/main/transactions'

test('stores_have_the_names_that_the_package_gives_them', () => {
  const database = open(':memory:')
  for (const [namespace, store] of [
    [undefined, 'a'],
    ['n', 'a'],
    ['n/m%', 'a/b%2F']
  ] as const) {
    const kv = namespace === undefined ? database.kv(store) : database.namespace(namespace).kv(store)
    kv.set('k', 1)
    const names = database.listCollections().map(({ name }) => name)
    expect(names).toContain(storeCollection(namespace, store))
    if (namespace !== undefined) expect(names.some(name => name.startsWith(namespacePrefix(namespace)))).toBe(true)
  }
  database.close()
})

test('a_key_is_set_read_compared_incremented_and_taken_away', async () => {
  const server = await served()
  const set = await ask(server, 'PUT', `${KV}/1`, { name: 'Ada' })
  expect(set.status).toBe(200)
  const got = await ask(server, 'GET', `${KV}/1`)
  expect([got.value, got.headers.get('ETag')]).toEqual([{ name: 'Ada' }, set.headers.get('ETag')])
  const tag = { 'If-Match': got.headers.get('ETag') as string }
  expect((await ask(server, 'PUT', `${KV}/1`, 'text-is-raw-json'.length, tag)).status).toBe(200)
  expect(await refusal(server, 'PUT', `${KV}/1`, 1, tag)).toEqual([412, 'PRECONDITION_FAILED'])
  expect(await refusal(server, 'PUT', `${KV}/1`, 1, { 'If-None-Match': '*' })).toEqual([412, 'PRECONDITION_FAILED'])
  expect((await ask(server, 'PUT', `${KV}/2`, 5, { 'If-None-Match': '*' })).status).toBe(200)
  expect((await ask(server, 'POST', `${KV}/2/increment`, { by: 3 })).value).toEqual({ value: 8 })
  expect(await refusal(server, 'POST', `${KV}/3/increment`, { by: 'x' })).toEqual([400, 'INVALID_REQUEST'])
  expect((await ask(server, 'PUT', `${KV}/a%2Fb?ttl=60000`, null)).status).toBe(200)
  expect((await ask(server, 'GET', `${KV}/a%2Fb`)).headers.get('Expires')).toMatch(/GMT$/)
  const { value } = await ask(server, 'GET', `${KV}?limit=2`)
  expect([value.entries.map((entry: { key: string }) => entry.key), value.hasMore]).toEqual([['1', '2'], true])
  expect((await ask(server, 'GET', `${KV}?prefix=a&reverse=true`)).value.entries).toHaveLength(1)
  expect((await ask(server, 'DELETE', `${KV}/1`)).status).toBe(204)
  expect(await refusal(server, 'DELETE', `${KV}/1`)).toEqual([404, 'DOCUMENT_NOT_FOUND'])
  expect(await refusal(server, 'GET', `${KV}/1`)).toEqual([404, 'DOCUMENT_NOT_FOUND'])
  expect((await ask(server, 'DELETE', KV)).value).toEqual({ deletedCount: 2 })
  expect((await ask(server, 'PUT', `${KV}/k?namespace=google`, 1)).status).toBe(200)
  expect(await refusal(server, 'GET', `${KV}/k`)).toEqual([404, 'DOCUMENT_NOT_FOUND'])
})

test('a_batch_of_keys_is_all_or_nothing', async () => {
  const server = await served()
  const operations = [
    { op: 'set', key: 'a', value: 1 },
    { op: 'increment', key: 'a', by: 2 },
    { op: 'get', key: 'a' },
    { op: 'check', key: 'none', version: null },
    { op: 'delete', key: 'none' }
  ]
  const { value } = await ask(server, 'POST', `${KV}/batch`, { operations })
  expect(value.results.slice(1)).toEqual([3, 3, null, false])
  const failing = [
    { op: 'set', key: 'a', value: 9 },
    { op: 'check', key: 'a', version: 1 }
  ]
  expect(await refusal(server, 'POST', `${KV}/batch`, { operations: failing })).toEqual([409, 'CONFLICT'])
  expect((await ask(server, 'GET', `${KV}/a`)).value).toBe(3)
})

test('commands_of_a_transaction_happen_together_or_not_at_all', async () => {
  const server = await served()
  const run = (commands: unknown[]) => ask(server, 'POST', TRANSACTIONS, { commands })
  const { value } = await run([
    { op: 'insert', collection: 'items', document: { _id: 'a', n: 1 } },
    { op: 'updateOne', collection: 'items', filter: { _id: 'a' }, update: { $inc: { n: 1 } } },
    { op: 'get', collection: 'items', id: 'a' },
    { op: 'kv', store: 'artists', operation: { op: 'set', key: 'k', value: 'v' } },
    { op: 'count', collection: 'items', filter: {} },
    { op: 'find', collection: 'items', filter: {}, sort: { n: 1 } }
  ])
  expect(value.results).toMatchObject([
    { insertedId: 'a' },
    { modifiedCount: 1 },
    { document: { _id: 'a', n: 2 } },
    expect.any(Number),
    1,
    [{ _id: 'a', n: 2 }]
  ])
  const { etag } = value.results[2]
  const failed = await run([
    { op: 'put', collection: 'items', document: { _id: 'b' } },
    { op: 'kv', store: 'artists', operation: { op: 'set', key: 'k', value: 'other' } },
    { op: 'insert', collection: 'items', document: { _id: 'a' } }
  ])
  expect([failed.status, failed.value.code, failed.value.detail]).toEqual([
    409,
    'DUPLICATE_ID',
    expect.stringContaining('command 2')
  ])
  expect(await refusal(server, 'GET', `${ITEMS}/documents/b`)).toEqual([404, 'DOCUMENT_NOT_FOUND'])
  expect((await ask(server, 'GET', `${KV}/k`)).value).toBe('v')
  const matching = { op: 'put', collection: 'items', document: { _id: 'a', n: 3 }, ifMatch: etag }
  expect((await run([matching])).status).toBe(200)
  const late = await run([{ op: 'delete', collection: 'items', id: 'x' }, matching])
  expect([late.status, late.value.code, late.value.issues[0].path]).toEqual([
    412,
    'PRECONDITION_FAILED',
    ['body', 'commands', 1]
  ])
  expect((await run([{ op: 'put', collection: 'items', document: { _id: 'a' }, ifAbsent: true }])).status).toBe(412)
  expect((await run([{ op: 'delete', collection: 'items', id: 'none', ifMatch: '*' }])).status).toBe(412)
  expect((await run([{ op: 'nope' }])).status).toBe(400)
  expect((await run([])).status).toBe(400)
  expect((await run([{ op: 'deleteMany', collection: 'items', filter: {} }])).value.results).toEqual([
    { acknowledged: true, deletedCount: 1 }
  ])
})

test('nobody_sees_half_of_a_transaction', async () => {
  const server = await served()
  const set = (n: number) => ({
    commands: ['x', 'y', 'z'].map(key => ({ op: 'kv', store: `s${key}`, operation: { op: 'set', key, value: n } }))
  })
  const get = { commands: ['x', 'y', 'z'].map(key => ({ op: 'kv', store: `s${key}`, operation: { op: 'get', key } })) }
  await ask(server, 'POST', TRANSACTIONS, set(0))
  const writers = Array.from({ length: 60 }, (_, n) => ask(server, 'POST', TRANSACTIONS, set(n + 1)))
  const readers = Array.from({ length: 60 }, async () => (await ask(server, 'POST', TRANSACTIONS, get)).value.results)
  for (const [x, y, z] of await Promise.all(readers)) expect([y, z]).toEqual([x, x])
  expect((await Promise.all(writers)).every(({ status }) => status === 200)).toBe(true)
})

test('execute_does_what_memstore_does', async () => {
  const server = await served()
  const execute = async (body: unknown) => {
    const { status, value } = await ask(server, 'POST', '/v1/execute', body)
    return [status, value]
  }
  const commands = [
    { cmd_type: 'SET', key: 'a', value: '1' },
    { cmd_type: 'get', key: 'a' },
    { cmd_type: 'GET', key: 'none' }
  ]
  expect(await execute({ commands })).toEqual([200, { results: ['1', '1', ''] }])
  expect(await execute({ commands: [] })).toEqual([200, { results: [] }])
  expect(
    await execute({
      commands: [
        { cmd_type: 'set', key: 'a', value: '2' },
        { cmd_type: 'drop', key: 'a' }
      ]
    })
  ).toEqual([400, { error: 'unknown command' }])
  expect(await execute({ commands: [{ cmd_type: 'get', key: 'a' }] })).toEqual([200, { results: ['1'] }])
  expect((await execute('null'))[0]).toBe(400)
  expect((await execute({ commands: [{ cmd_type: 'set', key: 'a', value: 1 }] }))[0]).toBe(400)
})

test('tokens_hold_for_keys_and_for_every_command', async () => {
  const folder = temporaryFolder()
  const scopes = [{ database: 'main', namespace: 'google', access: 'read' }] as const
  const { token } = createToken(folder, { name: 'r', scopes })
  const server = await served({ folder })
  const headers = { Authorization: `Bearer ${token}` }
  const run = (commands: unknown[]) => refusal(server, 'POST', TRANSACTIONS, { commands }, headers)
  const get = { op: 'get', key: 'k' }
  expect(await run([{ op: 'get', collection: 'items', id: 'a' }])).toEqual([403, 'FORBIDDEN'])
  expect(
    await run([
      { op: 'get', collection: 'google/x', id: 'a' },
      { op: 'delete', collection: 'google/x', id: 'a' }
    ])
  ).toEqual([403, 'FORBIDDEN'])
  expect(await run([{ op: 'kv', store: 'artists', operation: get }])).toEqual([403, 'FORBIDDEN'])
  expect(await run([{ op: 'kv', store: 'a', namespace: 'google', operation: { op: 'delete', key: 'k' } }])).toEqual([
    403,
    'FORBIDDEN'
  ])
  expect(await refusal(server, 'GET', `${KV}/k`, undefined, headers)).toEqual([403, 'FORBIDDEN'])
  expect(await refusal(server, 'GET', `${KV}/k?namespace=google2`, undefined, headers)).toEqual([403, 'FORBIDDEN'])
  expect(await refusal(server, 'PUT', `${KV}/k?namespace=google`, 1, headers)).toEqual([403, 'FORBIDDEN'])
  expect(await refusal(server, 'GET', `${KV}/k?namespace=google`, undefined, headers)).toEqual([
    404,
    'DOCUMENT_NOT_FOUND'
  ])
  expect(await refusal(server, 'POST', '/v1/execute', { commands: [] }, headers)).toEqual([403, 'FORBIDDEN'])
  const allowed = { commands: [{ op: 'kv', store: 'a', namespace: 'google', operation: get }] }
  expect((await ask(server, 'POST', TRANSACTIONS, allowed, headers)).value).toEqual({ results: [null] })
})
