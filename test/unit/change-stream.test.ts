// Change streams: what they tell, when they wait, and how they end.
import { expect, test } from 'vitest'
import type { ChangeEvent, Collection, Database } from '../../src/index.ts'
import { failure, opened, rejection, temporaryPath } from './temporary.ts'

interface User {
  _id: number
  name?: string
  tags?: string[]
}

function users(database: Database = opened()): Collection<User> {
  return database.collection<User>('users')
}

/** What an event says besides its place. */
function told<T extends object>(event: ChangeEvent<T> | null): object | null {
  if (event === null) return null
  const { _id, commit, ...rest } = event
  expect(_id).toHaveLength(68)
  expect(commit).toEqual({ sequence: expect.any(Number), index: 0, isLast: true })
  return rest
}

test('changes_are_told_with_their_fields_after_they_were_made', () => {
  const collection = users()
  const stream = collection.watch()
  const ns = { coll: 'users' }
  expect(stream.tryNext()).toBeNull()
  collection.insertOne({ _id: 1, name: 'Ada', tags: ['a', 'b', 'c'] })
  collection.updateOne({ _id: 1 }, { $set: { name: 'Bob' }, $pop: { tags: 1 } })
  collection.replaceOne({ _id: 1 }, { name: 'Cy' })
  collection.deleteOne({ _id: 1 })
  const fullDocument = { _id: 1, name: 'Ada', tags: ['a', 'b', 'c'] }
  const documentKey = { _id: 1 }
  expect(told(stream.tryNext())).toEqual({ operationType: 'insert', ns, documentKey, fullDocument })
  const updateDescription = {
    updatedFields: { name: 'Bob' },
    removedFields: [],
    truncatedArrays: [{ field: 'tags', newSize: 2 }]
  }
  expect(told(stream.tryNext())).toEqual({ operationType: 'update', ns, documentKey, updateDescription })
  const replaced = { _id: 1, name: 'Cy' }
  expect(told(stream.tryNext())).toEqual({ operationType: 'replace', ns, documentKey, fullDocument: replaced })
  expect(told(stream.tryNext())).toEqual({ operationType: 'delete', ns, documentKey })
  expect(stream.tryNext()).toBeNull()
})

test('a_loop_waits_for_changes_and_leaving_it_closes_the_stream', async () => {
  const collection = users()
  const stream = collection.watch()
  const seen: number[] = []
  setImmediate(() => collection.insertMany([{ _id: 1 }, { _id: 2 }]))
  for await (const change of stream) {
    if (change.operationType !== 'insert') throw new Error(change.operationType)
    seen.push(change.fullDocument._id)
    if (seen.length === 2) setImmediate(() => collection.insertOne({ _id: 3 }))
    if (seen.length === 3) break
  }
  expect(seen).toEqual([1, 2, 3])
  expect(stream.closed).toBe(true)
  expect(await stream.next()).toBeNull()
})

test('transactions_are_told_whole_and_only_when_committed', () => {
  const database = opened()
  const stream = database.watch()
  const transaction = database.begin()
  transaction.collection<User>('users').insertOne({ _id: 1 })
  expect(stream.tryNext()).toBeNull()
  transaction.rollback()
  database.transaction(tx => {
    tx.collection<User>('users').insertMany([{ _id: 1 }, { _id: 2 }])
    tx.collection<User>('others').insertOne({ _id: 3 })
    expect(stream.tryNext()).toBeNull()
  })
  const commits = [stream.tryNext(), stream.tryNext(), stream.tryNext()].map(change => change?.commit)
  expect(new Set(commits.map(commit => commit?.sequence)).size).toBe(1)
  expect(commits.map(commit => commit?.isLast)).toEqual([false, false, true])
  expect(stream.tryNext()).toBeNull()
})

test('filters_speak_of_the_event_and_whole_documents_come_where_asked', () => {
  const collection = users()
  const byFilter = collection.watch(
    { operationType: 'update', 'fullDocument.name': 'Bob' },
    { fullDocument: 'required' }
  )
  const byPipeline = collection.watch([{ $match: { operationType: { $in: ['insert', 'update'] } } }])
  collection.insertOne({ _id: 1, name: 'Ada' })
  collection.updateOne({ _id: 1 }, { $set: { name: 'Bob' } })
  collection.deleteOne({ _id: 1 })
  expect(byFilter.tryNext()).toMatchObject({ fullDocument: { _id: 1, name: 'Bob' } })
  expect(byFilter.tryNext()).toBeNull()
  expect([byPipeline.tryNext(), byPipeline.tryNext()].map(change => change?.operationType)).toEqual([
    'insert',
    'update'
  ])
  expect(byPipeline.tryNext()).toBeNull()
  expect(failure(() => collection.watch([{ $project: { a: 1 } }] as never)).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => collection.watch({ $nope: 1 } as never)).code).toBe('INVALID_FILTER')
  expect(failure(() => collection.watch({}, { fullDocument: 'yes' as never })).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => collection.watch({}, { since: 1 } as never)).code).toBe('INVALID_ARGUMENT')
})

