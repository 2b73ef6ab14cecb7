// Routes of collections and their indexes: which there are, making, renaming and dropping them.
//
// Promises: the same as the calls of the same names. Leaves to others: documents (documents.ts, writes.ts).

import { z } from '@hono/zod-openapi'
import type { Database, Document, IndexDescription } from '../../index.ts'
import { ONCE_COLLECTION } from '../once.ts'
import { Refusal } from '../problems.ts'
import { noQuery, type Route, route } from '../route.ts'
import {
  anyObject,
  collectionInfo,
  collectionName,
  collectionPath,
  databasePath,
  filter,
  indexPath,
  writeQuery
} from '../schemas.ts'
import { refuseUnique } from '../shard-mover.ts'
import { everywhere, longEverywhere, shortWrite } from '../writes.ts'

const TAG = 'Collections'
const INDEXES = 'Indexes'

const list = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/collections',
    tag: TAG,
    summary: 'The collections of a database',
    description:
      'The collection `User` of namespace `google` is the collection `google/User`, in a path `google%2FUser`.',
    access: 'read',
    isFiltered: true,
    params: databasePath,
    query: z.strictObject({
      prefix: z.string().max(255).optional().openapi({ description: 'Only those whose names begin with this' })
    }),
    answers: {
      200: {
        description: 'In the order of their names',
        schema: z.strictObject({ collections: z.array(collectionInfo) })
      }
    }
  },
  async ({ server, grant, params, query }) => {
    const all = await server.databases.use(params.database, ({ shards }) => shards.listCollections())
    return {
      status: 200,
      value: {
        collections: all.filter(
          ({ name }) =>
            name.startsWith(query.prefix ?? '') &&
            name !== ONCE_COLLECTION &&
            grant.allows('read', params.database, name)
        )
      }
    }
  }
)

const create = route(
  {
    method: 'put',
    path: '/v1/databases/{database}/collections/{collection}',
    tag: TAG,
    summary: 'Make an empty collection',
    description: 'Needed only for options: the first write makes a collection.',
    access: 'write',
    params: collectionPath,
    query: noQuery,
    isBodyOptional: true,
    body: z.strictObject({
      ids: z.enum(['ulid', 'integer']).optional().openapi({ description: 'How documents without an `_id` get one' })
    }),
    answers: { 201: { description: 'It was made', schema: z.strictObject({ name: collectionName }) } }
  },
  async ({ server, params, body }) => {
    await server.databases.use(params.database, opened =>
      everywhere({ opened, names: [params.collection], durability: undefined }, part =>
        part.createCollection(params.collection, body?.ids === undefined ? {} : { ids: body.ids })
      )
    )
    return { status: 201, value: { name: params.collection } }
  }
)

const drop = route(
  {
    method: 'delete',
    path: '/v1/databases/{database}/collections/{collection}',
    tag: TAG,
    summary: 'Drop a collection and all its documents',
    access: 'write',
    params: collectionPath,
    query: noQuery,
    answers: { 204: { description: 'It is gone' } }
  },
  async ({ server, params }) => {
    const existed = await server.databases.use(params.database, opened =>
      everywhere({ opened, names: [params.collection], durability: undefined }, part =>
        part.dropCollection(params.collection)
      )
    )
    if (!existed.includes(true)) throw new Refusal('NOT_FOUND', `there is no collection ${params.collection}`)
    return { status: 204 }
  }
)

const rename = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/rename',
    tag: TAG,
    summary: 'Give a collection another name',
    access: 'write',
    params: collectionPath,
    query: noQuery,
    body: z.strictObject({ to: collectionName }),
    answers: { 200: { description: 'Its new name', schema: z.strictObject({ name: collectionName }) } }
  },
  async ({ server, grant, params, body }) => {
    grant.require('write', params.database, body.to)
    await server.databases.use(params.database, opened =>
      shortWrite({ opened, names: [params.collection, body.to], durability: undefined }, () =>
        opened.database.renameCollection(params.collection, body.to)
      )
    )
    return { status: 200, value: { name: body.to } }
  }
)

const indexFields = z.record(z.string(), z.union([z.literal(1), z.literal(-1)])).openapi({ example: { email: 1 } })
const indexDescription = z.strictObject({
  key: indexFields,
  name: z.string().min(1).max(1024).optional(),
  unique: z.boolean().optional(),
  sparse: z.boolean().optional(),
  partialFilterExpression: filter.optional(),
  expireAfterSeconds: z.int().min(0).max(2_147_483_647).optional()
})

const listIndexes = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/collections/{collection}/indexes',
    tag: INDEXES,
    summary: 'The indexes of a collection',
    access: 'read',
    params: collectionPath,
    query: noQuery,
    answers: { 200: { description: 'The one on `_id` first', schema: z.strictObject({ indexes: z.array(anyObject) }) } }
  },
  async ({ server, params }) => {
    const indexes = await server.databases.use(params.database, ({ shards }) => {
      const has = (part: Database) => part.listCollections().some(({ name }) => name === params.collection)
      return (shards.parts.find(has) ?? shards.parts[0])?.collection(params.collection).listIndexes()
    })
    return { status: 200, value: { indexes } }
  }
)

const createIndexes = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/indexes',
    isLong: true,
    tag: INDEXES,
    summary: 'Make indexes, or none when one cannot be made',
    access: 'write',
    params: collectionPath,
    query: writeQuery,
    body: z.strictObject({ indexes: z.array(indexDescription).min(1).max(63) }),
    answers: { 201: { description: 'Their names', schema: z.strictObject({ names: z.array(z.string()) }) } }
  },
  async ({ server, params, query, body }) => {
    const names = await server.databases.use(params.database, opened =>
      longEverywhere({ opened, names: [params.collection], durability: query.durability }, (part, options) => {
        if (opened.shards.isSharded) refuseUnique(params.collection, body.indexes)
        return part
          .collection(params.collection)
          .async.createIndexes(body.indexes as unknown as IndexDescription<Document>[], options)
      })
    )
    return { status: 201, value: { names: names[0] } }
  }
)

const dropIndex = route(
  {
    method: 'delete',
    path: '/v1/databases/{database}/collections/{collection}/indexes/{index}',
    tag: INDEXES,
    summary: 'Drop an index',
    access: 'write',
    params: indexPath,
    query: writeQuery,
    answers: { 204: { description: 'It is gone' } }
  },
  async ({ server, params, query }) => {
    await server.databases.use(params.database, opened =>
      everywhere({ opened, names: [params.collection], durability: query.durability }, (part, options) =>
        part.collection(params.collection).dropIndex(params.index, options)
      )
    )
    return { status: 204 }
  }
)

/** The routes of collections and indexes. */
export const collectionRoutes: readonly Route[] = [list, create, drop, rename, listIndexes, createIndexes, dropIndex]
