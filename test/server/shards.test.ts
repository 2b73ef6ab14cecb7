// Databases that are spread over files: the same as one file for whoever uses them, also while documents move, and
// whenever the server is killed meanwhile.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunningServer } from '../../src/server/index.ts'
import { placeOf } from '../../src/server/shard-places.ts'
import { ended, startChild } from '../crash/child.ts'
import { ask, ITEMS, refusal, served, temporaryFolder } from './harness.ts'

const SHARDS = '/v1/databases/main/shards'
const KV = '/v1/databases/main/kv/store'
const TRANSACTIONS = '/v1/databases/main/transactions'
const KILL_ROUNDS = Number(process.env['QUIRE_KILL_ROUNDS'] ?? 4)

/** Two ids of which each is in its own one of two shards. */
const [HERE, THERE] = [0, 1].map(shard => {
  for (let n = 0; ; n++) if (placeOf(`id${n}`, 2) === shard) return `id${n}`
}) as [string, string]

async function resized(server: RunningServer, shardsCount: number): Promise<void> {
  const { status } = await ask(server, 'PUT', SHARDS, { shardsCount })
  expect(status).toBe(202)
}

/** Waits until documents are where they belong. */
async function settled(server: RunningServer, shardsCount: number) {
  for (;;) {
    const { value } = await ask(server, 'GET', SHARDS)
    if (value.failure !== undefined) throw new Error(`documents do not move: ${value.failure}`)
    if (value.shardsCount === shardsCount && value.target === shardsCount) return value
  }
}

async function insertAll(server: RunningServer, count: number, from = 0): Promise<void> {
  for (let start = from; start < from + count; start += 1000) {
    const documents = Array.from({ length: Math.min(1000, from + count - start) }, (_, n) => ({
      _id: start + n,
      n: start + n,
      text: 'x'.repeat(100)
    }))
    const { status } = await ask(server, 'POST', `${ITEMS}/insert-many?durability=process`, { documents })
    expect(status).toBe(201)
  }
}

test('one_shard_more_takes_its_part_of_the_ids_and_moves_no_other', () => {
  const ids = [...Array.from({ length: 10_000 }, (_, n) => `key-${n}`), ...Array.from({ length: 10_000 }, (_, n) => n)]
  for (const count of [1, 2, 3, 7]) {
    const taken = ids.filter(id => placeOf(id, count + 1) === count)
    expect(Math.abs(taken.length / ids.length - 1 / (count + 1))).toBeLessThan(0.02)
    for (const id of ids) {
      if (placeOf(id, count + 1) !== count) expect(placeOf(id, count + 1)).toBe(placeOf(id, count))
    }
  }
  expect(placeOf(7n as never, 5)).toBe(placeOf(7, 5))
  // Files depend on it: these places are for ever.
  expect(['a', 'b', 'c', 'é', 1, 2, new Uint8Array([1])].map(id => placeOf(id, 16))).toMatchInlineSnapshot(`
    [
      11,
      5,
      2,
      8,
      14,
      9,
      11,
    ]
  `)
})

const idOf = fc.constantFrom<string | number>('a', 'b', 'c', 'd', 'e', 'f', 1, 2, 3, 4)
const number = fc.integer({ min: 0, max: 5 })
const path = (id: string | number, more = '') =>
  `${ITEMS}/documents/${id}?durability=process${typeof id === 'number' ? '&idType=integer' : ''}${more}`
