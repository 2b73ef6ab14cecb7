// Transactions: a list of commands that happen together or not at all, alone in their moment.
//
// `POST /v1/execute` is the same in memstore's words, with the commands GET and SET on one store. Promises: results come
// in the order of commands; a command that fails, or whose precondition does not hold, undoes all of them, and the
// problem document tells its place; nobody sees half of it. Leaves to others: isolation (the engine).

import { z } from '@hono/zod-openapi'
import {
  type Document,
  type Filter,
  type Id,
  type KvOperation,
  QuireError,
  type Transaction,
  type Update
} from '../../index.ts'
import type { Grant } from '../auth.ts'
import { DEFAULT_DATABASE } from '../databases.ts'
import { entryKey } from '../merged.ts'
import { storeCollection } from '../names.ts'
import { ONCE_HEADER } from '../once.ts'
import { Refusal } from '../problems.ts'
import { type Answer, type Route, route } from '../route.ts'
import { anyObject, collectionName, databasePath, filter, sort, update, writeQuery } from '../schemas.ts'
import type { ShardKey } from '../shards.ts'
import { shortWrite, writeOf } from '../writes.ts'
import { isListed, tagOf } from './documents.ts'
import { kvOperation } from './kv.ts'

const TAG = 'Transactions'
const COMMANDS_MAX = 10_000
/** The store that `/v1/execute` works on. */
const EXECUTE_STORE = 'memstore'
const id = z.unknown().optional().openapi({ description: 'A text, a whole number or bytes' })
const on = { collection: collectionName }
const ifMatch = z.string().optional().openapi({ description: 'Entity tags; `*`: only when there is one' })
const upsert = z.boolean().optional()

const command = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('get'), ...on, id }),
  z.strictObject({ op: z.literal('insert'), ...on, document: anyObject }),
  z.strictObject({ op: z.literal('put'), ...on, document: anyObject, ifMatch, ifAbsent: z.boolean().optional() }),
  z.strictObject({ op: z.literal('delete'), ...on, id, ifMatch }),
  z.strictObject({
    op: z.literal('find'),
    ...on,
    filter,
    sort: sort.optional(),
    limit: z.int().min(1).max(1000).optional()
  }),
  z.strictObject({ op: z.literal('count'), ...on, filter }),
  z.strictObject({ op: z.literal('updateOne'), ...on, filter, update, upsert }),
  z.strictObject({ op: z.literal('updateMany'), ...on, filter, update, upsert }),
  z.strictObject({ op: z.literal('deleteOne'), ...on, filter }),
  z.strictObject({ op: z.literal('deleteMany'), ...on, filter }),
  z.strictObject({
    op: z.literal('kv'),
    store: z.string().min(1).max(200),
    namespace: z.string().min(1).max(200).optional(),
    operation: kvOperation
  })
])
type Command = z.infer<typeof command>

/** The collection that a command works on. */
function collectionOf(one: Command): string {
  return one.op === 'kv' ? storeCollection(one.namespace, one.store) : one.collection
}

function isRead(one: Command): boolean {
  if (one.op === 'kv') return one.operation.op === 'get' || one.operation.op === 'check'
  return one.op === 'get' || one.op === 'find' || one.op === 'count'
}

/** The documents that commands are about; undefined where one of them looks for its documents. */
function keysOf(commands: readonly Command[]): ShardKey[] | undefined {
  const keys: ShardKey[] = []
  for (const one of commands) {
    if (one.op === 'kv') keys.push(entryKey(one.namespace, one.store, one.operation.key))
    else if (one.op === 'get' || one.op === 'delete') keys.push({ collection: one.collection, id: one.id as Id })
    else if ((one.op === 'insert' || one.op === 'put') && one.document['_id'] !== undefined) {
      keys.push({ collection: one.collection, id: one.document['_id'] as Id })
    } else return undefined
  }
  return keys
}

/** Refuses commands that the token does not allow, before anything is done. */
function requireAll(grant: Grant, database: string, commands: readonly Command[]): void {
  for (const one of commands) grant.require(isRead(one) ? 'read' : 'write', database, collectionOf(one))
}

function checkMatch(ifMatch: string | undefined, current: object | undefined): void {
  if (ifMatch === undefined || isListed(ifMatch, current)) return
  throw new Refusal('PRECONDITION_FAILED', 'the document is not the one that ifMatch names')
}

/** What one command gives. */
function run(transaction: Transaction, one: Command): unknown {
  if (one.op === 'kv') {
    const { store, namespace, operation } = one
    const kv = namespace === undefined ? transaction.kv(store) : transaction.namespace(namespace).kv(store)
    return kv.batch([operation as KvOperation<unknown>])[0] ?? null
  }
  const documents = transaction.collection<Document>(one.collection)
  switch (one.op) {
    case 'get': {
      const document = documents.get(one.id as Id)
      return document === undefined ? null : { document, etag: tagOf(document, 'json') }
    }
    case 'insert':
      return documents.insertOne(one.document)
    case 'put': {
      const { _id } = one.document as { _id?: Id }
      const current = _id === undefined ? undefined : documents.get(_id)
      checkMatch(one.ifMatch, current)
      if (one.ifAbsent === true && current !== undefined) {
        throw new Refusal('PRECONDITION_FAILED', 'there is a document of this _id')
      }
      return { replaced: documents.put(one.document as Document & { _id: Id }) }
    }
    case 'delete':
      checkMatch(one.ifMatch, one.ifMatch === undefined ? undefined : documents.get(one.id as Id))
      return { deleted: documents.delete(one.id as Id) }
    case 'find':
      return documents
        .find(one.filter, { limit: one.limit ?? 1000, ...(one.sort === undefined ? {} : { sort: one.sort as never }) })
        .toArray()
    case 'count':
      return documents.countDocuments(one.filter)
    default:
      return change(transaction, one)
  }
}

