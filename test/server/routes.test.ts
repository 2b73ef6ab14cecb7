// What the routes of databases, collections, documents and queries do, and what they refuse.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pack, Unpackr } from 'msgpackr'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { ask, ITEMS, refusal, served, temporaryFolder } from './harness.ts'

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'auto' as 'bigint' })

test('a_document_is_inserted_read_changed_and_deleted_by_its_id', async () => {
  const server = await served()
  const inserted = await ask(server, 'POST', `${ITEMS}/documents`, { _id: 'a', n: 1 })
  expect([inserted.status, inserted.value]).toEqual([201, { acknowledged: true, insertedId: 'a' }])
  expect(inserted.headers.get('Location')).toBe(`${ITEMS}/documents/a`)
  expect((await ask(server, 'GET', `${ITEMS}/documents/a`)).value).toEqual({ _id: 'a', n: 1 })
  expect((await ask(server, 'PUT', `${ITEMS}/documents/a`, { n: 2 })).status).toBe(200)
  expect((await ask(server, 'PUT', `${ITEMS}/documents/b`, { n: 3 })).status).toBe(201)
  const patched = await ask(server, 'PATCH', `${ITEMS}/documents/a`, { $inc: { n: 5 } })
  expect([patched.status, patched.value]).toEqual([200, { _id: 'a', n: 7 }])
  expect((await ask(server, 'PATCH', `${ITEMS}/documents/a`, [{ $set: { m: '$n' } }])).value.m).toBe(7)
  expect((await ask(server, 'DELETE', `${ITEMS}/documents/a`)).status).toBe(204)
  expect(await refusal(server, 'GET', `${ITEMS}/documents/a`)).toEqual([404, 'DOCUMENT_NOT_FOUND'])
  expect(await refusal(server, 'DELETE', `${ITEMS}/documents/a`)).toEqual([404, 'DOCUMENT_NOT_FOUND'])
  expect(await refusal(server, 'PATCH', `${ITEMS}/documents/a`, { $set: {} })).toEqual([404, 'DOCUMENT_NOT_FOUND'])
  expect(await refusal(server, 'POST', `${ITEMS}/documents`, { _id: 'b' })).toEqual([409, 'DUPLICATE_ID'])
  expect(await refusal(server, 'PUT', `${ITEMS}/documents/b`, { _id: 'c' })).toEqual([422, 'INVALID_ID'])
  expect(await refusal(server, 'PATCH', `${ITEMS}/documents/b`, { $nope: {} })).toEqual([422, 'INVALID_UPDATE'])
})

test('ids_of_every_kind_are_reached_by_a_path', async () => {
  const server = await served()
  const bytes = { $binary: { base64: '/+8=', subType: '00' } }
  for (const _id of [5, { $numberLong: '9007199254740993' }, bytes, 'a/b ü?#']) {
    const { headers } = await ask(server, 'POST', `${ITEMS}/documents`, { _id, is: _id })
    expect((await ask(server, 'GET', headers.get('Location') as string)).value).toEqual({ _id, is: _id })
  }
  expect(await refusal(server, 'GET', `${ITEMS}/documents/5`)).toEqual([404, 'DOCUMENT_NOT_FOUND'])
  expect(await refusal(server, 'GET', `${ITEMS}/documents/x?idType=integer`)).toEqual([422, 'INVALID_ID'])
  expect(await refusal(server, 'GET', `${ITEMS}/documents/a?idType=date`)).toEqual([400, 'INVALID_REQUEST'])
  expect(await refusal(server, 'GET', `${ITEMS}/documents/${'9'.repeat(19)}?idType=integer`)).toEqual([
    422,
    'INVALID_ID'
  ])
})

