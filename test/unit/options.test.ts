// The options of open, writes and transactions: what they do and what they refuse.
import { readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type OpenOptions, open } from '../../src/index.ts'
import { failure, opened, temporaryPath } from './temporary.ts'

test('a_wrong_option_is_refused_by_name', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ durability: 'always' }, /durability must be 'process', 'disk' or 'lazy', not always/],
    [{ durability: 'toString' }, /durability/],
    [{ syncInterval: 0 }, /syncInterval/],
    [{ syncInterval: 1.5 }, /syncInterval/],
    [{ syncInterval: 4_000_000 }, /syncInterval/],
    [{ cacheSize: 1000 }, /cacheSize must be a whole number from 1048576/],
    [{ cacheSize: '1GB' }, /cacheSize/],
    [{ readOnly: 1 }, /readOnly must be true or false/],
    [{ create: 'no' }, /create/],
    [{ documentBytesMax: 0 }, /documentBytesMax/],
    [{ documentBytesMax: 2 ** 31 }, /documentBytesMax/],
    [{ log: 'mmap' as never }, /log/],
    [{ lockWait: -1 }, /lockWait/],
    [{ lockWait: Number.NaN }, /lockWait/],
    [{ checkpointLogSize: 5 }, /checkpointLogSize/],
    [{ cachesize: 1 }, /open has no option cachesize/]
  ]
  for (const [options, message] of wrong) {
    const error = failure(() => open(':memory:', options as OpenOptions))
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(error.message).toMatch(message)
  }
  for (const path of ['', undefined, 5, null]) {
    expect(failure(() => open(path as string)).code).toBe('INVALID_ARGUMENT')
  }
  expect(failure(() => open(':memory:', 'fast' as unknown as OpenOptions)).code).toBe('INVALID_ARGUMENT')
})

test('every_option_takes_its_bounds', () => {
  const bounds: OpenOptions[] = [
    {
      durability: 'lazy',
      syncInterval: 1,
      cacheSize: 1 << 20,
      lockWait: 0,
      log: 'write',
      documentBytesMax: 64,
      checkpointLogSize: 1 << 20
    },
    { durability: 'disk', syncInterval: 3_600_000, documentBytesMax: 1 << 30, lockWait: 3_600_000, create: true },
    { durability: 'process', readOnly: false }
  ]
  for (const options of bounds) {
    const database = opened(temporaryPath(), options)
    database.collection<{ a: number }>('x').insertOne({ a: 1 })
    expect(database.collection('x').countDocuments()).toBe(1)
  }
})

test('create_false_opens_only_what_is_there', () => {
  const path = temporaryPath()
  expect(failure(() => open(path, { create: false })).code).toBe('CANNOT_OPEN')
  open(path).close()
  open(path, { create: false }).close()
})

test('document_bytes_max_bounds_a_document', () => {
  const documents = opened(':memory:', { documentBytesMax: 1000 }).collection<{ text: string }>('x')
  documents.insertOne({ text: 'a'.repeat(900) })
  expect(failure(() => documents.insertOne({ text: 'a'.repeat(1000) })).code).toBe('DOCUMENT_TOO_LARGE')
  expect(documents.countDocuments()).toBe(1)
})

test('read_only_reads_and_refuses_every_write', () => {
  const path = temporaryPath()
  const before = open(path)
  before.collection<{ _id: string; n: number }>('x').insertOne({ _id: 'a', n: 1 })
  before.close()
  const bytes = readFileSync(path)
  const { mtimeMs } = statSync(path)
  const database = opened(path, { readOnly: true })
  const documents = database.collection<{ _id: string; n: number }>('x')
  expect(documents.get('a')).toEqual({ _id: 'a', n: 1 })
  expect(documents.find().toArray()).toHaveLength(1)
  const writes = [
    () => documents.insertOne({ n: 1 }),
    () => documents.insertMany([{ n: 1 }]),
    () => documents.put({ _id: 'a', n: 2 }),
    () => documents.delete('a'),
    () => documents.updateOne({ _id: 'a' }, { $inc: { n: 1 } }),
    () => documents.updateMany({}, { $inc: { n: 1 } }),
    () => documents.replaceOne({ _id: 'a' }, { n: 1 }),
    () => documents.deleteMany({}),
    () => documents.clear(),
    () => documents.drop(),
    () => documents.rename('y'),
    () => database.createCollection('y'),
    () => database.transaction(transaction => transaction.collection<object>('x').insertOne({}))
  ]
  for (const write of writes) expect(failure(write).code).toBe('READ_ONLY')
  database.close()
  expect(readFileSync(path).equals(bytes)).toBe(true)
  expect(statSync(path).mtimeMs).toBe(mtimeMs)
})

test('read_only_needs_a_file', () => {
  expect(failure(() => open(temporaryPath(), { readOnly: true })).code).toBe('CANNOT_OPEN')
})

test('a_small_cache_reads_everything_from_disk', () => {
  const path = temporaryPath()
  const database = open(path, { cacheSize: 1 << 20 })
  const documents = database.collection<{ _id: number; text: string }>('x')
  for (let start = 0; start < 20_000; start += 1000) {
    documents.insertMany(Array.from({ length: 1000 }, (_, index) => ({ _id: start + index, text: 't'.repeat(200) })))
  }
  database.close()
  const again = opened(path, { cacheSize: 1 << 20 })
  const copies = again.collection<{ _id: number; text: string }>('x')
  let sum = 0
  for (const document of copies.find()) sum += document._id
  expect(sum).toBe((20_000 * 19_999) / 2)
  for (let id = 0; id < 20_000; id += 97) expect(copies.get(id)?._id).toBe(id)
  expect(again.stats().cacheBytes).toBeLessThan(3 << 20)
  expect(again.stats().pageLoadsCount).toBeGreaterThan(500)
})

test('writes_take_a_durability_of_their_own', async () => {
  const database = opened(temporaryPath())
  const documents = database.collection<{ _id: string }>('x')
  for (const durability of ['process', 'disk', 'lazy'] as const)
    documents.insertOne({ _id: durability }, { durability })
  await database.sync()
  expect(documents.countDocuments()).toBe(3)
  const wrong = { durability: 'never' as 'lazy' }
  expect(failure(() => documents.insertOne({ _id: 'x' }, wrong)).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => documents.delete('x', wrong)).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => documents.updateOne({}, {}, { upsret: true } as object)).message).toMatch(
    /updateOne has no option upsret/
  )
  expect(documents.countDocuments()).toBe(3)
})
