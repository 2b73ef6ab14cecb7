// Routes of one document: by its id, with entity tags.
//
// An entity tag is a hash of the document as it is stored, so If-Match lets a write through only when nobody was
// faster. Promises: the look at the tag and the write are one transaction. Leaves to others: filters (queries.ts, writes.ts).
// Source: RFC 9110, section 13.1.

import { hash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import {
  type Document,
  type Documents,
  type Id,
  type OptionalId,
  QuireError,
  type Update,
  type WithId
} from '../../index.ts'
import type { OpenDatabase } from '../databases.ts'
import type { Form } from '../media.ts'
import { pack } from '../message-pack.ts'
import { ONCE_HEADER } from '../once.ts'
import { Refusal } from '../problems.ts'
import { type Answer, type Call, type Route, route } from '../route.ts'
import {
  anyId,
  anyObject,
  collectionPath,
  documentPath,
  idQuery,
  idWriteQuery,
  update as updateSchema,
  writeQuery
} from '../schemas.ts'
import { shortWrite, writeOf } from '../writes.ts'

const TAG = 'Documents'
const IF_MATCH = 'Only when the document has one of these entity tags; `*`: only when there is one'
const IF_NONE_MATCH = 'Only when the document has none of these entity tags; `*`: only when there is none'
const PRECONDITIONS = { 'If-Match': IF_MATCH, 'If-None-Match': IF_NONE_MATCH, ...ONCE_HEADER }
const inserted = z.strictObject({ acknowledged: z.literal(true), insertedId: anyId })
const ids = z.strictObject({ _id: anyId, created: z.boolean() })

type IdParams = { database: string; collection: string; id: string }
type IdType = 'string' | 'integer' | 'bytes'

/** Reads the id of a path. @throws QuireError `INVALID_ID` */
export function idOf(text: string, type: IdType = 'string'): Id {
  if (type === 'string') return text
  if (type === 'integer' && /^-?\d{1,19}$/.test(text)) {
    const number = Number(text)
    if (Number.isSafeInteger(number)) return number
    const integer = BigInt(text)
    if (integer === BigInt.asIntN(64, integer)) return integer
  }
  if (type === 'bytes' && /^[A-Za-z0-9_-]*$/.test(text)) return new Uint8Array(Buffer.from(text, 'base64url'))
  throw new QuireError(
    'INVALID_ID',
    `the id in the path is no ${type === 'bytes' ? 'base64url' : 'whole number of 64 bits'}`
  )
}

/** The tag of a document, the same in every form. */
function hashOf(document: object): string {
  return hash('sha1', pack(document) as unknown as string, 'base64url')
}

/** A strong tag differs from form to form. */
export function tagOf(document: object, form: Form): string {
  return `"${hashOf(document)}${form === 'json' ? '' : `;${form}`}"`
}

/** Whether a list of tags has the one of a document. */
export function isListed(tags: string, document: object | undefined): boolean {
  if (document === undefined) return false
  if (tags.trim() === '*') return true
  const own = hashOf(document)
  return [...tags.matchAll(/"([^"]*)"/g)].some(([, tag]) => tag?.split(';')[0] === own)
}

/** @throws Refusal `PRECONDITION_FAILED` */
function checkPreconditions(call: Pick<Call<unknown, unknown, unknown>, 'context'>, current: object | undefined): void {
  const match = call.context.req.header('If-Match')
  const noneMatch = call.context.req.header('If-None-Match')
  if (match !== undefined && !isListed(match, current)) {
    throw new Refusal('PRECONDITION_FAILED', 'the document is not the one that If-Match names; read it again')
  }
  if (noneMatch !== undefined && isListed(noneMatch, current)) {
    throw new Refusal('PRECONDITION_FAILED', 'the document is one that If-None-Match names')
  }
}

function notFound({ collection, id }: IdParams): Refusal {
  return new Refusal('DOCUMENT_NOT_FOUND', `collection ${collection} has no document ${id}`)
}

/** A write by id in a transaction, with the document of before. */
function writeById<R>(
  call: Call<IdParams, { durability?: 'disk' | 'process' | 'lazy' | undefined; idType?: IdType | undefined }, unknown>,
  work: (documents: Documents<Document>, id: Id, current: WithId<Document> | undefined) => R
): Promise<R> {
  const { server, params, query } = call
  const id = idOf(params.id, query.idType)
  return server.databases.use(params.database, opened =>
    shortWrite(writeOf(call, opened, [params.collection], [{ collection: params.collection, id }]), (_, target) =>
      target.atomically(transaction => {
        const documents = transaction.collection<Document>(params.collection)
        const current = documents.get(id)
        checkPreconditions(call, current)
        return work(documents, id, current)
      })
    )
  )
}

/** The place of a document depends on its id, so it has to have one. @throws Refusal `SHARDED` */
function withId({ shards }: OpenDatabase, collection: string, document: Document): Document {
  if (document['_id'] !== undefined) return document
  if (shards.listCollections().some(({ name, ids }) => name === collection && ids === 'integer')) {
    throw new Refusal('SHARDED', `collection ${collection} counts its ids, which several shards cannot; give an _id`)
  }
  return { _id: shards.newId(), ...document }
}

const insert = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/documents',
    tag: TAG,
    summary: 'Insert a document',
    description: 'Where it has no `_id` one is made.',
    access: 'write',
    params: collectionPath,
    query: writeQuery,
    headers: ONCE_HEADER,
    body: anyObject,
    answers: { 201: { description: 'Its id', schema: inserted, headers: ['Location'] } }
  },
  async call => {
    const { server, params } = call
    const { collection } = params
    const result = await server.databases.use(params.database, opened => {
      const body = opened.shards.isSharded ? withId(opened, collection, call.body) : call.body
      const keys = [{ collection, id: body['_id'] as Id }]
      return shortWrite(writeOf(call, opened, [collection], keys), (options, target) =>
        target.collection<Document>(collection).insertOne(body as OptionalId<Document>, options)
      )
    })
    return { status: 201, value: result, headers: { Location: locationOf(params, result.insertedId) } }
  }
)