test('entity_tags_let_only_the_first_of_two_writers_through', async () => {
  const server = await served()
  const path = `${ITEMS}/documents/a`
  const created = await ask(server, 'PUT', path, { n: 1 }, { 'If-None-Match': '*' })
  expect(created.status).toBe(201)
  expect(await refusal(server, 'PUT', path, { n: 1 }, { 'If-None-Match': '*' })).toEqual([412, 'PRECONDITION_FAILED'])
  const tag = (await ask(server, 'GET', path)).headers.get('ETag') as string
  expect(tag).toBe(created.headers.get('ETag'))
  expect((await ask(server, 'GET', path, undefined, { 'If-None-Match': tag })).status).toBe(304)
  const tries = Array.from({ length: 20 }, (_, n) => ask(server, 'PUT', path, { n, m: n }, { 'If-Match': tag }))
  const statuses = (await Promise.all(tries)).map(({ status }) => status)
  expect(statuses.sort()).toEqual([200, ...new Array(19).fill(412)])
  expect(await refusal(server, 'DELETE', path, undefined, { 'If-Match': tag })).toEqual([412, 'PRECONDITION_FAILED'])
  const packed = await ask(server, 'GET', path, undefined, { Accept: 'application/msgpack' })
  const packedTag = packed.headers.get('ETag') as string
  expect(packedTag).not.toBe((await ask(server, 'GET', path)).headers.get('ETag'))
  expect((await ask(server, 'PATCH', path, { $set: { x: 1 } }, { 'If-Match': packedTag })).status).toBe(200)
  expect(await refusal(server, 'PUT', `${ITEMS}/documents/none`, {}, { 'If-Match': '*' })).toEqual([
    412,
    'PRECONDITION_FAILED'
  ])
})

test('many_documents_are_written_and_read_by_filters', async () => {
  const server = await served()
  const documents = Array.from({ length: 30 }, (_, n) => ({ _id: n, n, city: n % 2 === 0 ? 'Kochi' : 'Ulm' }))
  const post = async (path: string, body: unknown) => (await ask(server, 'POST', `${ITEMS}/${path}`, body)).value
  expect(await post('insert-many', { documents })).toMatchObject({ insertedCount: 30 })
  expect(await post('count', { filter: { city: 'Ulm' } })).toEqual({ count: 15 })
  expect(await post('distinct', { field: 'city' })).toEqual({ values: expect.arrayContaining(['Kochi', 'Ulm']) })
  const found = await post('find', { filter: { n: { $gte: 10 } }, sort: { n: -1 }, limit: 2, projection: { n: 1 } })
  expect(found).toEqual({
    documents: [
      { _id: 29, n: 29 },
      { _id: 28, n: 28 }
    ],
    hasMore: true
  })
  expect(await post('find', { filter: { n: 5 } })).toEqual({ documents: [documents[5]], hasMore: false })
  expect(await post('update-one', { filter: { n: 1 }, update: { $set: { x: 1 } } })).toMatchObject({ modifiedCount: 1 })
  expect(await post('update-many', { filter: { city: 'Ulm' }, update: { $set: { x: 2 } } })).toMatchObject({
    matchedCount: 15
  })
  expect(await post('update-one', { filter: { n: 77 }, update: { $set: { x: 2 } }, upsert: true })).toMatchObject({
    upsertedCount: 1
  })
  expect(await post('replace-one', { filter: { n: 2 }, replacement: { n: 200 } })).toMatchObject({ modifiedCount: 1 })
  expect(
    await post('find-one-and-update', { filter: { n: 200 }, update: { $inc: { n: 1 } }, returnDocument: 'after' })
  ).toEqual({
    document: { _id: 2, n: 201 }
  })
  expect(await post('find-one-and-replace', { filter: { n: 999 }, replacement: {} })).toEqual({ document: null })
  expect(await post('find-one-and-delete', { filter: { n: 201 } })).toEqual({ document: { _id: 2, n: 201 } })
  expect(await post('delete-one', { filter: { n: 3 } })).toEqual({ acknowledged: true, deletedCount: 1 })
  expect(await post('delete-many', { filter: { n: { $lt: 10 } } })).toMatchObject({ deletedCount: 8 })
  const steps = [{ insertOne: { document: { _id: 'x' } } }, { deleteOne: { filter: { _id: 'x' } } }]
  expect(await post('bulk-write', { operations: steps })).toMatchObject({ insertedCount: 1, deletedCount: 1 })
  const groups = [{ $group: { _id: '$city', count: { $sum: 1 } } }, { $sort: { _id: 1 } }, { $match: { _id: 'Ulm' } }]
  expect(await post('aggregate', { pipeline: groups })).toEqual({
    documents: [{ _id: 'Ulm', count: 10 }],
    hasMore: false
  })
  expect(await post('aggregate', { pipeline: [{ $out: 'copy' }] })).toEqual({ documents: [], hasMore: false })
  expect(await post('explain', { find: { filter: { n: 1 } } })).toMatchObject({ queryPlanner: { namespace: 'items' } })
  expect(await post('explain', { aggregate: { pipeline: groups } })).toMatchObject({ javascript: [] })
  expect(await post('clear', {})).toMatchObject({ deletedCount: 21 })
})