/** A request on documents or keys, that one file and several answer in the same way. */
const operation = fc.oneof(
  fc.tuple(idOf, number).map(([id, n]) => ['PUT', path(id), { n, tag: `t${n % 3}` }] as const),
  fc.tuple(idOf, number).map(([_id, n]) => ['POST', `${ITEMS}/documents?durability=process`, { _id, n }] as const),
  idOf.map(id => ['GET', path(id).replace('durability=process&', '').replace('?durability=process', '')] as const),
  idOf.map(id => ['DELETE', path(id)] as const),
  idOf.map(id => ['PATCH', path(id), { $inc: { n: 1 } }] as const),
  fc.tuple(number, number).map(([skip, limit]) => {
    return ['POST', `${ITEMS}/find`, { sort: { n: -1, _id: 1 }, skip, limit: limit + 1 }] as const
  }),
  number.map(
    n => ['POST', `${ITEMS}/find`, { filter: { n: { $gte: n } }, sort: { _id: -1 }, projection: { tag: 1 } }] as const
  ),
  fc
    .tuple(number, number)
    .map(([n, skip]) => ['POST', `${ITEMS}/count`, { filter: { n: { $lte: n } }, skip }] as const),
  idOf.map(
    id =>
      [
        'POST',
        `${TRANSACTIONS}?durability=process`,
        {
          commands: [
            { op: 'get', collection: 'items', id },
            { op: 'put', collection: 'items', document: { _id: id, n: 0 } }
          ]
        }
      ] as const
  ),
  fc.tuple(idOf, number).map(([key, n]) => ['PUT', `${KV}/${key}?durability=process`, n] as const),
  idOf.map(key => ['GET', `${KV}/${key}`] as const),
  idOf.map(key => ['DELETE', `${KV}/${key}?durability=process`] as const),
  idOf.map(key => ['POST', `${KV}/${key}/increment?durability=process`, { by: 2 }] as const),
  fc
    .constantFrom('', '?reverse=true', '?limit=3', '?prefix=a', '?start=b')
    .map(query => ['GET', `${KV}${query}`] as const)
)

test('several_files_answer_as_one_does', { timeout: 120_000 }, async () => {
  const one = await served({ folder: ':memory:' })
  const several = await served({ folder: ':memory:', shards: 3 })
  const answers = async (server: RunningServer, operations: readonly (readonly [string, string, unknown?])[]) => {
    for (const at of [`${ITEMS}`, `/v1/databases/main/collections/kv%3Astore`]) await ask(server, 'DELETE', at)
    const all = []
    for (const [method, at, body] of operations) {
      const { status, value } = await ask(server, method, at, body)
      const text = JSON.stringify(value instanceof ArrayBuffer ? null : value)
      // Versions are drawn.
      all.push([method, at, status, text.replace(/"version":\d+/g, '"version":0')])
    }
    return all
  }
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async operations => {
      expect(await answers(several, operations)).toEqual(await answers(one, operations))
    }),
    { numRuns: Number(process.env['QUIRE_CASES'] ?? 30) }
  )
})

test('what_several_files_cannot_do_together_is_refused', async () => {
  const server = await served({ shards: 2 })
  await insertAllOneByOne(server, [HERE, THERE])
  const get = (id: string) => ({ op: 'get', collection: 'items', id })
  const put = (id: string) => ({ op: 'put', collection: 'items', document: { _id: id } })
  expect((await ask(server, 'POST', TRANSACTIONS, { commands: [get(HERE), put(HERE)] })).status).toBe(200)
  expect(await refusal(server, 'POST', TRANSACTIONS, { commands: [put(HERE), put(THERE)] })).toEqual([
    422,
    'CROSS_SHARD'
  ])
  expect(await refusal(server, 'POST', TRANSACTIONS, { commands: [get(HERE), get(THERE)] })).toEqual([
    422,
    'CROSS_SHARD'
  ])
  const operations = [HERE, THERE].map(key => ({ op: 'set', key, value: 1 }))
  expect(await refusal(server, 'POST', `${KV}/batch`, { operations })).toEqual([422, 'CROSS_SHARD'])
  const unique = { indexes: [{ key: { n: 1 }, unique: true }] }
  const refused: readonly (readonly [string, string, unknown?])[] = [
    ['POST', `${ITEMS}/aggregate`, { pipeline: [] }],
    ['POST', `${ITEMS}/update-many`, { filter: {}, update: { $set: { a: 1 } } }],
    ['POST', `${ITEMS}/rename`, { to: 'other' }],
    ['POST', `${ITEMS}/indexes`, unique],
    ['POST', TRANSACTIONS, { commands: [{ op: 'count', collection: 'items', filter: {} }] }],
    ['GET', `${ITEMS}/changes`],
    ['GET', '/v1/databases/main/backup']
  ]
  for (const [method, at, body] of refused)
    expect(await refusal(server, method, at, body), at).toEqual([422, 'SHARDED'])
  expect((await ask(server, 'POST', `${ITEMS}/count`, {})).value).toEqual({ count: 2 })
})

async function insertAllOneByOne(server: RunningServer, ids: readonly (string | number)[]): Promise<void> {
  for (const _id of ids) expect((await ask(server, 'POST', `${ITEMS}/documents`, { _id })).status).toBe(201)
}

