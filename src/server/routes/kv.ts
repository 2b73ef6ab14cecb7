// Routes of key-value stores: a key by its path, lists by prefix and order, batches.
//
// `GET /v1/databases/main/kv/artists/1` is DSKVS's "collection/key". An entity tag is the version of an entry, so
// If-Match is compare-and-set. Promises: as the calls of the same names (docs/KEY-VALUE.md). Leaves to others: stores.

import { z } from '@hono/zod-openapi'
import type { Kv, KvOperation, KvSetOptions, WriteOptions } from '../../index.ts'
import { entryKey, mergedEntries } from '../merged.ts'
import { storeCollection } from '../names.ts'
import { ONCE_HEADER } from '../once.ts'
import { Refusal } from '../problems.ts'
import { type Call, type Route, route } from '../route.ts'
import { count, databaseName, durability, nameText } from '../schemas.ts'
import type { ShardKey } from '../shards.ts'
import { shortWrite, type Target, writeOf } from '../writes.ts'

const TAG = 'Key-value'
const LIMIT_DEFAULT = 1000
const TTL_MAX = 10 ** 13

const storeName = nameText(200)
const storePath = z.strictObject({
  database: databaseName,
  store: storeName.openapi({ description: 'Name of a store', example: 'artists' })
})
const keyPath = storePath.extend({ key: z.string().min(1).max(640).openapi({ description: 'A key' }) })
const namespace = storeName.optional().openapi({ description: 'The namespace of the store' })
const storeQuery = z.strictObject({ namespace })
const writeQuery = storeQuery.extend({ durability })
const digits = (description: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,12}$/)
    .optional()
    .openapi({ description })
const setQuery = writeQuery.extend({ ttl: digits('Milliseconds after which the key is gone') })
const keyText = z.string().min(1).max(640).optional()
const listQuery = storeQuery.extend({
  prefix: keyText,
  start: keyText,
  after: keyText,
  end: keyText,
  limit: digits(`Most entries; ${LIMIT_DEFAULT} by default`),
  reverse: z.enum(['true', 'false']).optional()
})
const value = z.unknown().openapi({ description: 'Any value' })
const version = z.int().min(0)
const entry = z.strictObject({ key: z.string(), value, version, expires: z.unknown().optional() })
const PRECONDITIONS = {
  'If-Match': 'Only when the key has this version',
  'If-None-Match': '`*`: only when there is no such key',
  ...ONCE_HEADER
}
const key = z.string().min(1).max(640)
const lifetime = { ttl: z.int().min(1).max(TTL_MAX).optional() }
const amount = z.union([z.number(), z.bigint()]).openapi('Amount', { type: 'number' })

/** Steps of a batch, as the call `batch` takes them. */
export const kvOperation = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('get'), key }),
  z.strictObject({ op: z.literal('set'), key, value: value.optional(), ...lifetime }),
  z.strictObject({ op: z.literal('delete'), key }),
  z.strictObject({ op: z.literal('increment'), key, by: amount.optional(), ...lifetime }),
  z.strictObject({ op: z.literal('check'), key, version: z.union([version, z.null()]) })
])

type StoreCall = Pick<
  Call<
    { database: string; store: string },
    { namespace?: string | undefined; durability?: WriteOptions['durability'] | undefined },
    unknown
  >,
  'server' | 'params' | 'query' | 'context' | 'grant' | 'body'
>

function storeOf(source: Pick<Target, 'kv' | 'namespace'>, { params, query }: StoreCall): Kv {
  return query.namespace === undefined ? source.kv(params.store) : source.namespace(query.namespace).kv(params.store)
}

function keysOf({ query, params }: StoreCall, keys: readonly string[]): ShardKey[] {
  return keys.map(key => entryKey(query.namespace, params.store, key))
}

/** Writes to these keys of a store; to any of them where there are none. */
function writing<R>(
  call: StoreCall,
  keys: readonly string[] | undefined,
  write: (store: Kv, options: WriteOptions) => R
): Promise<R> {
  const names = [storeCollection(call.query.namespace, call.params.store)]
  return call.server.databases.use(call.params.database, opened =>
    shortWrite(writeOf(call, opened, names, keys && keysOf(call, keys)), (options, target) =>
      write(storeOf(target, call), options)
    )
  )
}

function tagOf(version: number): string {
  return `"${version}"`
}

function notFound(key: string): Refusal {
  return new Refusal('DOCUMENT_NOT_FOUND', `there is no key ${key}`)
}

const list = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/kv/{store}',
    tag: TAG,
    summary: 'The entries of a store, in the order of their keys',
    access: 'read',
    params: storePath,
    query: listQuery,
    answers: {
      200: { description: 'Entries', schema: z.strictObject({ entries: z.array(entry), hasMore: z.boolean() }) }
    }
  },
  async call => {
    const { namespace: _, limit, reverse, ...range } = call.query
    const most = Math.min(Number(limit ?? LIMIT_DEFAULT), call.server.settings.limits.documentsMax)
    const given = Object.fromEntries(Object.entries(range).filter(([, text]) => text !== undefined))
    const options = { ...given, reverse: reverse === 'true', limit: most + 1 }
    const found = await call.server.databases.use(call.params.database, ({ shards }) =>
      shards.isSharded
        ? mergedEntries(shards, call.query.namespace, call.params.store, options)
        : [...storeOf(shards.only as unknown as Target, call).entries(options)]
    )
    return { status: 200, value: { entries: found.slice(0, most), hasMore: found.length > most } }
  }
)