test('an_insert_of_many_is_all_or_nothing_and_unordered_tells_which_failed', async () => {
  const server = await served()
  const documents = [{ _id: 1 }, { _id: 1 }, { _id: 2 }]
  expect(await refusal(server, 'POST', `${ITEMS}/insert-many`, { documents })).toEqual([409, 'DUPLICATE_ID'])
  expect((await ask(server, 'POST', `${ITEMS}/count`, {})).value).toEqual({ count: 0 })
  const { status, value } = await ask(server, 'POST', `${ITEMS}/insert-many`, { documents, ordered: false })
  expect([status, value.result.insertedCount, value.writeErrors.length, value.writeErrors[0].index]).toEqual([
    409, 2, 1, 1
  ])
  const many = Array.from({ length: 2000 }, (_, n) => ({ _id: `m${n}` }))
  expect((await ask(server, 'POST', `${ITEMS}/insert-many`, { documents: many })).value.insertedCount).toBe(2000)
})

test('queries_that_mean_nothing_are_refused_with_the_codes_of_the_engine', async () => {
  const server = await served()
  await ask(server, 'POST', `${ITEMS}/documents`, { a: 1 })
  const code = async (path: string, body: unknown) => refusal(server, 'POST', `${ITEMS}/${path}`, body)
  expect(await code('find', { filter: { a: { $nope: 1 } } })).toEqual([422, 'INVALID_FILTER'])
  expect(await code('find', { sort: { a: 5 } })).toEqual([422, 'INVALID_SORT'])
  expect(await code('find', { hint: 'none' })).toEqual([404, 'INDEX_NOT_FOUND'])
  expect(await code('find', { limit: -1 })).toEqual([400, 'INVALID_REQUEST'])
  expect(await code('find', { nope: 1 })).toEqual([400, 'INVALID_REQUEST'])
  expect(await code('find', [])).toEqual([400, 'INVALID_REQUEST'])
  expect(await code('find', 'null')).toEqual([400, 'INVALID_REQUEST'])
  expect(await code('aggregate', { pipeline: [{ $nope: 1 }] })).toEqual([422, 'INVALID_PIPELINE'])
  expect(await code('update-many', { filter: {}, update: { $nope: 1 } })).toEqual([422, 'INVALID_UPDATE'])
  expect(await code('explain', {})).toEqual([422, 'INVALID_ARGUMENT'])
  expect(await refusal(server, 'POST', `${ITEMS}/find?x=1`, {})).toEqual([400, 'INVALID_REQUEST'])
  expect(await refusal(server, 'POST', `${ITEMS}/documents?durability=disk&durability=lazy`, {})).toEqual([
    400,
    'INVALID_REQUEST'
  ])
})