function change(transaction: Transaction, one: Command & { filter: Document; collection: string }): unknown {
  const documents = transaction.collection<Document>(one.collection)
  const filter = one.filter as Filter<Document>
  switch (one.op) {
    case 'updateOne':
      return documents.updateOne(filter, one.update as Update<Document>, { upsert: one.upsert ?? false })
    case 'updateMany':
      return documents.updateMany(filter, one.update as Update<Document>, { upsert: one.upsert ?? false })
    case 'deleteOne':
      return documents.deleteOne(filter)
    default:
      return documents.deleteMany(filter)
  }
}

/** The error of a command, saying which one it was. */
function located(error: unknown, index: number): unknown {
  const where = `command ${index}: `
  if (error instanceof Refusal) {
    return new Refusal(error.code, where + error.message, {
      issues: [{ path: ['body', 'commands', index], message: error.message }]
    })
  }
  // A conflict is for the transaction to run again.
  if (!(error instanceof QuireError) || error.code === 'CONFLICT') return error
  return new QuireError(error.code, where + error.message, { cause: error })
}

function runAll(transaction: Transaction, commands: readonly Command[]): unknown[] {
  return commands.map((one, index) => {
    try {
      return run(transaction, one)
    } catch (error) {
      throw located(error, index)
    }
  })
}

const transact = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/transactions',
    tag: TAG,
    summary: 'Do a list of commands together, or none of them',
    access: 'read',
    isFiltered: true,
    params: databasePath,
    query: writeQuery,
    headers: ONCE_HEADER,
    body: z.strictObject({ commands: z.array(command).min(1).max(COMMANDS_MAX) }),
    answers: {
      200: { description: 'What each command gives', schema: z.strictObject({ results: z.array(z.unknown()) }) }
    }
  },
  async call => {
    const { server, grant, params, body } = call
    const { commands } = body
    requireAll(grant, params.database, commands)
    const names = [...new Set(commands.map(collectionOf))]
    const keys = keysOf(commands)
    const isReading = commands.every(isRead)
    const results = await server.databases.use(params.database, opened =>
      isReading
        ? opened.homeOf(keys).transaction(transaction => runAll(transaction, commands))
        : shortWrite(writeOf(call, opened, names, keys), (_, target) =>
            target.atomically(transaction => runAll(transaction, commands))
          )
    )
    return { status: 200, value: { results } }
  }
)

/** Other kinds are refused by the handler, in memstore's words. */
const commandKind = z.string().openapi({ pattern: '^([Gg][Ee][Tt]|[Ss][Ee][Tt])$' })
const executeCommand = z.strictObject({ cmd_type: commandKind, key: z.string(), value: z.string().optional() })

const execute = route(
  {
    method: 'post',
    path: '/v1/execute',
    tag: TAG,
    summary: 'GET and SET of texts in one transaction, as memstore has it',
    description: `Works on the store ${EXECUTE_STORE} of database ${DEFAULT_DATABASE}. A GET of a key that there is not gives "".`,
    access: 'read',
    isFiltered: true,
    query: writeQuery,
    body: z.strictObject({ commands: z.array(executeCommand).max(COMMANDS_MAX) }),
    answers: {
      200: { description: 'What each command gives', schema: z.strictObject({ results: z.array(z.string()) }) },
      400: { description: 'What is wrong', schema: z.strictObject({ error: z.string() }) }
    }
  },
  async ({ server, grant, query, body: { commands } }): Promise<Answer> => {
    const kinds = commands.map(one => one.cmd_type.toLowerCase())
    if (kinds.some(kind => kind !== 'get' && kind !== 'set'))
      return { status: 400, value: { error: 'unknown command' } }
    const name = storeCollection(undefined, EXECUTE_STORE)
    grant.require(kinds.includes('set') ? 'write' : 'read', DEFAULT_DATABASE, name)
    const results = await server.databases.use(DEFAULT_DATABASE, opened => {
      const work = (transaction: Transaction) => {
        const store = transaction.kv<string>(EXECUTE_STORE)
        return commands.map(({ key, value = '' }, index) => {
          if (kinds[index] === 'get') return String(store.get(key) ?? '')
          store.set(key, value)
          return value
        })
      }
      const keys = commands.map(({ key }) => ({ collection: name, id: key }))
      if (!kinds.includes('set')) return opened.homeOf(keys).transaction(work)
      const write = { opened, names: [name], keys, durability: query.durability }
      return shortWrite(write, (_, target) => target.atomically(work))
    })
    return { status: 200, value: { results } }
  }
)

/** The routes of transactions. */
export const transactionRoutes: readonly Route[] = [transact, execute]
