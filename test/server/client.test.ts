// The client against a server: the same calls as an embedded database, over a network that breaks.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pack } from 'msgpackr'
import { expect, onTestFinished, test } from 'vitest'
import { connect, QuireError, type RemoteDatabase, type RemoteError } from '../../src/client/index.ts'
import { type AsyncKv, open } from '../../src/index.ts'
import { createToken, type RunningServer } from '../../src/server/index.ts'
import { ask, ITEMS, refusal, served, temporaryFolder } from './harness.ts'

interface Item {
  _id: string | number
  n: number
  text?: string
  tags?: string[]
}

function connected(server: RunningServer, options?: Parameters<typeof connect>[1]): RemoteDatabase {
  const database = connect(server.url, options)
  onTestFinished(() => database.close())
  return database
}

/** What the calls of a program give: the same for an embedded database and one on a server. */
async function program(
  items: Pick<ReturnType<RemoteDatabase['collection']>, never> & Record<string, never>
): Promise<unknown[]> {
  // biome-ignore lint/suspicious/noExplicitAny: the two have the same methods, which is what is tested
  const c = items as any
  const results: unknown[] = []
  results.push(await c.insertOne({ _id: 'a', n: 1, at: new Date(5), bytes: new Uint8Array([1, 2]), big: 2n ** 60n }))
  results.push(
    await c.insertMany([
      { _id: 1, n: 2 },
      { _id: 2, n: 3, none: undefined }
    ])
  )
  results.push(await c.get('a'), await c.get(1), await c.get('none'), await c.has('a'), await c.has('none'))
  results.push(await c.put({ _id: 'b', n: 4 }), await c.put({ _id: 'b', n: 5 }))
  results.push(
    await c
      .find({ n: { $gt: 1 } }, { projection: { n: 1 } })
      .sort({ n: -1 })
      .skip(1)
      .limit(2)
      .toArray()
  )
  results.push(await c.findOne({ n: 2 }), await c.findOne({ n: 99 }), await c.findOne({ text: /^x/i }))
  results.push(await c.updateOne({ n: 2 }, { $set: { text: 'xY' } }), await c.updateMany({}, { $inc: { n: 10 } }))
  results.push(await c.findOne({ text: /^XY$/i }, { projection: { text: 1 } }))
  results.push(await c.updateOne({ _id: 'up' }, { $set: { n: 0 } }, { upsert: true }))
  results.push(await c.replaceOne({ _id: 'up' }, { n: 1 }))
  results.push(await c.findOneAndUpdate({ _id: 'up' }, { $inc: { n: 1 } }, { returnDocument: 'after' }))
  results.push(await c.findOneAndReplace({ _id: 'up' }, { n: 9 }), await c.findOneAndDelete({ _id: 'up' }))
  results.push(
    await c.bulkWrite([{ insertOne: { document: { _id: 'w', n: 1 } } }, { deleteOne: { filter: { _id: 'w' } } }])
  )
  results.push(await c.countDocuments({ n: { $gt: 12 } }), await c.estimatedDocumentCount())
  results.push((await c.distinct('n')).sort(), await c.createIndex({ n: 1 }), (await c.listIndexes()).length)
  results.push(await c.aggregate([{ $group: { _id: null, sum: { $sum: '$n' } } }]).toArray())
  results.push(await c.delete('a'), await c.delete('a'), await c.deleteOne({ n: 12 }), await c.deleteMany({ n: 13 }))
  for (const failing of [
    () => c.insertOne({ _id: 'b', n: 1 }),
    () => c.find({ n: { $nope: 1 } }).toArray(),
    () => c.updateMany({}, { $nope: 1 }),
    () => c.aggregate([{ $nope: 1 }]).toArray()
  ]) {
    results.push(
      await failing().then(
        () => 'done',
        (error: QuireError) => [error instanceof QuireError, error.code]
      )
    )
  }
  results.push(await c.clear())
  return results
}

