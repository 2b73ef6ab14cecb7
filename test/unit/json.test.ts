// Export and import: collections, stores, namespaces and databases, in pieces, with conflicts, and lines that are wrong.
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import {
  type Database,
  exportJson,
  importJson,
  type JsonImportOptions,
  type JsonInput,
  type JsonPlace,
  QuireError
} from '../../src/index.ts'
import { failure, opened, temporaryPath } from './temporary.ts'

function text<T extends object>(source: JsonPlace<T>): string {
  return [...exportJson(source, { sorted: true })].join('')
}

/** Code and message of an import that fails. */
async function refusal<T extends object>(
  target: JsonPlace<T>,
  input: JsonInput,
  options?: JsonImportOptions
): Promise<[string, string]> {
  try {
    await importJson(target, input, options)
  } catch (error) {
    if (error instanceof QuireError) return [error.code, error.message]
    throw error
  }
  throw new Error('the import did not fail')
}

function filled(): Database {
  const database = opened()
  const users = database.collection('users')
  users.createIndex({ seen: 1 }, { expireAfterSeconds: 60 })
  users.createIndex({ name: 1, age: -1 }, { unique: true, partialFilterExpression: { born: { $gt: new Date(0) } } })
  users.insertMany([
    { _id: 1, name: 'Ada', born: new Date(5) },
    { _id: 'b', big: 2n ** 60n },
    { _id: new Uint8Array([7]) }
  ])
  database.createCollection('counted', { ids: 'integer' }).insertOne({ x: 1 })
  database.createCollection('empty')
  database.namespace('google').collection('a/b').insertOne({ _id: 1 })
  database
    .namespace('google')
    .kv('sessions')
    .set('k', new Uint8Array([1]), { ttl: 3_600_000 })
  database.namespace('google').kv('sessions').keys()
  return database
}

function definitions(database: Database): unknown {
  return database.listCollections().map(({ name, ids, documentsCount }) => ({
    name,
    ids,
    documentsCount,
    indexes: database
      .collection(name)
      .listIndexes()
      .map(({ bytes: _, ...index }) => index)
  }))
}

test('a_collection_is_one_document_a_line', async () => {
  const database = filled()
  const users = database.collection('users')
  expect(text(users)).toBe(
    '{"_id":1,"name":"Ada","born":{"$date":"1970-01-01T00:00:00.005Z"}}\n' +
      '{"_id":"b","big":{"$numberLong":"1152921504606846976"}}\n' +
      '{"_id":{"$binary":{"base64":"Bw==","subType":"00"}}}\n'
  )
  const copy = database.collection('copy')
  expect(await importJson(copy, exportJson(users))).toEqual({ documentsCount: 3, skippedCount: 0, linesCount: 3 })
  expect(text(copy)).toBe(text(users))
})

test('a_database_comes_back_with_its_indexes_and_kinds_of_ids', async () => {
  const database = filled()
  const copy = opened()
  await importJson(copy, exportJson(database))
  expect(text(copy)).toBe(text(database))
  expect(definitions(copy)).toEqual(definitions(database))
})

test('a_namespace_can_be_imported_as_another_one', async () => {
  const database = filled()
  const apple = database.namespace('apple')
  await importJson(apple, exportJson(database.namespace('google')))
  expect(text(apple)).toBe(text(database.namespace('google')))
  expect(apple.list().map(({ name, isStore }) => [name, isStore])).toEqual([
    ['a/b', false],
    ['sessions', true]
  ])
  expect(apple.kv('sessions').getEntry('k')).toEqual(database.namespace('google').kv('sessions').getEntry('k'))
})

test('a_store_takes_entries_without_versions_and_refuses_what_is_none', async () => {
  const kv = opened().kv<number>('s')
  await importJson(
    kv,
    '{"_id":"a","value":1}\n{"_id":"b","value":2,"expires":{"$date":{"$numberLong":"99999999999999"}}}'
  )
  expect([kv.get('a'), kv.get('b'), kv.getEntry('a')?.version]).toEqual([1, 2, expect.any(Number)])
  expect(kv.collection.listIndexes().map(({ name }) => name)).toContain('expires_1')
  expect((await refusal(kv, '{"_id":"c"}'))[0]).toBe('INVALID_DOCUMENT')
  expect((await refusal(kv, '{"_id":"c","value":1,"other":1}'))[0]).toBe('INVALID_DOCUMENT')
  expect((await refusal(kv, '{"_id":5,"value":1}'))[0]).toBe('INVALID_ID')
})

test('an_export_sees_one_moment_over_all_collections', () => {
  const database = opened()
  for (const name of ['a', 'b']) database.collection(name).insertOne({ _id: 1 })
  const before = text(database)
  const chunks = exportJson(database, { sorted: true })
  let seen = chunks.next().value as string
  database.collection('b').insertOne({ _id: 2 })
  for (const chunk of chunks) seen += chunk
  expect(seen).toBe(before)
})

test('an_export_that_is_left_gives_its_moment_back', () => {
  const database = opened()
  const many = Array.from({ length: 5000 }, (_, index) => ({ _id: index, text: 'x'.repeat(100) }))
  database.collection('a').insertMany(many)
  let chunks = 0
  for (const chunk of exportJson(database)) {
    expect(chunk.endsWith('}\n')).toBe(true)
    expect(chunk.length).toBeLessThan(100_000)
    if (++chunks === 2) break
  }
  database.collection('a').updateMany({}, { $set: { text: 'y' } })
  expect(database.stats().versionBytes).toBe(0)
})