test('collections_and_indexes_are_made_listed_renamed_and_dropped', async () => {
  const server = await served()
  const all = '/v1/databases/main/collections'
  const google = `${all}/google%2FUser`
  expect((await ask(server, 'PUT', google, { ids: 'integer' })).status).toBe(201)
  expect(await refusal(server, 'PUT', google)).toEqual([409, 'COLLECTION_EXISTS'])
  expect((await ask(server, 'POST', `${google}/documents`, {})).value.insertedId).toBe(1)
  expect(
    (await ask(server, 'POST', `${google}/indexes`, { indexes: [{ key: { a: 1 }, unique: true }] })).value
  ).toEqual({
    names: ['a_1']
  })
  expect(await refusal(server, 'POST', `${google}/insert-many`, { documents: [{ a: 1 }, { a: 1 }] })).toEqual([
    409,
    'DUPLICATE_KEY'
  ])
  const { indexes } = (await ask(server, 'GET', `${google}/indexes`)).value
  expect(indexes.map((index: { name: string }) => index.name)).toEqual(['_id_', 'a_1'])
  expect((await ask(server, 'DELETE', `${google}/indexes/a_1`)).status).toBe(204)
  expect(await refusal(server, 'DELETE', `${google}/indexes/a_1`)).toEqual([404, 'INDEX_NOT_FOUND'])
  expect((await ask(server, 'POST', `${google}/rename`, { to: 'google/Person' })).value).toEqual({
    name: 'google/Person'
  })
  expect(await refusal(server, 'POST', `${google}/rename`, { to: 'x' })).toEqual([404, 'COLLECTION_NOT_FOUND'])
  const names = async (query: string) =>
    (await ask(server, 'GET', all + query)).value.collections.map(({ name }: { name: string }) => name)
  expect([await names(''), await names('?prefix=google%2F'), await names('?prefix=x')]).toEqual([
    ['google/Person'],
    ['google/Person'],
    []
  ])
  expect((await ask(server, 'DELETE', `${all}/google%2FPerson`)).status).toBe(204)
  expect(await refusal(server, 'DELETE', `${all}/google%2FPerson`)).toEqual([404, 'NOT_FOUND'])
})

test('databases_are_files_of_the_folder_made_and_deleted_on_request', async () => {
  const folder = temporaryFolder()
  const server = await served({ folder })
  expect(await refusal(server, 'GET', '/v1/databases/shop')).toEqual([404, 'DATABASE_NOT_FOUND'])
  expect((await ask(server, 'PUT', '/v1/databases/shop')).status).toBe(201)
  expect((await ask(server, 'PUT', '/v1/databases/shop')).status).toBe(200)
  const path = '/v1/databases/shop/collections/items/documents'
  await ask(server, 'POST', path, { _id: 1 })
  expect((await ask(server, 'GET', '/v1/databases/shop')).value).toMatchObject({ commitsCount: 1 })
  const { databases } = (await ask(server, 'GET', '/v1/databases')).value
  expect(databases.map(({ name }: { name: string }) => name)).toEqual(['main', 'shop'])
  expect((await ask(server, 'POST', '/v1/databases/shop/check')).value).toMatchObject({
    isClean: true,
    documentsCount: 1
  })
  expect((await ask(server, 'POST', '/v1/databases/shop/compact')).value).toMatchObject({ left: [] })
  expect(existsSync(join(folder, 'shop.quire'))).toBe(true)
  expect((await ask(server, 'DELETE', '/v1/databases/shop')).status).toBe(204)
  expect(existsSync(join(folder, 'shop.quire'))).toBe(false)
  expect(await refusal(server, 'DELETE', '/v1/databases/shop')).toEqual([404, 'DATABASE_NOT_FOUND'])
  expect(await refusal(server, 'DELETE', '/v1/databases/main')).toEqual([409, 'DATABASE_IN_USE'])
  expect(await refusal(server, 'POST', '/v1/databases/shop/collections/items/documents', {})).toEqual([
    404,
    'DATABASE_NOT_FOUND'
  ])
})

