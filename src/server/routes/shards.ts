// Routes of a database's shards: how many there are and what each has to carry, and making more of them or fewer.
//
// Promises: the answer to a change comes when it is said on disk how many there shall be; documents move while others
// read and write, and go on moving after a restart. Leaves to others: moving (../shard-mover.ts).

import { z } from '@hono/zod-openapi'
import type { OpenDatabase } from '../databases.ts'
import { noQuery, type Route, route } from '../route.ts'
import { count, databasePath } from '../schemas.ts'
import { SHARDS_MAX } from '../shard-files.ts'

const TAG = 'Shards'
const shardsCount = z.int().min(1).max(SHARDS_MAX)
const state = z
  .strictObject({
    shardsCount: shardsCount.openapi({ description: 'Shards that documents are in, or on their way out of' }),
    target: shardsCount.openapi({ description: 'Shards that there shall be; the same when nothing moves' }),
    movedCount: count.openapi({ description: 'Documents moved since the database was opened' }),
    failure: z.string().optional().openapi({ description: 'Why documents do not move on' }),
    shards: z.array(
      z.strictObject({
        shard: z.int().min(0),
        documentsCount: count,
        documentsBytes: count,
        pagesCount: count,
        cacheBytes: count,
        logBytes: count,
        commitsCount: count
      })
    )
  })
  .openapi('Shards')

function stateOf({ shards, mover }: OpenDatabase) {
  const loads = shards.parts.map((part, shard) => {
    const { collections, pagesCount, cacheBytes, logBytes, commitsCount } = part.stats()
    const sum = (key: 'documentsCount' | 'documentsBytes') => collections.reduce((all, one) => all + one[key], 0)
    const documents = { documentsCount: sum('documentsCount'), documentsBytes: sum('documentsBytes') }
    return { shard, ...documents, pagesCount, cacheBytes, logBytes, commitsCount }
  })
  const failure = mover.failure === undefined ? {} : { failure: codeOf(mover.failure) }
  return { shardsCount: shards.count, target: shards.target, movedCount: mover.movedCount, ...failure, shards: loads }
}

/** The state between two batches that move. */
function whole(opened: OpenDatabase) {
  return opened.shards.lock.shared(async () => stateOf(opened))
}

/** Messages may tell paths; the log has them. */
function codeOf(failure: unknown): string {
  const code: unknown = (failure as { code?: unknown }).code
  return typeof code === 'string' ? code : 'INTERNAL'
}

const show = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/shards',
    tag: TAG,
    summary: 'The shards of a database, with the load of each',
    access: 'read',
    params: databasePath,
    query: noQuery,
    answers: { 200: { description: 'The shards', schema: state } }
  },
  async ({ server, params }) => ({
    status: 200,
    value: await server.databases.use(params.database, opened => whole(opened))
  })
)

const resize = route(
  {
    method: 'put',
    path: '/v1/databases/{database}/shards',
    tag: TAG,
    summary: 'Make more shards, or fewer',
    description:
      'Only the documents that belong elsewhere move: 1/N of them into the Nth shard. Not while change streams are open, and not where a collection has a unique index.',
    access: 'admin',
    isLong: true,
    params: databasePath,
    query: noQuery,
    body: z.strictObject({ shardsCount }),
    answers: { 202: { description: 'Documents move', schema: state } }
  },
  async ({ server, params, body }) => {
    const value = await server.databases.use(params.database, async opened => {
      await server.databases.resize(opened, body.shardsCount)
      return whole(opened)
    })
    return { status: 202, value }
  }
)

/** The routes of shards. */
export const shardRoutes: readonly Route[] = [show, resize]