test('a_program_gets_the_same_from_a_server_as_from_an_embedded_database', async () => {
  const server = await served()
  const embedded = open(':memory:')
  const remote = await program(connected(server).collection('items') as never)
  expect(remote).toEqual(await program(embedded.collection('items').async as never))
  embedded.close()
})

test('cursors_stream_any_number_of_documents_and_stop_when_left', async () => {
  const server = await served()
  const items = connected(server).collection<Item>('items')
  const documents = Array.from({ length: 25_000 }, (_, n) => ({ _id: n, n, text: 'x'.repeat(n % 50) }))
  await items.insertMany(documents)
  expect((await items.find().sort({ _id: 1 }).toArray()).length).toBe(25_000)
  let count = 0
  for await (const item of items.find()) if (++count === 100) expect(item.n).toBeTypeOf('number')
  expect(count).toBe(25_000)
  for await (const item of items.find()) {
    expect(item.n).toBeGreaterThanOrEqual(0)
    break
  }
  const cursor = items.find().limit(3)
  expect([await cursor.next(), cursor.closed]).toEqual([expect.anything(), false])
  expect(() => cursor.limit(1)).toThrow('limit')
  expect((await items.find({ n: 5 }).explain()).queryPlanner.namespace).toBe('items')
  await server.close()
})

test('keys_namespaces_transactions_and_the_database_are_there', async () => {
  const server = await served()
  const database = connected(server)
  const kv = database.kv<unknown>('artists')
  const version = await kv.set('a', { at: new Date(7) })
  expect([await kv.get('a'), await kv.get('none'), await kv.has('a'), await kv.has('none')]).toEqual([
    { at: new Date(7) },
    undefined,
    true,
    false
  ])
  expect(await kv.compareAndSet('a', version, 1)).toBeTypeOf('number')
  expect([await kv.compareAndSet('a', version, 2), await kv.setIfAbsent('a', 3)]).toEqual([undefined, undefined])
  expect(await kv.increment('a', 4)).toBe(5)
  await kv.setMany(
    [
      ['b', 1],
      ['c', 2]
    ],
    { ttl: 60_000 }
  )
  expect([await kv.getMany(['c', 'none', 'b']), [...(await kv.getAll()).keys()]]).toEqual([
    [2, undefined, 1],
    ['a', 'b', 'c']
  ])
  expect([await kv.delete('b'), await kv.delete('b'), await kv.deleteAll()]).toEqual([true, false, 2])
  await database.namespace('goo/gle').collection<Item>('User').insertOne({ n: 1 })
  await database.namespace('goo/gle').kv('k').set('x', 1)
  expect((await database.listCollections()).map(({ name }) => name)).toEqual([
    'goo%2Fgle/User',
    'goo%2Fgle/kv:k',
    'kv:artists'
  ])
  const results = await database.transaction([
    { op: 'insert', collection: 'items', document: { _id: 'a', at: new Date(1) } },
    { op: 'get', collection: 'items', id: 'a' }
  ])
  expect(results).toMatchObject([{ insertedId: 'a' }, { document: { at: new Date(1) } }])
  const made = await database.createCollection<Item>('made', { ids: 'integer' })
  expect((await made.insertOne({ n: 1 })).insertedId).toBe(1)
  await database.renameCollection('made', 'other')
  expect([await database.dropCollection('other'), await database.dropCollection('other')]).toEqual([true, false])
  expect(await database.stats()).toMatchObject({ collections: expect.any(Array) })
  expect(await database.check()).toMatchObject({ isClean: true })
  expect(await database.compact()).toMatchObject({ left: [] })
  const reader = (await database.backup()).getReader()
  expect((await reader.read()).value?.length).toBeGreaterThan(0)
  await reader.cancel()
})