const deleteAll = route(
  {
    method: 'delete',
    path: '/v1/databases/{database}/kv/{store}',
    tag: TAG,
    summary: 'Take all keys of a store away, or those of a prefix',
    access: 'write',
    params: storePath,
    query: writeQuery.extend({ prefix: keyText }),
    headers: ONCE_HEADER,
    answers: { 200: { description: 'How many there were', schema: z.strictObject({ deletedCount: count }) } }
  },
  async call => {
    const { prefix } = call.query
    const deletedCount = await writing(call, undefined, (store, options) =>
      store.deleteAll({ ...options, ...(prefix === undefined ? {} : { prefix }) })
    )
    return { status: 200, value: { deletedCount } }
  }
)

const get = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/kv/{store}/{key}',
    tag: TAG,
    summary: 'The value of a key',
    access: 'read',
    params: keyPath,
    query: storeQuery,
    answers: { 200: { description: 'The value; its version is the entity tag', schema: value, headers: ['ETag'] } }
  },
  async call => {
    const { key } = call.params
    const found = await call.server.databases.use(call.params.database, opened =>
      storeOf(opened.homeOf(keysOf(call, [key])) as unknown as Target, call).getEntry(key)
    )
    if (found === undefined) throw notFound(key)
    const headers: Record<string, string> = { ETag: tagOf(found.version), 'Cache-Control': 'no-cache' }
    if (found.expires !== undefined) headers['Expires'] = found.expires.toUTCString()
    return { status: 200, value: found.value ?? null, headers }
  }
)

function isStar(tags: string): boolean {
  return tags.trim() === '*'
}

/** Sets a key as the preconditions ask. */
function setBy(
  store: Kv,
  { key, value, options }: { key: string; value: unknown; options: KvSetOptions },
  match: string | undefined,
  noneMatch: string | undefined
): number {
  // Nobody else writes between these lines: they are one turn, and long writes are shut out (writes.ts).
  const current = noneMatch === undefined || isStar(noneMatch) ? undefined : store.getEntry(key)
  if (current !== undefined && noneMatch?.includes(tagOf(current.version)) === true) {
    throw new Refusal('PRECONDITION_FAILED', `key ${key} has a version that If-None-Match names`)
  }
  const expected = match === undefined ? undefined : /^\s*"(\d{1,16})"\s*$/.exec(match)?.[1]
  if (match !== undefined && expected === undefined) throw new Refusal('PRECONDITION_FAILED', 'If-Match is no version')
  const version =
    expected !== undefined
      ? store.compareAndSet(key, Number(expected), value, options)
      : noneMatch !== undefined && isStar(noneMatch)
        ? store.setIfAbsent(key, value, options)
        : store.set(key, value, options)
  if (version === undefined) throw new Refusal('PRECONDITION_FAILED', `key ${key} is not as the request expects it`)
  return version
}

const set = route(
  {
    method: 'put',
    path: '/v1/databases/{database}/kv/{store}/{key}',
    tag: TAG,
    summary: 'Give a key its value',
    access: 'write',
    params: keyPath,
    query: setQuery,
    headers: PRECONDITIONS,
    body: value,
    answers: { 200: { description: 'The new version', schema: z.strictObject({ version }), headers: ['ETag'] } }
  },
  async call => {
    const { ttl } = call.query
    const { context, params, body } = call
    const version = await writing(call, [params.key], (store, write) => {
      const options = { ...write, ...(ttl === undefined ? {} : { ttl: Number(ttl) }) }
      const asked = { key: params.key, value: body, options }
      return setBy(store, asked, context.req.header('If-Match'), context.req.header('If-None-Match'))
    })
    return { status: 200, value: { version }, headers: { ETag: tagOf(version) } }
  }
)

const remove = route(
  {
    method: 'delete',
    path: '/v1/databases/{database}/kv/{store}/{key}',
    tag: TAG,
    summary: 'Take a key away',
    access: 'write',
    params: keyPath,
    query: writeQuery,
    headers: ONCE_HEADER,
    answers: { 204: { description: 'It is gone' } }
  },
  async call => {
    const existed = await writing(call, [call.params.key], (store, options) => store.delete(call.params.key, options))
    if (!existed) throw notFound(call.params.key)
    return { status: 204 }
  }
)

const increment = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/kv/{store}/{key}/increment',
    tag: TAG,
    summary: 'Add to the number of a key',
    access: 'write',
    params: keyPath,
    query: setQuery,
    headers: ONCE_HEADER,
    body: z.strictObject({ by: amount.optional() }),
    answers: { 200: { description: 'The number after it', schema: z.strictObject({ value: amount }) } }
  },
  async call => {
    const { ttl } = call.query
    const value = await writing(call, [call.params.key], (store, options) =>
      store.increment(call.params.key, call.body.by ?? 1, {
        ...options,
        ...(ttl === undefined ? {} : { ttl: Number(ttl) })
      })
    )
    return { status: 200, value: { value } }
  }
)

const batch = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/kv/{store}/batch',
    tag: TAG,
    summary: 'Do several steps in one commit, all of them or none',
    description:
      'A step `check` ends the batch with CONFLICT unless the key has its version; null: unless there is no such key.',
    access: 'write',
    params: storePath,
    query: writeQuery,
    headers: ONCE_HEADER,
    body: z.strictObject({ operations: z.array(kvOperation).min(1).max(10_000) }),
    answers: { 200: { description: 'What each step gives', schema: z.strictObject({ results: z.array(value) }) } }
  },
  async call => {
    const operations = call.body.operations as KvOperation<unknown>[]
    const keys = operations.map(({ key }) => key)
    const results = await writing(call, keys, (store, options) => store.batch(operations, options))
    return { status: 200, value: { results: results.map(result => result ?? null) } }
  }
)

/** The routes of key-value stores. */
export const kvRoutes: readonly Route[] = [list, deleteAll, batch, get, set, remove, increment]
