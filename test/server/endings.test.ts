// How a server ends: killed under load, or asked to close while it works. No write that was answered is lost.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import type { RunningServer } from '../../src/server/index.ts'
import { ended, startChild } from '../crash/child.ts'
import { ask, ITEMS, refusal, served, temporaryFolder } from './harness.ts'

const ROUNDS = Number(process.env['QUIRE_KILL_ROUNDS'] ?? 3)
const WRITERS = 8
const SERVER = `
const { serve } = await import(${JSON.stringify(new URL('../../dist/server/index.js', import.meta.url).href)})
const server = await serve({ folder: path, port: 0 })
process.stdout.write(server.url + '\\n')`

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
    const child = startChild(SERVER, folder)
    const end = ended(child)
    const url = await new Promise<string>(resolve => child.stdout?.once('data', text => resolve(String(text).trim())))
    let count = 0
    const killAt = 200 + round * 173
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
  expect(answered.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(ROUNDS * 150)
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
