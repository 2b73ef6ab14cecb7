// Backups and compactions of an open database.
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { opened, rejection, temporaryPath } from './temporary.ts'

interface Item {
  _id: number
  text: string
}

const items = (count: number) => Array.from({ length: count }, (_, n) => ({ _id: n, text: 'x'.repeat(200 + (n % 50)) }))

test('a_backup_is_a_database_of_its_own_with_all_that_was_committed', async () => {
  const [path, copyPath] = [temporaryPath(), temporaryPath()]
  const database = opened(path)
  const collection = database.collection<Item>('items')
  collection.insertMany(items(500))
  collection.createIndex({ text: 1 })
  const pending = database.backup(copyPath)
  // The calling thread writes on; what it commits now may be in the copy or not.
  collection.insertOne({ _id: 1000, text: 'meanwhile' })
  const report = await pending
  expect(report.bytes).toBe(statSync(copyPath).size)
  expect(report.bytes).toBe(report.pagesCount * 4096)
  expect(report.collectionsCount).toBe(1)
  const copy = opened(copyPath)
  expect(copy.collection('items').countDocuments()).toBe(report.documentsCount)
  expect([500, 501]).toContain(report.documentsCount)
  expect(copy.stats().sequence).toBe(report.sequence)
  expect(
    copy
      .collection<Item>('items')
      .find({ _id: { $lt: 500 } })
      .toArray()
  ).toEqual(items(500))
  expect(copy.collection('items').listIndexes().length).toBe(2)
  expect((await copy.check()).isClean).toBe(true)
  copy.collection('items').clear()
  expect(collection.countDocuments()).toBe(501)
})

test('a_database_in_memory_is_backed_up_to_a_file', async () => {
  const database = opened()
  database.collection<Item>('items').insertMany(items(50))
  const path = temporaryPath()
  await database.backup(path)
  expect(opened(path).collection<Item>('items').find().toArray()).toEqual(items(50))
})

test('a_backup_refuses_what_it_cannot_write_and_leaves_no_file', async () => {
  const database = opened(temporaryPath())
  const taken = temporaryPath()
  writeFileSync(taken, 'mine')
  for (const path of [taken, '', ':memory:', database.path, 7 as unknown as string]) {
    expect(await rejection(() => database.backup(path))).toBe('INVALID_ARGUMENT')
  }
  expect(await rejection(() => database.backup(`${taken}.folder/to.quire`))).toBe('CANNOT_OPEN')
  const late = temporaryPath()
  database.close()
  expect(await rejection(() => database.backup(late))).toBe('CLOSED')
  expect(await rejection(() => database.compact())).toBe('CLOSED')
  expect(existsSync(late)).toBe(false)
})

test('a_compaction_gives_the_room_of_deleted_documents_back', async () => {
  const path = temporaryPath()
  const database = opened(path)
  const collection = database.collection<Item>('items')
  collection.createIndex({ text: 1 })
  collection.insertMany(items(5000))
  collection.deleteMany({ _id: { $gte: 500 } })
  await database.checkpoint()
  const before = statSync(path).size
  const report = await database.compact()
  expect(report).toEqual({ bytesBefore: before, bytesAfter: statSync(path).size, moved: ['items'], left: [] })
  expect(report.bytesAfter * 3).toBeLessThan(before)
  expect(collection.find().sort({ _id: 1 }).toArray()).toEqual(items(500))
  expect(collection.find({ text: 'x'.repeat(200) }).toArray().length).toBe(10)
  expect((await database.check()).isClean).toBe(true)
  expect((await database.compact()).moved).toEqual([])
})

test('a_collection_that_a_transaction_holds_is_left_and_named', async () => {
  const database = opened(temporaryPath(), { lockWait: 0 })
  const collection = database.collection<Item>('items')
  collection.insertMany(items(3000))
  collection.deleteMany({ _id: { $gte: 100 } })
  const transaction = database.begin()
  transaction.collection<Item>('items').insertOne({ _id: 5000, text: 'held' })
  expect((await database.compact()).left).toEqual(['items'])
  transaction.rollback()
  expect((await database.compact()).moved).toEqual(['items'])
  const reader = temporaryPath()
  opened(reader).close()
  expect(await rejection(() => opened(reader, { readOnly: true }).compact())).toBe('READ_ONLY')
})