test('a_token_is_sent_and_a_refusal_keeps_its_code', async () => {
  const folder = temporaryFolder()
  const { token } = createToken(folder, { name: 'r', scopes: [{ database: 'main', access: 'read' }] })
  const server = await served({ folder })
  const items = connected(server, { token }).collection<Item>('items')
  expect(await items.countDocuments()).toBe(0)
  const failure = async (call: Promise<unknown>) => call.catch((error: RemoteError) => [error.serverCode, error.status])
  expect(await failure(items.insertOne({ n: 1 }))).toEqual(['FORBIDDEN', 403])
  expect(await failure(connected(server).collection('items').countDocuments())).toEqual(['UNAUTHENTICATED', 401])
  const gone = connect('http://127.0.0.1:1', { retries: 1 })
  expect(await failure(gone.stats())).toEqual(['IO', 0])
  expect(() => connect('nowhere')).toThrow(TypeError)
})

/** A proxy that cuts every connection whose request it has passed on, as often as told: the answer is lost. */
async function losing(server: RunningServer, count: number): Promise<{ url: string; proxy: Server }> {
  let left = count
  const proxy = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', piece => pieces.push(piece))
    request.on('end', async () => {
      const {
        host: _host,
        connection: _connection,
        'content-length': _length,
        ...headers
      } = request.headers as Record<string, string>
      const body = request.method === 'GET' ? {} : { body: Buffer.concat(pieces) as unknown as string }
      const answer = await fetch(server.url + request.url, { method: request.method ?? 'GET', headers, ...body })
      const bytes = Buffer.from(await answer.arrayBuffer())
      if (left-- > 0) request.socket.destroy()
      else response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? '' }).end(bytes)
    })
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, proxy }
}

test('a_write_whose_answer_was_lost_is_done_once', async () => {
  const server = await served()
  const { url } = await losing(server, 2)
  const database = connected({ url } as RunningServer)
  const items = database.collection<Item>('items')
  const { insertedId } = await items.insertOne({ n: 1 })
  expect(await connected(server).collection('items').countDocuments()).toBe(1)
  expect(await items.get(insertedId as never)).toMatchObject({ n: 1 })
  const again = connected({ url: (await losing(server, 1)).url } as RunningServer)
  expect(await again.collection<Item>('items').updateMany({}, { $inc: { n: 1 } })).toMatchObject({ modifiedCount: 1 })
  expect(await items.findOne()).toMatchObject({ n: 2 })
  const third = connected({ url: (await losing(server, 1)).url } as RunningServer)
  expect(await third.kv('k').increment('a')).toBe(1)
  const fourth = connected({ url: (await losing(server, 1)).url } as RunningServer)
  const commands = [{ op: 'updateOne', collection: 'items', filter: {}, update: { $inc: { n: 1 } } }]
  expect(await fourth.transaction(commands)).toMatchObject([{ modifiedCount: 1 }])
  expect(await items.findOne()).toMatchObject({ n: 3 })
})

test('an_idempotency_key_holds_after_a_restart_and_for_one_request_only', async () => {
  const folder = temporaryFolder()
  const key = { 'Idempotency-Key': 'k1' }
  const first = await served({ folder })
  const one = await ask(first, 'POST', `${ITEMS}/documents`, { n: 1 }, key)
  await first.close()
  const second = await served({ folder })
  const two = await ask(second, 'POST', `${ITEMS}/documents`, { n: 1 }, key)
  expect([two.status, two.value]).toEqual([201, one.value])
  expect(await refusal(second, 'POST', `${ITEMS}/documents`, { n: 2 }, key)).toEqual([409, 'IDEMPOTENCY_MISMATCH'])
  expect(await refusal(second, 'POST', `${ITEMS}/documents`, { n: 2 }, { 'Idempotency-Key': 'x'.repeat(200) })).toEqual(
    [400, 'INVALID_REQUEST']
  )
  const many = Array.from({ length: 20 }, () =>
    ask(second, 'POST', `${ITEMS}/documents`, { n: 3 }, { 'Idempotency-Key': 'k2' })
  )
  expect(new Set((await Promise.all(many)).map(({ value }) => value.insertedId)).size).toBe(1)
  const long = Array.from({ length: 5 }, () =>
    ask(second, 'POST', `${ITEMS}/update-many`, { filter: {}, update: { $inc: { n: 1 } } }, { 'Idempotency-Key': 'k3' })
  )
  await Promise.all(long)
  const { documents } = (await ask(second, 'POST', `${ITEMS}/find`, { sort: { n: 1 }, projection: { _id: 0 } })).value
  expect(documents).toEqual([{ n: 2 }, { n: 4 }])
  expect(
    await refusal(second, 'POST', `${ITEMS}/documents`, { _id: one.value.insertedId }, { 'Idempotency-Key': 'k4' })
  ).toEqual([409, 'DUPLICATE_ID'])
  const { collections } = (await ask(second, 'GET', '/v1/databases/main/collections')).value
  expect(collections.map(({ name }: { name: string }) => name)).toEqual(['items'])
})

