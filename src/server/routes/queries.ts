// Routes that read many documents: find, aggregate, count, distinct, explain.
//
// They take POST, because filters do not fit a path. An answer holds at most `documentsMax` documents and says whether
// there are more; with an Accept of a stream there is no such bound, and the client's pace is kept.
// Promises: nothing is read on the event loop; a client that goes away ends its cursor; a failure in the middle of a
// stream cuts the connection, so half an answer is never taken for a whole one.
// Leaves to others: which collections a pipeline may name (auth.ts).

import { z } from '@hono/zod-openapi'
import {
  type AggregateOptions,
  type AsyncAggregationCursor,
  type AsyncCursor,
  type Document,
  type FindOptions,
  type PipelineStage,
  QuireError
} from '../../index.ts'
import { requirePipeline } from '../auth.ts'
import type { OpenDatabase } from '../databases.ts'
import { mergedCount, mergedFind } from '../merged.ts'
import { type Call, noQuery, type Route, route } from '../route.ts'
import { anyObject, collectionPath, count, filter, hint, sort } from '../schemas.ts'
import { type DocumentSource, streamOf } from '../streams.ts'
import { longWrite } from '../writes.ts'

const TAG = 'Queries'
const LIMIT_DEFAULT = 1000

const findBody = z.strictObject({
  filter: filter.optional(),
  projection: anyObject.optional(),
  sort: sort.optional(),
  skip: count.optional(),
  limit: count
    .min(1)
    .optional()
    .openapi({ description: `Most documents; ${LIMIT_DEFAULT} by default, all in a stream` }),
  hint: hint.optional()
})
const documents = z.strictObject({
  documents: z.array(anyObject),
  hasMore: z.boolean().openapi({ description: 'Whether there are more than were asked for' })
})
const pipeline = z.array(anyObject).max(1000)
const aggregateBody = z.strictObject({ pipeline, hint: hint.optional() })

type CollectionParams = { database: string; collection: string }
type Cursor = AsyncCursor<object> | AsyncAggregationCursor<object> | DocumentSource

/** Options without those that were not given. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

/** The first `limit` results of a cursor, and whether there are more. */
async function firstOf(
  cursor: Cursor,
  limit: number,
  signal: AbortSignal
): Promise<{ documents: object[]; hasMore: boolean }> {
  const found: object[] = []
  try {
    for (let next = await cursor.next(); next !== null; next = await cursor.next()) {
      signal.throwIfAborted()
      if (found.length === limit) return { documents: found, hasMore: true }
      found.push(next)
    }
    return { documents: found, hasMore: false }
  } finally {
    await cursor.close()
  }
}

/** Answers with what a cursor of a database gives. */
async function answerWith(
  { server, context, params, form, isStream, signal }: Call<{ database: string }, unknown, unknown>,
  limit: number,
  cursorOf: (opened: OpenDatabase) => Cursor
) {
  if (!isStream) {
    const value = await server.databases.use(params.database, opened => firstOf(cursorOf(opened), limit, signal))
    return { status: 200, value }
  }
  const opened = await server.databases.acquire(params.database)
  const release = () => server.databases.release(opened)
  const cut = (error: unknown) => {
    server.settings.log.error({ path: context.req.path, error }, 'an answer was cut off')
    context.env.outgoing.destroy()
  }
  return streamOf(cursorOf(opened), { form, stallMs: server.settings.limits.answerTimeoutMs, release, cut })
}

const find = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/find',
    tag: TAG,
    summary: 'The documents that match a filter',
    access: 'read',
    params: collectionPath,
    query: noQuery,
    body: findBody,
    takesStream: true,
    answers: { 200: { description: 'Documents', schema: documents } }
  },
  call => {
    const { filter, limit, ...options } = call.body
    const most = Math.min(limit ?? LIMIT_DEFAULT, call.server.settings.limits.documentsMax)
    // One more than is given tells whether there are more.
    const asked = call.isStream ? limit : most + 1
    const { collection } = call.params
    const asks = given({ ...options, limit: asked }) as FindOptions<Document>
    return answerWith(call, most, ({ shards }) =>
      shards.isSharded
        ? mergedFind(shards, collection, filter ?? {}, asks)
        : shards.only.collection<Document>(collection).async.find(filter ?? {}, asks)
    )
  }
)