test('stream_resumes_behind_any_event_and_behind_what_the_filter_left_out', () => {
  const collection = users(opened(temporaryPath()))
  const stream = collection.watch()
  const start = stream.resumeToken
  for (let id = 0; id < 2000; id++) collection.insertOne({ _id: id })
  const first = stream.tryNext()
  expect(stream.resumeToken).toBe(first?._id)
  stream.close()
  expect(stream.resumeToken).toBe(first?._id)
  const ids = (resumeAfter: string) => {
    using resumed = collection.watch({}, { resumeAfter })
    const all: number[] = []
    for (let change = resumed.tryNext(); change !== null; change = resumed.tryNext()) {
      if (change.operationType === 'insert') all.push(change.documentKey._id)
    }
    return all
  }
  expect(ids(start)).toEqual(Array.from({ length: 2000 }, (_, id) => id))
  expect(ids(first?._id as string)).toHaveLength(1999)
  const filtered = collection.watch({ operationType: 'delete' }, { resumeAfter: start })
  expect(filtered.tryNext()).toBeNull()
  expect(ids(filtered.resumeToken)).toEqual([])
  expect(failure(() => users().watch({}, { resumeAfter: start })).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => collection.watch({}, { resumeAfter: 'x' })).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => collection.watch({}, { resumeAfter: 5 as never })).code).toBe('INVALID_ARGUMENT')
})

test('slow_stream_ends_with_overflow_and_its_token_goes_on', async () => {
  const collection = users(opened(temporaryPath(), { watchSize: 10_000 }))
  const stream = collection.watch()
  collection.insertOne({ _id: 0 })
  expect((await stream.next())?.operationType).toBe('insert')
  for (let id = 1; id < 300; id++) collection.insertOne({ _id: id })
  expect(await rejection(() => stream.next())).toBe('OVERFLOW')
  expect(stream.closed).toBe(true)
  const again = collection.watch({}, { resumeAfter: stream.resumeToken })
  expect(await again.next()).toMatchObject({ documentKey: { _id: 1 } })
})

test('dropping_the_collection_ends_its_stream', async () => {
  const database = opened()
  const collection = users(database)
  collection.insertOne({ _id: 1 })
  const [ofCollection, ofDatabase] = [collection.watch(), database.watch()]
  collection.drop()
  const kinds: string[] = []
  for await (const change of ofCollection) kinds.push(change.operationType)
  expect(kinds).toEqual(['drop', 'invalidate'])
  collection.insertOne({ _id: 2 })
  const { resumeToken } = ofCollection
  expect(failure(() => collection.watch({}, { resumeAfter: resumeToken })).code).toBe('INVALID_ARGUMENT')
  expect(collection.watch({}, { startAfter: resumeToken }).tryNext()?.operationType).toBe('insert')
  expect(ofDatabase.tryNext()?.operationType).toBe('drop')
  expect(ofDatabase.tryNext()?.operationType).toBe('insert')
})

test('signal_close_and_the_databases_close_end_whoever_waits', async () => {
  const database = opened()
  const collection = users(database)
  const controller = new AbortController()
  const aborted = collection.watch({}, { signal: controller.signal }).next()
  controller.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  expect(() => collection.watch({}, { signal: controller.signal })).toThrow('enough')
  const closed = collection.watch()
  const waiting = closed.next()
  closed.close()
  expect(await waiting).toBeNull()
  const orphan = collection.watch().next()
  database.close()
  expect(await rejection(() => orphan)).toBe('CLOSED')
})

test('durable_streams_tell_what_is_on_disk', async () => {
  const database = opened(temporaryPath(), { syncInterval: 3_600_000 })
  const collection = users(database)
  const stream = collection.watch({}, { durable: true })
  collection.insertOne({ _id: 1 })
  const next = stream.next()
  await database.sync()
  expect(await next).toMatchObject({ operationType: 'insert' })
})
