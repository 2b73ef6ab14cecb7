// How a server ends: killed under load, or asked to close while it works. No write that was answered is lost.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import type { RunningServer } from '../../src/server/index.ts'
import { ended, startChild } from '../crash/child.ts'
import { ask, connection, ITEMS, refusal, served, temporaryFolder } from './harness.ts'
import { startServer } from './process.ts'

/** QUIRE_CASES sets how often the server is killed; the figures of docs/DURABILITY.md are of 20 rounds. */
const ROUNDS = Number(process.env['QUIRE_CASES'] ?? 5)
const WRITERS = 8

/** Writes until the server is gone; gives what was acknowledged, by the kind of write. */
async function load(url: string, writer: number, from: number, onWrite: () => void): Promise<number> {
  const server = { url } as RunningServer
  for (let n = from; ; n++) {
    try {
      const single = await ask(server, 'PUT', `${ITEMS}/documents/${writer}-${n}`, { writer, n })
      const last = await ask(server, 'PUT', `/v1/databases/main/collections/last/documents/${writer}`, { n })
      if (single.status !== 201 && single.status !== 200) throw new Error(`answered ${single.status}`)
      if (last.status >= 300) throw new Error(`answered ${last.status}`)
      onWrite()
    } catch {
      return n - 1
    }
  }
}

test('no_answered_write_is_lost_when_the_server_is_killed_under_load', {
  timeout: 60_000 + ROUNDS * 10_000
}, async () => {
  const folder = temporaryFolder()
  const answered = new Array<number>(WRITERS).fill(0)
  for (let round = 0; round < ROUNDS; round++) {
    const { child, end, url } = await startServer(folder)
    let count = 0
    const killAt = 100 + ((round * 173) % 1000)
    const writers = answered.map((from, writer) =>
      load(url, writer, from + 1, () => {
        if (++count === killAt) child.kill('SIGKILL')
      })
    )
    const reached = await Promise.all(writers)
    expect(await end).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    const database = open(join(folder, 'main.quire'))
    expect(await database.check()).toMatchObject({ isClean: true })
    const items = database.collection<{ _id: string; n: number }>('items')
    const last = database.collection<{ _id: string; n: number }>('last')
    for (const [writer, n] of reached.entries()) {
      for (let each = 1; each <= n; each++) {
        if (items.get(`${writer}-${each}`)?.n !== each) throw new Error(`round ${round}: ${writer}-${each} is lost`)
      }
      expect(last.get(String(writer))?.n ?? 0).toBeGreaterThanOrEqual(n)
      answered[writer] = n
    }
    database.close()
  }
  const sum = answered.reduce((all, n) => all + n, 0)
  console.log(`${ROUNDS} kills; ${sum * 2} answered writes, all there`)
  expect(sum).toBeGreaterThan(ROUNDS * 50)
})

test('a_server_that_closes_finishes_what_it_works_on_and_takes_nothing_more', async () => {
  const folder = temporaryFolder()
  const server = await served({ folder })
  const documents = Array.from({ length: 5000 }, (_, n) => ({ n }))
  await ask(server, 'POST', `${ITEMS}/insert-many`, { documents })
  const statuses: (number | string)[] = []
  const writes = Array.from({ length: 100 }, async (_, n) => {
    const path = n % 10 === 0 ? `${ITEMS}/update-many` : `${ITEMS}/documents`
    const body = n % 10 === 0 ? { filter: {}, update: { $inc: { touched: 1 } } } : { _id: `w${n}` }
    const status = await ask(server, 'POST', path, body).then(
      answer => answer.status,
      () => 'cut'
    )
    statuses.push(status)
    return [n, status] as const
  })
  await Promise.race(writes)
  await Promise.all([server.close(), server.close(), server.close()])
  const answers = await Promise.all(writes)
  expect(statuses.every(status => status === 'cut' || [200, 201, 503].includes(status as number))).toBe(true)
  await expect(ask(server, 'GET', '/health')).rejects.toThrow()
  expect(existsSync(join(folder, 'main.quire-lock'))).toBe(false)
  const database = open(join(folder, 'main.quire'))
  const items = database.collection('items')
  for (const [n, status] of answers) {
    if (n % 10 !== 0 && status === 201) expect(items.has(`w${n}`)).toBe(true)
    if (n % 10 !== 0 && status === 503) expect(items.has(`w${n}`)).toBe(false)
  }
  expect(await database.check()).toMatchObject({ isClean: true })
  database.close()
})