/** Whether the last stage of a pipeline writes. */
export function writesOf(stages: readonly Document[]): boolean {
  const last = stages.at(-1)
  return last !== undefined && ('$out' in last || '$merge' in last)
}

/** Runs a pipeline; one that writes holds its database's collections meanwhile. */
async function aggregated(call: Call<CollectionParams, unknown, z.infer<typeof aggregateBody>>) {
  const { pipeline: stages, ...options } = call.body
  requirePipeline(call.grant, call.params.database, stages)
  const cursorOf = ({ database }: OpenDatabase) =>
    database
      .collection(call.params.collection)
      .async.aggregate(stages as PipelineStage[], given(options) as AggregateOptions)
  const most = call.server.settings.limits.documentsMax
  if (!writesOf(stages)) return answerWith(call, most, cursorOf)
  const value = await call.server.databases.use(call.params.database, opened =>
    longWrite({ opened, names: [], durability: undefined }, () => firstOf(cursorOf(opened), most, call.signal))
  )
  return { status: 200, value }
}

const aggregate = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/aggregate',
    tag: TAG,
    summary: 'The results of an aggregation pipeline',
    description: 'A last stage of `$out` or `$merge` needs a token that may write.',
    access: 'read',
    params: collectionPath,
    query: noQuery,
    body: aggregateBody,
    takesStream: true,
    answers: { 200: { description: 'Results', schema: documents } }
  },
  call => aggregated(call)
)

const countDocuments = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/count',
    tag: TAG,
    summary: 'How many documents match',
    access: 'read',
    params: collectionPath,
    query: noQuery,
    body: z.strictObject({
      filter: filter.optional(),
      skip: count.optional(),
      limit: count.min(1).optional(),
      hint: hint.optional()
    }),
    answers: { 200: { description: 'The count', schema: z.strictObject({ count }) } }
  },
  async ({ server, params, body: { filter, ...options } }) => {
    const count = await server.databases.use(params.database, ({ shards }) =>
      shards.isSharded
        ? mergedCount(shards, params.collection, filter ?? {}, given(options) as never)
        : shards.only.collection(params.collection).async.countDocuments(filter ?? {}, given(options) as never)
    )
    return { status: 200, value: { count } }
  }
)

const distinct = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/distinct',
    tag: TAG,
    summary: 'The distinct values of a field',
    access: 'read',
    params: collectionPath,
    query: noQuery,
    body: z.strictObject({ field: z.string().min(1), filter: filter.optional(), hint: hint.optional() }),
    answers: { 200: { description: 'The values', schema: z.strictObject({ values: z.array(z.unknown()) }) } }
  },
  async ({ server, params, body: { field, filter, ...options } }) => {
    const values = await server.databases.use(params.database, ({ database }) =>
      database.collection(params.collection).async.distinct(field, filter ?? {}, given(options) as never)
    )
    return { status: 200, value: { values } }
  }
)

const explain = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/explain',
    tag: TAG,
    summary: 'How a query or a pipeline is done, and what that takes',
    access: 'read',
    params: collectionPath,
    query: noQuery,
    body: z.strictObject({ find: findBody.optional(), aggregate: aggregateBody.optional() }),
    answers: { 200: { description: 'The plan', schema: anyObject } }
  },
  async ({ server, grant, params, body }) => {
    requirePipeline(grant, params.database, body.aggregate?.pipeline)
    if ((body.find === undefined) === (body.aggregate === undefined)) {
      throw new QuireError('INVALID_ARGUMENT', 'explain takes find or aggregate, one of the two')
    }
    const value = await server.databases.use(params.database, ({ database }) => {
      const collection = database.collection(params.collection).async
      if (body.aggregate !== undefined) {
        const { pipeline: stages, ...options } = body.aggregate
        return collection
          .aggregate(stages as PipelineStage[], given(options) as AggregateOptions)
          .explain() as Promise<object>
      }
      const { filter, ...options } = body.find ?? {}
      return collection.find(filter ?? {}, given(options) as FindOptions<Document>).explain() as Promise<object>
    })
    return { status: 200, value }
  }
)

/** The routes that read many documents. */
export const queryRoutes: readonly Route[] = [find, aggregate, countDocuments, distinct, explain]
