// The page map: what is read off the data file agrees with what the engine counts.

import { copyFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { collectionNames } from '../../src/server/catalog-names.ts'
import { serve } from '../../src/server/index.ts'
import { readPageMap } from '../../src/server/page-map.ts'
import type { PageRun } from '../../src/server/page-runs.ts'
import { ask, refusal, served, temporaryFolder } from './harness.ts'

const ALL = 65_536

function countOf(runs: readonly PageRun[], chosen: (run: PageRun) => boolean): number {
  return runs.filter(chosen).reduce((sum, { count }) => sum + count, 0)
}

/** A closed database with two collections, an index, a large document, and room that deletes left. */
function made(folder: string) {
  const path = join(folder, 'main.quire')
  const db = open(path)
  const users = db.collection<{ _id: number; name: string; nested?: object }>('users')
  users.insertMany(
    Array.from({ length: 3000 }, (_, n) => ({ _id: n, name: `user ${n}`, nested: { [`key${n % 3}`]: n } }))
  )
  users.createIndex({ name: 1 })
  const ümlaut = db.collection<{ _id: string; text: string }>('shop/ümlaut')
  ümlaut.insertMany(Array.from({ length: 500 }, (_, n) => ({ _id: `d${n}`, text: 'x'.repeat(400) })))
  ümlaut.insertOne({ _id: 'large', text: 'y'.repeat(50_000) })
  users.deleteMany({ _id: { $gte: 1000 } })
  const { collections } = db.stats()
  db.close()
  return { path, collections }
}

test('the_map_agrees_with_the_counts_of_the_engine', async () => {
  const { path, collections } = made(temporaryFolder())
  const map = await readPageMap(path, 0, ALL)
  const runs = map?.runs ?? []
  const db = open(path)
  const { pagesCount, freePagesCount } = db.stats()
  db.close()
  expect(map).toMatchObject({ pageBytes: 4096, pagesCount })
  expect(countOf(runs, () => true)).toBe(pagesCount)
  expect(countOf(runs, ({ kind }) => kind === 'free')).toBe(freePagesCount)
  expect(countOf(runs, ({ kind }) => kind === 'header')).toBe(2)
  expect(countOf(runs, ({ kind }) => kind === 'unknown')).toBe(0)
  for (const { name, pagesCount } of collections) {
    expect(countOf(runs, run => run.kind === 'documents' && run.collection === name)).toBe(pagesCount)
    expect(countOf(runs, run => run.kind === 'idIndex' && run.collection === name)).toBeGreaterThan(0)
  }
  expect(countOf(runs, run => run.kind === 'index' && run.collection === 'users')).toBeGreaterThan(0)
  expect(countOf(runs, run => run.kind === 'largeDocuments' && run.collection === 'shop/ümlaut')).toBe(13)
  expect(runs.every(({ count, freeBytes = 0 }) => freeBytes < count * 4096)).toBe(true)
})

test('a_part_of_the_map_is_the_same_part_of_the_whole', async () => {
  const { path } = made(temporaryFolder())
  const whole = (await readPageMap(path, 0, ALL))?.runs.flatMap(one => Array(one.count).fill(one.kind))
  const part = (await readPageMap(path, 10, 20))?.runs.flatMap(one => Array(one.count).fill(one.kind))
  expect(part).toEqual(whole?.slice(10, 30))
  expect((await readPageMap(path, 1_000_000, 5))?.runs).toEqual([])
})

test('bytes_that_are_no_database_or_a_damaged_one_give_no_map_or_an_unknown_part', async () => {
  const folder = temporaryFolder()
  const { path } = made(folder)
  const other = join(folder, 'other')
  writeFileSync(other, 'x'.repeat(10_000))
  expect(await readPageMap(other, 0, ALL)).toBeUndefined()
  writeFileSync(other, '')
  expect(await readPageMap(other, 0, ALL)).toBeUndefined()
  copyFileSync(path, other)
  truncateSync(other, 5 * 4096)
  expect(countOf((await readPageMap(other, 0, ALL))?.runs ?? [], () => true)).toBe(5)
  for (const bytes of [[], [9], [2, 1, 2, 3], [2, ...Array(68).fill(255)]]) {
    expect(collectionNames(Buffer.from(bytes))).toBeUndefined()
  }
  expect(collectionNames(Buffer.from([2]))).toEqual(new Map())
})

test('the_route_tells_pages_of_files_and_refuses_databases_in_memory', async () => {
  const folder = temporaryFolder()
  made(folder)
  const server = await served({ folder })
  const { status, value } = await ask(server, 'GET', '/v1/databases/main/pages?first=2&limit=3')
  expect(status).toBe(200)
  expect(value.runs[0].first).toBe(2)
  expect(await refusal(server, 'GET', '/v1/databases/main/pages?first=-1')).toEqual([400, 'INVALID_REQUEST'])
  expect(await refusal(server, 'GET', '/v1/databases/main/pages?shard=1')).toEqual([404, 'NOT_FOUND'])
  expect(await refusal(server, 'GET', '/v1/databases/nothing/pages')).toEqual([404, 'DATABASE_NOT_FOUND'])
  await using inMemory = await serve({ folder: ':memory:', port: 0 })
  expect(await refusal(inMemory, 'GET', '/v1/databases/main/pages')).toEqual([404, 'NOT_FOUND'])
})
