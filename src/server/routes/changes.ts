// Routes of changes: what is committed, as Server-Sent Events.
//
// An event's id is its resume token, so a browser that reconnects goes on where it was (Last-Event-ID). Promises: only
// what is on disk is told, unless `durable=false` is asked; a client that takes nothing for too long is cut off; when the
// server shuts down its streams end, and can be resumed. Leaves to others: what is told (the engine, docs/CHANGES.md).
// Source: the HTML standard, "Server-sent events".

import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { type ChangeStream, type Document, stringifyExtended, type WatchOptions } from '../../index.ts'
import type { OpenDatabase } from '../databases.ts'
import { parseJson } from '../media.ts'
import { ONCE_COLLECTION } from '../once.ts'
import { problemOf, Refusal } from '../problems.ts'
import { type Call, checked, type Route, route } from '../route.ts'
import { anyObject, collectionPath, databasePath } from '../schemas.ts'

const TAG = 'Changes'
/** Milliseconds after which a silent stream says that it is there. */
const HEARTBEAT_MS = 15_000
const LAST_EVENT_ID = { 'Last-Event-ID': 'Go on behind the event of this id' }

const truth = z.enum(['true', 'false']).optional()
const watchQuery = z.strictObject({
  filter: z.string().max(10_000).optional().openapi({
    description: 'Conditions on fields of events, as JSON',
    example: '{"operationType": "insert"}'
  }),
  fullDocument: z.enum(['default', 'updateLookup']).optional(),
  resumeAfter: z.string().max(1000).optional().openapi({ description: 'As Last-Event-ID' }),
  durable: truth.openapi({ description: 'False: tell also what is not on disk yet' })
})
type WatchQuery = z.infer<typeof watchQuery>
type Watched = { watch(filter?: Document, options?: WatchOptions): ChangeStream<object> }

const answers = {
  200: {
    description: 'Events `open`, `change`, and `failure` at the end where one ended it',
    schema: z.string(),
    mediaType: 'text/event-stream'
  }
}

/** Opens the stream before anything is answered, so that what it refuses has a status. */
function opened(call: Call<unknown, WatchQuery, unknown>, watched: Watched, signal: AbortSignal): ChangeStream<object> {
  const { filter, fullDocument, resumeAfter, durable } = call.query
  const token = call.context.req.header('Last-Event-ID') ?? resumeAfter
  const asked = filter === undefined ? undefined : (checked(anyObject, parseJson(filter), 'query.filter') as Document)
  return watched.watch(asked, {
    signal,
    durable: durable !== 'false',
    ...(fullDocument === undefined ? {} : { fullDocument }),
    ...(token === undefined || token === '' ? {} : { startAfter: token })
  })
}

async function streamed(
  call: Call<{ database: string }, WatchQuery, unknown>,
  watchedOf: (opened: OpenDatabase) => Watched
): Promise<Response> {
  const { server, context, params } = call
  const { metrics, databases, settings } = server
  if (metrics.streamsOpen >= settings.limits.streamsMax) {
    throw new Refusal('OVERLOADED', `${settings.limits.streamsMax} change streams are open`)
  }
  const database = await databases.acquire(params.database)
  const left = new AbortController()
  const signal = AbortSignal.any([left.signal, server.shutdown])
  let changes: ChangeStream<object>
  try {
    changes = opened(call, watchedOf(database), signal)
  } catch (error) {
    databases.release(database)
    throw error
  }
  metrics.streamsOpen++
  database.streamsCount++
  // Only hono has streams, and so this route is reached through it.
  return streamSSE(context as Context, async stream => {
    stream.onAbort(() => left.abort())
    try {
      await tell(stream, changes, { left, stallMs: settings.limits.answerTimeoutMs })
    } catch (error) {
      if (!signal.aborted) await tellFailure(stream, error, databases.folder)
    } finally {
      changes.close()
      metrics.streamsOpen--
      database.streamsCount--
      databases.release(database)
    }
  })
}

/** Tells changes until there are none any more, or nobody listens. */
async function tell(
  stream: SSEStreamingApi,
  changes: ChangeStream<object>,
  { left, stallMs }: { left: AbortController; stallMs: number }
): Promise<void> {
  const within = async (write: Promise<unknown>) => {
    const timer = setTimeout(() => left.abort(), stallMs)
    try {
      await write
    } finally {
      clearTimeout(timer)
    }
  }
  const heartbeat = setInterval(() => void stream.write(': still here\n\n').catch(() => undefined), HEARTBEAT_MS)
  try {
    // A place to go on from, also for a client that is cut off before the first change.
    await within(stream.writeSSE({ event: 'open', id: changes.resumeToken, data: '{}' }))
    for await (const change of changes) {
      const { _id: id } = change as { _id: string }
      await within(stream.writeSSE({ event: 'change', id, data: stringifyExtended(change) }))
    }
  } finally {
    clearInterval(heartbeat)
  }
}

async function tellFailure(stream: SSEStreamingApi, error: unknown, folder: string): Promise<void> {
  const { problem } = problemOf(error, folder)
  await stream.writeSSE({ event: 'failure', data: stringifyExtended(problem) })
}

const watchDatabase = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/changes',
    tag: TAG,
    summary: 'The changes of a database, as they are committed',
    access: 'read',
    params: databasePath,
    query: watchQuery,
    headers: LAST_EVENT_ID,
    answers
  },
  call =>
    streamed(call, ({ database }) => ({
      watch: (filter = {}, options) =>
        database.watch({ $and: [{ 'ns.coll': { $ne: ONCE_COLLECTION } }, filter] } as never, options)
    }))
)

const watchCollection = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/collections/{collection}/changes',
    tag: TAG,
    summary: 'The changes of a collection, as they are committed',
    access: 'read',
    params: collectionPath,
    query: watchQuery,
    headers: LAST_EVENT_ID,
    answers
  },
  call => streamed(call, ({ database }) => database.collection(call.params.collection) as unknown as Watched)
)

/** The routes of changes. */
export const changeRoutes: readonly Route[] = [watchDatabase, watchCollection]