test('only_so_many_databases_are_open_and_each_has_all_its_documents', async () => {
  const server = await served({ limits: { databasesMax: 2 } })
  const names = Array.from({ length: 6 }, (_, n) => `d${n}`)
  for (const name of names) await ask(server, 'PUT', `/v1/databases/${name}`)
  for (let round = 0; round < 3; round++) {
    const writes = names.map(name =>
      ask(server, 'POST', `/v1/databases/${name}/collections/items/documents`, { round })
    )
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(names.map(() => 201))
  }
  expect((await ask(server, 'GET', '/v1/stats')).value.databasesOpen).toBeLessThanOrEqual(2)
  for (const name of names) {
    const { value } = await ask(server, 'POST', `/v1/databases/${name}/collections/items/count`, {})
    expect(value).toEqual({ count: 3 })
  }
})

test('message_pack_goes_in_and_comes_out_with_every_type', async () => {
  const server = await served()
  const document = { _id: 'a', at: new Date(5), bytes: new Uint8Array([1, 2]), big: 2n ** 62n, list: [1.5, null, 'ü'] }
  const headers = { 'Content-Type': 'application/msgpack', Accept: 'application/msgpack;q=0.9, text/html' }
  expect((await ask(server, 'POST', `${ITEMS}/documents`, pack(document), headers)).status).toBe(201)
  const { value, headers: answered } = await ask(server, 'GET', `${ITEMS}/documents/a`, undefined, headers)
  expect(answered.get('Content-Type')).toBe('application/msgpack')
  expect(unpackr.unpack(Buffer.from(value))).toEqual(document)
  const json = (await ask(server, 'GET', `${ITEMS}/documents/a`)).value
  expect(json).toEqual({
    _id: 'a',
    at: { $date: '1970-01-01T00:00:00.005Z' },
    bytes: { $binary: { base64: 'AQI=', subType: '00' } },
    big: { $numberLong: '4611686018427387904' },
    list: [1.5, null, 'ü']
  })
  expect((await ask(server, 'PUT', `${ITEMS}/documents/b`, { ...json, _id: 'b' })).status).toBe(201)
  const again = await ask(server, 'GET', `${ITEMS}/documents/b`, undefined, { Accept: 'application/msgpack' })
  expect(unpackr.unpack(Buffer.from(again.value))).toEqual({ ...document, _id: 'b' })
  expect(await refusal(server, 'GET', `${ITEMS}/documents/a`, undefined, { Accept: 'text/html' })).toEqual([
    406,
    'NOT_ACCEPTABLE'
  ])
})

test('numbers_that_json_lacks_are_written_as_extended_json', async () => {
  const server = await served()
  const document = {
    nan: { $numberDouble: 'NaN' },
    least: { $numberDouble: '-Infinity' },
    zero: { $numberDouble: '-0.0' }
  }
  await ask(server, 'PUT', `${ITEMS}/documents/a`, document)
  expect((await ask(server, 'GET', `${ITEMS}/documents/a`)).value).toEqual({ _id: 'a', ...document })
  for (const bad of [
    { $date: 'never' },
    { $date: {} },
    { $binary: { base64: 'x' } },
    { $numberLong: '1.5' },
    { $numberLong: '9'.repeat(20) },
    { $numberDouble: 'x' },
    { $binary: { base64: 'AQI=', subType: 'other' } }
  ]) {
    expect(await refusal(server, 'PUT', `${ITEMS}/documents/b`, { bad })).toEqual([400, 'MALFORMED_BODY'])
  }
})