/** The path of a document. */
function locationOf({ database, collection }: { database: string; collection: string }, id: Id): string {
  const type = typeof id === 'string' ? '' : id instanceof Uint8Array ? '?idType=bytes' : '?idType=integer'
  const text = id instanceof Uint8Array ? Buffer.from(id).toString('base64url') : String(id)
  const [first, second, third] = [database, collection, text].map(encodeURIComponent)
  return `/v1/databases/${first}/collections/${second}/documents/${third}${type}`
}

const get = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/collections/{collection}/documents/{id}',
    tag: TAG,
    summary: 'A document by its id',
    access: 'read',
    params: documentPath,
    query: idQuery,
    headers: { 'If-None-Match': 'Answer 304 when the document still has one of these entity tags' },
    answers: {
      200: { description: 'The document', schema: anyObject, headers: ['ETag'] },
      304: { description: 'The document is as the client has it' }
    }
  },
  async ({ server, context, params, query, form }): Promise<Answer> => {
    const id = idOf(params.id, query.idType)
    const { collection } = params
    const document = await server.databases.use(params.database, opened =>
      opened.homeOf([{ collection, id }]).collection(collection).get(id)
    )
    if (document === undefined) throw notFound(params)
    const headers = { ETag: tagOf(document, form), 'Cache-Control': 'no-cache' }
    const known = context.req.header('If-None-Match')
    if (known !== undefined && isListed(known, document)) return { status: 304, headers }
    return { status: 200, value: document, headers }
  }
)

const put = route(
  {
    method: 'put',
    path: '/v1/databases/{database}/collections/{collection}/documents/{id}',
    tag: TAG,
    summary: 'Store a document, whether there is one of its id or not',
    access: 'write',
    params: documentPath,
    query: idWriteQuery,
    headers: PRECONDITIONS,
    body: anyObject,
    answers: {
      200: { description: 'It took the place of another one', schema: ids, headers: ['ETag'] },
      201: { description: 'There was none', schema: ids, headers: ['ETag'] }
    }
  },
  async call => {
    const { _id: given, ...fields } = call.body
    const { id, created, tag } = await writeById(call, (documents, id, current) => {
      if (given !== undefined && !isSameId(given, id)) {
        throw new QuireError('INVALID_ID', 'the document has another _id than the path')
      }
      documents.put({ _id: id, ...fields })
      return { id, created: current === undefined, tag: tagOf(documents.get(id) ?? {}, call.form) }
    })
    return { status: created ? 201 : 200, value: { _id: id, created }, headers: { ETag: tag } }
  }
)

function isSameId(given: unknown, id: Id): boolean {
  if (given instanceof Uint8Array) return id instanceof Uint8Array && Buffer.compare(given, id) === 0
  return given === id
}

const patch = route(
  {
    method: 'patch',
    path: '/v1/databases/{database}/collections/{collection}/documents/{id}',
    tag: TAG,
    summary: 'Change a document by operators or a pipeline',
    access: 'write',
    params: documentPath,
    query: idWriteQuery,
    headers: PRECONDITIONS,
    body: updateSchema,
    answers: { 200: { description: 'The document as it is now', schema: anyObject, headers: ['ETag'] } }
  },
  async call => {
    const document = await writeById(call, (documents, id, current) => {
      if (current === undefined) throw notFound(call.params)
      documents.updateOne({ _id: id }, call.body as Update<Document>)
      return documents.get(id) ?? current
    })
    return { status: 200, value: document, headers: { ETag: tagOf(document, call.form) } }
  }
)

const remove = route(
  {
    method: 'delete',
    path: '/v1/databases/{database}/collections/{collection}/documents/{id}',
    tag: TAG,
    summary: 'Delete a document',
    access: 'write',
    params: documentPath,
    query: idWriteQuery,
    headers: PRECONDITIONS,
    answers: { 204: { description: 'It is gone' } }
  },
  async call => {
    await writeById(call, (documents, id, current) => {
      if (current === undefined) throw notFound(call.params)
      documents.delete(id)
    })
    return { status: 204 }
  }
)

/** The routes of single documents. */
export const documentRoutes: readonly Route[] = [insert, get, put, patch, remove]