test('a_read_only_database_is_exported', () => {
  const path = temporaryPath()
  const database = opened(path)
  database.collection('a').insertOne({ _id: 1 })
  const whole = text(database)
  database.close()
  expect(text(opened(path, { readOnly: true }))).toBe(whole)
})

test('lines_may_come_in_any_pieces', async () => {
  const lines = '\uFEFF{"_id":1,"text":"é😀"}\r\n\n  \n{"_id":2}\n{"_id":3}'
  const bytes = Buffer.from(lines)
  const wanted = [{ _id: 1, text: 'é😀' }, { _id: 2 }, { _id: 3 }]
  for (const size of [1, 2, 3, 5, 1000]) {
    const pieces: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
    const collection = opened().collection('c')
    expect((await importJson(collection, Readable.from(pieces))).linesCount).toBe(5)
    expect(collection.find({}, { sort: { _id: 1 } }).toArray()).toEqual(wanted)
  }
})

test('what_becomes_of_an_id_that_is_there_is_asked_for', async () => {
  const collection = opened().collection('c')
  const lines = '{"_id":1,"is":"new"}\n{"_id":2,"is":"new"}\n{"is":"without"}\n'
  collection.insertOne({ _id: 1, is: 'old' })
  const [code, message] = await refusal(collection, lines)
  expect([code, message.startsWith('lines 1 to 3: ')]).toEqual(['DUPLICATE_ID', true])
  expect(collection.countDocuments()).toBe(1)
  expect(await importJson(collection, lines, { onConflict: 'skip' })).toEqual({
    documentsCount: 2,
    skippedCount: 1,
    linesCount: 3
  })
  expect(collection.get(1)?.is).toBe('old')
  expect((await importJson(collection, lines, { onConflict: 'replace' })).documentsCount).toBe(3)
  expect([collection.get(1)?.is, collection.countDocuments()]).toEqual(['new', 4])
})

test('progress_is_told_after_each_batch_and_an_import_can_go_on_behind_it', async () => {
  const lines = Array.from({ length: 2500 }, (_, index) => `{"_id":${index}}`)
  lines[2200] = 'broken'
  const collection = opened().collection('c')
  const seen: number[] = []
  const failed = await refusal(collection, lines.join('\n'), { onProgress: ({ linesCount }) => seen.push(linesCount) })
  expect(failed).toEqual(['INVALID_DOCUMENT', expect.stringMatching(/^line 2201: not JSON/)])
  expect([seen, collection.countDocuments()]).toEqual([[1000, 2000], 2000])
  lines[2200] = '{"_id":2200}'
  await importJson(collection, lines.slice(seen.at(-1)).join('\n'))
  expect(collection.countDocuments()).toBe(2500)
})

test('lines_that_cannot_be_are_refused_by_their_number', async () => {
  const database = opened()
  const collection = database.collection('c')
  const wrong: [JsonPlace<Record<string, unknown>>, JsonInput, string, string][] = [
    [collection, '{}\n5', 'INVALID_DOCUMENT', 'line 2: '],
    [collection, '[]', 'INVALID_DOCUMENT', 'line 1: '],
    [collection, '{"$date":5}', 'INVALID_DOCUMENT', 'line 1: '],
    [collection, '{"$collection":{"name":"x"}}', 'INVALID_ARGUMENT', 'line 1: '],
    [database, '{"a":1}', 'INVALID_DOCUMENT', 'line 1: '],
    [database, '{"$collection":5}', 'INVALID_DOCUMENT', 'line 1: '],
    [database, '{"$collection":{"name":"x","more":1}}', 'INVALID_DOCUMENT', 'line 1: '],
    [database, '{"$collection":{"name":""}}', 'INVALID_NAME', 'line 1: '],
    [database, '{"$collection":{"name":"y","ids":"uuid"}}', 'INVALID_ARGUMENT', 'line 1: '],
    [collection, [new Uint8Array([0xff])], 'INVALID_DOCUMENT', 'UTF-8'],
    [collection, [new Uint8Array([0x7b, 0xc3])], 'INVALID_DOCUMENT', 'UTF-8'],
    [collection, [5 as never], 'INVALID_ARGUMENT', 'number']
  ]
  for (const [target, input, code, part] of wrong) {
    expect(await refusal(target, input)).toEqual([code, expect.stringContaining(part)])
  }
})

test('options_and_places_that_are_none_are_refused', async () => {
  const database = opened()
  expect(failure(() => exportJson(database, { order: 1 } as never)).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => exportJson({} as never)).code).toBe('INVALID_ARGUMENT')
  for (const options of [{ onConflict: 'no' }, { durability: 'no' }, { batch: 1 }] as never[]) {
    expect((await refusal(database, '', options))[0]).toBe('INVALID_ARGUMENT')
  }
})

test('a_schema_judges_what_is_imported', async () => {
  const validate = (value: unknown) =>
    (value as { age?: unknown }).age === undefined ? { issues: [{ message: 'no age' }] } : { value }
  const schema = { '~standard': { version: 1, vendor: 'test', validate } } as never
  const people = opened().collection('people', { schema })
  expect(await refusal(people, '{"_id":1}')).toEqual(['SCHEMA_MISMATCH', expect.stringContaining('line 1: ')])
  expect((await importJson(people, '{"_id":1,"age":5}')).documentsCount).toBe(1)
})