test('changes_are_told_over_a_connection_that_breaks', async () => {
  const server = await served()
  const items = connected(server).collection<Item>('items')
  const stream = items.watch({ operationType: { $in: ['insert', 'delete'] } })
  const first = stream.next()
  await expect.poll(() => stream.resumeToken, { timeout: 5000 }).toBeTypeOf('string')
  await items.insertOne({ _id: 'a', n: 1 })
  expect(await first).toMatchObject({ operationType: 'insert', fullDocument: { n: 1 } })
  stream.close()
  expect(await stream.next()).toBeNull()
  await items.delete('a')
  const resumed = items.watch(undefined, { startAfter: stream.resumeToken as string })
  expect(await resumed.next()).toMatchObject({ operationType: 'delete' })
  const controller = new AbortController()
  const aborted = connected(server).watch(undefined, { signal: controller.signal })
  const waiting = aborted.next()
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  resumed.close()
})

/** What the calls of a program on keys give: the same for an embedded store and one on a server. */
async function keyProgram(kv: Omit<AsyncKv<unknown>, 'watch'>): Promise<unknown[]> {
  const results: unknown[] = []
  const isVersion = (version: unknown) => typeof version === 'number'
  results.push(isVersion(await kv.set('a/1', { at: new Date(7) })), isVersion(await kv.setIfAbsent('a/2', 2n ** 60n)))
  results.push(await kv.setIfAbsent('a/2', 1), await kv.get('a/1'), await kv.get('none'), await kv.has('a/2'))
  await kv.setMany(
    new Map<string, unknown>([
      ['b', 1],
      ['c', new Uint8Array([1])],
      ['é', [null]]
    ])
  )
  results.push(await kv.getMany(['c', 'none', 'b']), await kv.count(), await kv.count({ prefix: 'a/' }))
  const entry = await kv.getEntry('b')
  results.push(entry?.value, entry?.expires, await kv.getEntry('none'))
  const set = await kv.compareAndSet('b', entry?.version ?? null, 5)
  results.push(isVersion(set), await kv.compareAndSet('b', entry?.version ?? null, 6))
  results.push(await kv.increment('b', 3), await kv.increment('n'), await kv.expire('none', { ttl: 10 }))
  results.push(await kv.expire('n', { expires: new Date(8e12) }), (await kv.getEntry('n'))?.expires instanceof Date)
  results.push(await kv.expire('n', { expires: null }), (await kv.getEntry('n'))?.expires, await kv.get('n'))
  results.push(await kv.keys().toArray(), await kv.keys({ prefix: 'a/', reverse: true }).toArray())
  results.push(await kv.values({ start: 'b', end: 'd' }).toArray(), (await kv.entries({ limit: 2 }).toArray()).length)
  for await (const key of kv.keys({ after: 'b' })) results.push(key)
  const steps = [
    { op: 'set', key: 't', value: 1, expires: new Date(8e12) },
    { op: 'get', key: 't' }
  ] as const
  results.push((await kv.batch(steps)).slice(1), (await kv.getEntry('t'))?.expires instanceof Date)
  results.push(await kv.deleteAll({ start: 'é' }), await kv.delete('t'), await kv.delete('t'))
  results.push(await kv.deleteAll({ prefix: 'a/' }), await kv.getAll(), await kv.deleteAll(), await kv.count())
  results.push(await kv.drop(), await kv.drop())
  return results
}