test('a_database_with_a_unique_index_or_a_listener_stays_one_file', async () => {
  const server = await served()
  const indexes = [{ key: { email: 1 }, unique: true }]
  await ask(server, 'POST', `${ITEMS}/indexes`, { indexes })
  expect(await refusal(server, 'PUT', SHARDS, { shardsCount: 2 })).toEqual([422, 'SHARDED'])
  await ask(server, 'DELETE', `${ITEMS}/indexes/email_1`)
  const leave = new AbortController()
  await fetch(`${server.url}${ITEMS}/changes`, { signal: leave.signal })
  expect(await refusal(server, 'PUT', SHARDS, { shardsCount: 2 })).toEqual([409, 'DATABASE_IN_USE'])
  leave.abort()
  for (const shardsCount of [0, 65, 1.5]) {
    expect(await refusal(server, 'PUT', SHARDS, { shardsCount })).toEqual([400, 'INVALID_REQUEST'])
  }
})

test('documents_without_an_id_get_one_and_a_key_is_done_once', async () => {
  const server = await served({ shards: 4 })
  const ids = new Set<string>()
  for (let n = 0; n < 20; n++) {
    const headers = { 'Idempotency-Key': `request-${n}` }
    const first = await ask(server, 'POST', `${ITEMS}/documents`, { n }, headers)
    const again = await ask(server, 'POST', `${ITEMS}/documents`, { n }, headers)
    expect([first.status, again.status]).toEqual([201, 201])
    ids.add(first.value.insertedId)
  }
  expect(ids.size).toBe(20)
  expect((await ask(server, 'POST', `${ITEMS}/count`, {})).value.count).toBeGreaterThanOrEqual(20)
})