test('a_server_closes_in_the_middle_of_everything_at_once', async () => {
  const folder = temporaryFolder()
  const server = await served({ folder, limits: { bodyTimeoutMs: 500, headTimeoutMs: 500 } })
  await ask(server, 'POST', `${ITEMS}/insert-many`, { documents: Array.from({ length: 2000 }, (_, n) => ({ n })) })
  const changes = await fetch(`${server.url}${ITEMS}/changes`)
  const ends = [changes.text()]
  const head = (path: string, type: string) =>
    `POST ${ITEMS}/${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/${type}\r\n`
  const openings = [
    '',
    'GET /health HTTP/1.1\r\nHost: local',
    `${head('documents', 'json')}Content-Length: 1000\r\n\r\n{"a":`,
    `${head('import', 'x-ndjson')}Transfer-Encoding: chunked\r\n\r\n9\r\n{"im": 1}\r\n1\r\n\n\r\n`
  ]
  for (const opening of openings) {
    const socket = await connection(server)
    ends.push(
      new Promise<string>(resolve =>
        socket
          .on('error', () => undefined)
          .once('close', () => resolve(''))
          .resume()
      )
    )
    socket.write(opening)
  }
  const statuses: (number | string)[] = []
  const requests = Array.from({ length: 60 }, async (_, n) => {
    const kinds = [
      () => ask(server, 'POST', '/v1/databases/main/transactions', { commands: both(n) }),
      () => ask(server, 'POST', `${ITEMS}/find`, {}, { Accept: 'application/x-ndjson' }),
      () => ask(server, 'PUT', `/v1/databases/other${n}`),
      () => ask(server, 'GET', '/v1/databases/main/backup')
    ]
    const status = await (kinds[n % 4] as (typeof kinds)[0])().then(
      answer => answer.status,
      () => 'cut'
    )
    statuses.push(status)
    return status
  })
  await Promise.race(requests)
  await Promise.all(Array.from({ length: 8 }, () => server.close()))
  const answers = await Promise.all(requests)
  await Promise.all(ends)
  expect(statuses.every(status => ['cut', 200, 201, 503].includes(status))).toBe(true)
  const database = open(join(folder, 'main.quire'))
  for (let n = 0; n < answers.length; n += 4) {
    const pair = ['left', 'right'].map(name => database.collection(name).has(n))
    expect(pair[0]).toBe(pair[1])
    if (answers[n] === 200) expect(pair[0]).toBe(true)
  }
  expect(await database.check()).toMatchObject({ isClean: true })
  database.close()
})

function both(_id: number): object[] {
  return ['left', 'right'].map(collection => ({ op: 'insert', collection, document: { _id } }))
}

test('a_database_that_another_process_holds_is_told_without_its_path', async () => {
  const folder = temporaryFolder()
  const child = startChild(
    `open(path); console.log('open'); process.stdin.once('data', () => process.exit())`,
    join(folder, 'main.quire')
  )
  await new Promise(resolve => child.stdout?.once('data', resolve))
  const server = await served({ folder })
  const { status, value } = await ask(server, 'GET', '/v1/databases/main')
  expect([status, value.code]).toEqual([503, 'LOCKED'])
  expect(value.detail).not.toContain(folder)
  child.stdin?.write('end\n')
  await ended(child)
  expect((await ask(server, 'GET', '/v1/databases/main')).status).toBe(200)
})

test('a_server_in_memory_leaves_nothing', async () => {
  const server = await served({ folder: ':memory:' })
  expect((await ask(server, 'POST', `${ITEMS}/documents`, { _id: 1 })).status).toBe(201)
  expect((await ask(server, 'GET', `${ITEMS}/documents/1?idType=integer`)).value).toEqual({ _id: 1 })
  expect(await refusal(server, 'GET', '/v1/databases/other')).toEqual([404, 'DATABASE_NOT_FOUND'])
  expect(existsSync(':memory:')).toBe(false)
})