test('a_program_on_keys_gets_the_same_from_a_server_as_from_an_embedded_store', async () => {
  const database = connected(await served())
  using embedded = open(':memory:')
  const here = await keyProgram(embedded.kv('s').async)
  expect(await keyProgram(database.kv('s'))).toEqual(here)
  expect(await keyProgram(database.namespace('a/b').kv('s').async)).toEqual(here)
})

test('keys_of_a_server_are_watched', async () => {
  const database = connected(await served())
  const kv = database.namespace('n').kv<number>('s')
  const some = kv.watch({ prefix: 'a.' })
  const all = kv.watch()
  for (const key of ['ab', 'a.b', 'c']) await kv.set(key, 1)
  await kv.delete('a.b')
  await kv.deleteAll()
  const told = async (stream: typeof all, count: number) => {
    const changes = []
    for await (const change of stream) {
      changes.push(change.type === 'clear' ? 'clear' : `${change.type} ${change.key}`)
      if (changes.length === count) break
    }
    return changes
  }
  expect(await told(all, 5)).toEqual(['set ab', 'set a.b', 'set c', 'delete a.b', 'clear'])
  expect(await told(some, 3)).toEqual(['set a.b', 'delete a.b', 'clear'])
  expect([some.closed, await some.next(), typeof all.resumeToken]).toEqual([true, null, 'string'])
})

test('indexes_of_a_server_are_dropped_by_their_fields_too', async () => {
  const items = connected(await served()).collection<Item>('items')
  await items.createIndexes([
    { key: { n: 1, text: -1 } },
    { key: 'tags' },
    { key: ['_id', ['n', -1]] },
    { key: { text: 1 } }
  ])
  await items.dropIndex({ n: 1, text: -1 })
  await items.dropIndex('tags_1')
  await expect(items.dropIndex({ n: 1 })).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' })
  await items.dropIndexes()
  expect((await items.listIndexes()).map(({ name }) => name)).toEqual(['_id_'])
})

test('a_stream_tells_what_its_client_writes_after_it_was_made', async () => {
  const server = await served()
  const database = connected(server)
  const items = database.collection<Item>('items')
  const streams = [items.watch(), database.watch(), items.watch()] as const
  streams[2].close()
  await items.insertOne({ _id: 'a', n: 1 })
  for (const stream of streams.slice(0, 2)) expect(await stream.next()).toMatchObject({ operationType: 'insert' })
  expect([await streams[2].next(), streams[2].closed, streams[0].closed]).toEqual([null, true, false])
  const refused = items.watch(undefined, { startAfter: 'x' })
  await items.insertOne({ _id: 'b', n: 1 })
  await expect(refused.next()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', status: 422 })
  expect(await refused.next()).toBeNull()
  await database.close()
  await expect(items.watch().next()).rejects.toMatchObject({ code: 'CLOSED' })
})

test('an_answer_that_breaks_off_is_an_error_and_never_short', async () => {
  const frame = Buffer.from(pack([{ n: 1 }]))
  const head = Buffer.alloc(4)
  head.writeUInt32BE(frame.length)
  const half = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-msgpack-stream' })
    response.end(Buffer.concat([head, frame, head, frame.subarray(0, 2)]))
  })
  await new Promise<void>(resolve => half.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    half.close()
  })
  const { port } = half.address() as AddressInfo
  const items = connected({ url: `http://127.0.0.1:${port}` } as RunningServer).collection('items')
  await expect(items.find().toArray()).rejects.toMatchObject({ code: 'IO' })
})