test('streams_give_every_document_in_both_forms', async () => {
  const server = await served()
  const documents = Array.from({ length: 3000 }, (_, n) => ({ _id: n, text: 'x'.repeat(n % 300) }))
  await ask(server, 'POST', `${ITEMS}/insert-many`, { documents })
  const lines = await ask(server, 'POST', `${ITEMS}/find`, {}, { Accept: 'application/x-ndjson' })
  const read = (lines.value as string)
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(read.sort((a, b) => a._id - b._id)).toEqual(documents)
  const { value } = await ask(
    server,
    'POST',
    `${ITEMS}/find`,
    { limit: 250 },
    { Accept: 'application/x-msgpack-stream' }
  )
  const bytes = Buffer.from(value)
  const framed: object[] = []
  let at = 0
  for (let length = bytes.readUInt32BE(at); length > 0; length = bytes.readUInt32BE(at)) {
    framed.push(...unpackr.unpack(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  expect([framed.length, at + 4]).toEqual([250, bytes.length])
})

test('the_server_tells_what_it_is_and_counts', async () => {
  const server = await served()
  await ask(server, 'POST', `${ITEMS}/documents`, {})
  await ask(server, 'GET', '/nope')
  expect((await ask(server, 'GET', '/health')).value).toEqual({ status: 'ok' })
  expect((await ask(server, 'GET', '/ready')).value).toEqual({ status: 'ready' })
  expect((await ask(server, 'GET', '/v1/stats')).value).toMatchObject({ databasesOpen: 1, requestsRunning: 1 })
  const text = Buffer.from((await ask(server, 'GET', '/metrics')).value).toString()
  expect(text).toContain('quiredb_documents{database="main",collection="items"} 1')
  expect(text).toContain('quiredb_refusals_total{code="NOT_FOUND"} 1')
  expect(text).toMatch(/quiredb_syncs_total\{database="main"\} [1-9]/)
  for (const line of text.trim().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^{]*\})? [-+.\deInf]+)$|\{/)
  const { value: document } = await ask(server, 'GET', '/openapi.json')
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths).length).toBeGreaterThan(25)
  const page = await ask(server, 'GET', '/docs')
  expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
  expect(await refusal(server, 'POST', '/health', {})).toEqual([405, 'METHOD_NOT_ALLOWED'])
  expect((await ask(server, 'HEAD', '/health')).status).toBe(200)
})

test('a_server_refuses_wrong_options_and_addresses_that_are_taken', async () => {
  await expect(served({ nope: 1 } as object)).rejects.toThrow('nope')
  await expect(served({ limits: { requestsMax: 0 } })).rejects.toThrow('limits.requestsMax')
  await expect(served({ limits: { nope: 1 } as object })).rejects.toThrow('limits')
  const server = await served()
  await expect(served({ port: server.port })).rejects.toMatchObject({ code: 'CANNOT_OPEN' })
})

test('what_a_server_stored_an_embedded_database_reads', async () => {
  const folder = temporaryFolder()
  const server = await served({ folder })
  await ask(server, 'POST', `${ITEMS}/documents`, { _id: 1, at: { $date: '2026-01-01T00:00:00Z' } })
  await server.close()
  const database = open(join(folder, 'main.quire'))
  expect(database.collection('items').find().toArray()).toEqual([{ _id: 1, at: new Date('2026-01-01') }])
  database.close()
})

test('concurrent_writes_share_syncs', async () => {
  const server = await served()
  const writes = Array.from({ length: 200 }, (_, n) => ask(server, 'POST', `${ITEMS}/documents`, { n }))
  expect((await Promise.all(writes)).every(({ status }) => status === 201)).toBe(true)
  await ask(server, 'POST', `${ITEMS}/documents?durability=process`, {})
  const text = Buffer.from((await ask(server, 'GET', '/metrics')).value).toString()
  const figure = (name: string) => Number(new RegExp(`${name}\\{database="main"\\} (\\d+)`).exec(text)?.[1])
  expect(figure('quiredb_synced_writes_total')).toBe(200)
  expect(figure('quiredb_syncs_total')).toBeLessThan(200)
})
