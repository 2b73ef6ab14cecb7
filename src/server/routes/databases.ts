// Routes of databases as a whole: which there are, making and deleting them, what they tell, keeping them in order.
//
// Promises: nothing here says where the files lie. Leaves to others: files (../databases.ts), downloads (backups.ts).

import { z } from '@hono/zod-openapi'
import { DEFAULT_DATABASE } from '../databases.ts'
import { Refusal } from '../problems.ts'
import { noQuery, type Route, route } from '../route.ts'
import { collectionInfo, count, databaseName, databasePath } from '../schemas.ts'
import { EVERY_COLLECTION } from '../write-gate.ts'
import { longWrite } from '../writes.ts'

const TAG = 'Databases'

const listing = z.strictObject({
  databases: z.array(z.strictObject({ name: databaseName, isOpen: z.boolean(), fileBytes: count }))
})
const stats = z
  .strictObject({
    collections: z.array(collectionInfo),
    pagesCount: count,
    freePagesCount: count,
    cacheBytes: count,
    dirtyBytes: count,
    versionBytes: count,
    logBytes: count,
    sequence: count,
    commitsCount: count,
    checkpointsCount: count,
    pageLoadsCount: count
  })
  .openapi('Stats')
const checkReport = z.strictObject({
  isClean: z.boolean(),
  pagesCount: count,
  documentsCount: count,
  problemsCount: count,
  problems: z.array(z.looseObject({ code: z.string(), message: z.string() }))
})
const compactReport = z.strictObject({
  bytesBefore: count,
  bytesAfter: count,
  moved: z.array(z.string()),
  left: z.array(z.string())
})

const list = route(
  {
    method: 'get',
    path: '/v1/databases',
    tag: TAG,
    summary: 'The databases',
    access: 'read',
    isFiltered: true,
    query: noQuery,
    answers: { 200: { description: 'Those that the token opens, by name', schema: listing } }
  },
  ({ server: { databases }, grant }) => {
    const open = new Set(databases.opened().map(opened => opened.name))
    const known = databases.list().filter(name => grant.knows(name))
    const all = known.map(name => ({ name, isOpen: open.has(name), fileBytes: databases.bytesOf(name) }))
    return { status: 200, value: { databases: all } }
  }
)

const show = route(
  {
    method: 'get',
    path: '/v1/databases/{database}',
    tag: TAG,
    summary: 'Counts and sizes of a database',
    access: 'read',
    params: databasePath,
    query: noQuery,
    answers: { 200: { description: 'As `db.stats()` gives them', schema: stats } }
  },
  async ({ server, params }) => {
    return { status: 200, value: await server.databases.use(params.database, ({ shards }) => shards.stats()) }
  }
)

const create = route(
  {
    method: 'put',
    path: '/v1/databases/{database}',
    tag: TAG,
    summary: 'Make a database',
    access: 'admin',
    params: databasePath,
    query: noQuery,
    answers: {
      200: { description: 'It was there', schema: z.strictObject({ name: databaseName }) },
      201: { description: 'It was made', schema: z.strictObject({ name: databaseName }) }
    }
  },
  async ({ server, params }) => {
    const isNew = await server.databases.create(params.database)
    return { status: isNew ? 201 : 200, value: { name: params.database } }
  }
)

const remove = route(
  {
    method: 'delete',
    path: '/v1/databases/{database}',
    tag: TAG,
    summary: 'Delete a database and its file',
    access: 'admin',
    params: databasePath,
    query: noQuery,
    answers: { 204: { description: 'It is gone' } }
  },
  async ({ server, params }) => {
    if (params.database === DEFAULT_DATABASE) {
      throw new Refusal('DATABASE_IN_USE', `database ${DEFAULT_DATABASE} is always there; drop its collections`)
    }
    await server.databases.remove(params.database)
    return { status: 204 }
  }
)

const check = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/check',
    isLong: true,
    tag: TAG,
    summary: 'Read everything and compare it with everything else',
    access: 'admin',
    params: databasePath,
    query: noQuery,
    answers: { 200: { description: 'What is wrong, if anything is', schema: checkReport } }
  },
  async ({ server, params }) => {
    return { status: 200, value: await server.databases.use(params.database, ({ database }) => database.check()) }
  }
)

const compact = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/compact',
    isLong: true,
    tag: TAG,
    summary: 'Give back the room that deletes left',
    access: 'admin',
    params: databasePath,
    query: noQuery,
    answers: { 200: { description: 'What was done', schema: compactReport } }
  },
  async ({ server, params }) => {
    const report = await server.databases.use(params.database, opened =>
      longWrite({ opened, names: EVERY_COLLECTION, durability: 'process' }, () => opened.database.compact())
    )
    return { status: 200, value: report }
  }
)

/** The routes of databases. */
export const databaseRoutes: readonly Route[] = [list, show, create, remove, check, compact]
