// Routes that write by filter, or write many documents: the calls of the same names.
//
// Promises: as those calls: all documents or none, but for `ordered: false`. What a filter finds is written on a pool
// thread, one such write of a collection at a time.
// Leaves to others: what operators do (the engine), single documents (documents.ts).

import { z } from '@hono/zod-openapi'
import type {
  AsyncCollection,
  BulkWriteOperation,
  Document,
  Filter,
  OptionalId,
  Update,
  WriteOptions
} from '../../index.ts'
import { ONCE_HEADER } from '../once.ts'
import { type Route, route } from '../route.ts'
import {
  acknowledged,
  anyId,
  anyObject,
  arrayFilters,
  collectionPath,
  count,
  deleteResult,
  filter,
  hint,
  sort,
  update,
  updateResult,
  writeQuery
} from '../schemas.ts'
import { longWrite, shortWrite, writeOf } from '../writes.ts'

const TAG = 'Writes'
/** Documents that are inserted in the turn of their request. */
const SHORT_INSERT_MAX = 500

const idsByPlace = z.record(z.string(), anyId)
const upsert = z.boolean().optional()
const returnDocument = z.enum(['before', 'after']).optional()
const changing = { filter, upsert, hint: hint.optional() }
const found = z.strictObject({ document: z.union([anyObject, z.null()]) })

const insertBody = z.strictObject({
  documents: z.array(anyObject).min(1),
  ordered: z.boolean().optional().openapi({ description: 'False: insert all that can be inserted' })
})

const insertMany = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/insert-many',
    tag: TAG,
    summary: 'Insert documents, all of them or none',
    access: 'write',
    params: collectionPath,
    query: writeQuery,
    headers: ONCE_HEADER,
    body: insertBody,
    answers: {
      201: {
        description: 'Their ids, by their place',
        schema: z.strictObject({ acknowledged, insertedCount: count, insertedIds: idsByPlace })
      }
    }
  },
  async call => {
    const { server, params, body } = call
    const { documents, ordered } = body
    const value = await server.databases.use(params.database, opened => {
      const write = writeOf(call, opened, [params.collection])
      const more = ordered === undefined ? {} : { ordered }
      return documents.length <= SHORT_INSERT_MAX
        ? shortWrite(write, (options, target) =>
            target.collection<Document>(params.collection).insertMany(documents, { ...options, ...more })
          )
        : longWrite(write, (options, target) =>
            target.collection<Document>(params.collection).async.insertMany(documents, { ...options, ...more })
          )
    })
    return { status: 201, value }
  }
)

/** What the bodies below hold, each some of it. */
interface WriteBody {
  readonly filter: Filter<Document>
  readonly update: Update<Document>
  readonly replacement: OptionalId<Document>
  readonly operations: readonly BulkWriteOperation<Document>[]
  readonly ordered?: boolean
}

/** A write that a filter finds the documents for. */
interface FilterWrite {
  readonly path: string
  readonly summary: string
  readonly body: z.ZodType
  readonly result: z.ZodType
  readonly run: (documents: AsyncCollection<Document>, body: WriteBody, options: WriteOptions) => Promise<unknown>
}

/** A body without the fields that are arguments of their own: what is left are options. */
function optionsOf(body: object, options: WriteOptions): never {
  const { filter: _filter, update: _update, replacement: _replacement, ...others } = body as WriteBody
  return { ...others, ...options } as never
}

const FILTER_WRITES: readonly FilterWrite[] = [
  {
    path: 'update-one',
    summary: 'Change the first document that matches',
    body: z.strictObject({ ...changing, update, sort: sort.optional(), arrayFilters: arrayFilters.optional() }),
    result: updateResult,
    run: (documents, body, options) => documents.updateOne(body.filter, body.update, optionsOf(body, options))
  },
  {
    path: 'update-many',
    summary: 'Change every document that matches, all of them or none',
    body: z.strictObject({ ...changing, update, arrayFilters: arrayFilters.optional() }),
    result: updateResult,
    run: (documents, body, options) => documents.updateMany(body.filter, body.update, optionsOf(body, options))
  },
  {
    path: 'replace-one',
    summary: 'Put a document in the place of the first one that matches',
    body: z.strictObject({ ...changing, replacement: anyObject, sort: sort.optional() }),
    result: updateResult,
    run: (documents, body, options) => documents.replaceOne(body.filter, body.replacement, optionsOf(body, options))
  },
  {
    path: 'delete-one',
    summary: 'Delete the first document that matches',
    body: z.strictObject({ filter, hint: hint.optional() }),
    result: deleteResult,
    run: (documents, body, options) => documents.deleteOne(body.filter, optionsOf(body, options))
  },
  {
    path: 'delete-many',
    summary: 'Delete every document that matches, all of them or none',
    body: z.strictObject({ filter, hint: hint.optional() }),
    result: deleteResult,
    run: (documents, body, options) => documents.deleteMany(body.filter, optionsOf(body, options))
  },
  {
    path: 'find-one-and-update',
    summary: 'Change the first document that matches, and give it back',
    body: z.strictObject({
      ...changing,
      update,
      returnDocument,
      sort: sort.optional(),
      projection: anyObject.optional(),
      arrayFilters: arrayFilters.optional()
    }),
    result: found,
    run: async (documents, body, options) => ({
      document: await documents.findOneAndUpdate(body.filter, body.update, optionsOf(body, options))
    })
  },
  {
    path: 'find-one-and-replace',
    summary: 'Put a document in the place of the first one that matches, and give one of the two back',
    body: z.strictObject({
      ...changing,
      replacement: anyObject,
      returnDocument,
      sort: sort.optional(),
      projection: anyObject.optional()
    }),
    result: found,
    run: async (documents, body, options) => ({
      document: await documents.findOneAndReplace(body.filter, body.replacement, optionsOf(body, options))
    })
  },
  {
    path: 'find-one-and-delete',
    summary: 'Delete the first document that matches, and give it back',
    body: z.strictObject({ filter, sort: sort.optional(), projection: anyObject.optional(), hint: hint.optional() }),
    result: found,
    run: async (documents, body, options) => ({
      document: await documents.findOneAndDelete(body.filter, optionsOf(body, options))
    })
  },
  {
    path: 'bulk-write',
    summary: 'Do many writes in one commit',
    body: z.strictObject({ operations: z.array(anyObject).min(1), ordered: z.boolean().optional() }),
    result: anyObject,
    run: (documents, { operations, ordered = true }, options) =>
      documents.bulkWrite(operations, { ordered, ...options })
  },
  {
    path: 'clear',
    summary: 'Delete every document',
    body: z.strictObject({}),
    result: deleteResult,
    run: async (documents, _, options) => ({ acknowledged: true, deletedCount: await documents.clear(options) })
  }
]

function filterWrite({ path, summary, body, result, run }: FilterWrite): Route {
  return route(
    {
      method: 'post',
      path: `/v1/databases/{database}/collections/{collection}/${path}`,
      tag: TAG,
      summary,
      access: 'write',
      params: collectionPath,
      query: writeQuery,
      headers: ONCE_HEADER,
      body,
      answers: { 200: { description: 'What was done', schema: result } }
    },
    async call => {
      const { server, params } = call
      const value = await server.databases.use(params.database, opened =>
        longWrite(writeOf(call, opened, [params.collection]), (options, target) =>
          run(target.collection<Document>(params.collection).async, call.body as WriteBody, options)
        )
      )
      return { status: 200, value }
    }
  )
}

/** The routes that write by filter, or write many documents. */
export const writeRoutes: readonly Route[] = [insertMany, ...FILTER_WRITES.map(filterWrite)]