test('shards_come_and_go_while_others_read_and_write', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder()
  const server = await served({ folder })
  const count = 3000
  await insertAll(server, count)
  await ask(server, 'POST', `${ITEMS}/indexes`, { indexes: [{ key: { n: 1 }, name: 'by_n' }] })
  expect((await ask(server, 'PUT', `${KV}/greeting`, '"hello"')).status).toBe(200)
  const counts = new Map<number, number>()
  let isOver = false
  const writer = async (first: number) => {
    for (let id = first; !isOver; id = (id + 97) % count) {
      const { status } = await ask(server, 'PATCH', `${ITEMS}/documents/${id}?idType=integer&durability=process`, {
        $inc: { writes: 1 }
      })
      expect(status).toBe(200)
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  const made = new Set<string>()
  const maker = async () => {
    for (let n = 0; !isOver; n++) {
      expect((await ask(server, 'PUT', `${KV}/made-${n}?durability=process`, n)).status).toBe(200)
      made.add(`made-${n}`)
      if (n % 3 > 0) continue
      expect((await ask(server, 'DELETE', `${KV}/made-${n}?durability=process`)).status).toBe(204)
      made.delete(`made-${n}`)
    }
  }
  const reader = async () => {
    while (!isOver) {
      const found = await ask(server, 'POST', `${ITEMS}/find`, { filter: { n: { $gte: 0 } }, limit: count + 1 })
      expect(new Set(found.value.documents.map(({ _id }: { _id: number }) => _id)).size).toBe(count)
      expect(found.value.documents.length).toBe(count)
      expect((await ask(server, 'POST', `${ITEMS}/count`, {})).value).toEqual({ count })
      expect((await ask(server, 'GET', `${KV}/greeting`)).value).toBe('hello')
    }
  }
  const others = Promise.all([writer(0), writer(1), maker(), reader()])
  const moves = async () => {
    for (const shardsCount of [3, 4, 2, 1]) {
      await resized(server, shardsCount)
      const { shards } = await settled(server, shardsCount)
      expect(shards).toHaveLength(shardsCount)
      expect(readdirSync(folder).filter(name => /\.shard\d+$/.test(name))).toHaveLength(shardsCount - 1)
      if (shardsCount > 1) for (const { documentsCount } of shards) expect(documentsCount).toBeGreaterThan(count / 10)
      const { value } = await ask(server, 'GET', `${ITEMS}/indexes`)
      expect(value.indexes.map(({ name }: { name: string }) => name)).toContain('by_n')
    }
  }
  await Promise.all([moves().finally(() => (isOver = true)), others])
  for (const [id, writes] of counts) {
    expect((await ask(server, 'GET', `${ITEMS}/documents/${id}?idType=integer`)).value.writes, `${id}`).toBe(writes)
  }
  const { value } = await ask(server, 'GET', `${KV}?prefix=made&limit=10000`)
  expect(new Set(value.entries.map(({ key }: { key: string }) => key))).toEqual(made)
})

const SERVER = `
const { serve } = await import(${JSON.stringify(new URL('../../dist/server/index.js', import.meta.url).href)})
const server = await serve({ folder: path, port: 0 })
process.stdout.write(server.url + '\\n')`

test('a_server_killed_while_documents_move_loses_and_doubles_none', {
  timeout: 60_000 + KILL_ROUNDS * 20_000
}, async () => {
  const folder = temporaryFolder()
  const count = 4000
  const acknowledged = new Map<number, number>()
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const child = startChild(SERVER, folder)
    const end = ended(child)
    const url = await new Promise<string>(resolve => child.stdout?.once('data', text => resolve(String(text).trim())))
    const server = { url } as RunningServer
    if (round === 0) await insertAll(server, count)
    const { value: before } = await ask(server, 'GET', SHARDS)
    await checkAll(server, count, acknowledged)
    if (before.target === before.shardsCount) await resized(server, before.shardsCount === 3 ? 1 : 3)
    // Somewhere in the middle: so many documents have moved, or so many writes were answered.
    const moved = 300 + ((round * 977) % 1500)
    const writer = async () => {
      for (let id = round; ; id = (id + 61) % count) {
        const n = (acknowledged.get(id) ?? 0) + 1
        try {
          const { status } = await ask(server, 'PATCH', `${ITEMS}/documents/${id}?idType=integer`, { $set: { w: n } })
          if (status === 200) acknowledged.set(id, n)
        } catch {
          // It may have been done or not.
          acknowledged.delete(id)
          return
        }
      }
    }
    const watcher = async () => {
      for (;;) {
        const { value } = await ask(server, 'GET', SHARDS)
        if (value.movedCount >= moved || value.target === value.shardsCount) return void child.kill('SIGKILL')
      }
    }
    await Promise.all([writer(), keys(server, round), watcher()])
    expect(await end).toMatchObject({ signal: 'SIGKILL', stderr: '' })
  }
  const server = await served({ folder })
  await checkAll(server, count, acknowledged)
  const { value } = await ask(server, 'GET', SHARDS)
  await settled(server, value.target)
  await checkAll(server, count, acknowledged)
  expect(existsSync(join(folder, 'main.shards'))).toBe(true)
})

/** Writes keys until the server is gone. */
async function keys(server: RunningServer, round: number): Promise<void> {
  try {
    for (let n = 0; ; n++) await ask(server, 'PUT', `${KV}/r${round}-${n}`, n)
  } catch {
    // The server was killed.
  }
}

async function checkAll(
  server: RunningServer,
  count: number,
  acknowledged: ReadonlyMap<number, number>
): Promise<void> {
  const { value } = await ask(server, 'POST', `${ITEMS}/find`, { limit: 10_000 })
  const byId = new Map(value.documents.map((document: { _id: number }) => [document._id, document]))
  expect([value.documents.length, byId.size]).toEqual([count, count])
  for (const [id, n] of acknowledged) expect(byId.get(id), `${id}`).toMatchObject({ w: n })
}

test('shards_are_as_many_as_the_server_is_told', async () => {
  const folder = temporaryFolder()
  const first = await served({ folder, shards: 2 })
  await insertAllOneByOne(
    first,
    Array.from({ length: 50 }, (_, n) => n)
  )
  await first.close()
  const second = await served({ folder })
  expect((await ask(second, 'GET', SHARDS)).value).toMatchObject({ shardsCount: 2, target: 2 })
  await second.close()
  const third = await served({ folder, shards: 1 })
  await settled(third, 1)
  expect((await ask(third, 'POST', `${ITEMS}/count`, {})).value).toEqual({ count: 50 })
  expect((await ask(third, 'POST', `${ITEMS}/aggregate`, { pipeline: [{ $count: 'all' }] })).value.documents).toEqual([
    { all: 50 }
  ])
  expect(readdirSync(folder).filter(name => name.includes('.shard'))).toEqual(['main.shards'])
})
