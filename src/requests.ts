// What each verb sends to native code and how its answer is read: once, for the synchronous and asynchronous calls.
//
// Promises: everything is encoded when a request is sent, before the call returns; options that are not known are
// refused by name. Leaves to others: sending (documents.ts, async-collection.ts), schemas (guard.ts), encoding
// (codec.ts), everything that a verb means (the engine).

import { type Encoded, encode, encodeAll } from './codec.ts'
import type { Command } from './commands.ts'
import type { Document, Id, IdOf } from './document.ts'
import { invalidArgument, QuireError } from './errors.ts'
import { checkOptions, onlyId, readFilter } from './filters.ts'
import { Verb } from './native.ts'
import type { DeleteOptions, UpdateOneOptions } from './options.ts'
import {
  COUNT_OPTIONS,
  type CountOptions,
  checkProjection,
  DISTINCT_OPTIONS,
  type DistinctOptions,
  Query,
  sortOrder
} from './query.ts'
import type { DeleteResult, InsertManyResult, InsertOneResult, UpdateResult } from './results.ts'
import { decodeId, decodeIds } from './structures.ts'
import type { FindOneAndUpdateOptions } from './write-options.ts'

/** What native code answers. */
export interface Answer {
  /** A count, or 1 for yes and 0 for no. */
  readonly count: number
  /** Documents that an update changed. */
  readonly modified: number
  /** The response, which is `length` bytes; they stay as they are until the next call. */
  readonly bytes: Uint8Array
  readonly length: number
}

/** One call of native code. */
export interface Request<R> {
  readonly verb: number
  /** Encodes what is kept for the call that follows: the filter of a verb that also has a body. */
  readonly encodeFirst?: () => Encoded
  /** Encodes the body. */
  readonly encodeBody?: () => Encoded
  readonly id?: Id
  readonly durability: number
  /** Reads the answer. */
  readonly read: (answer: Answer) => R
}

/** `put`. */
export function putRequest(document: object, durability: number): Request<boolean> {
  if ((document as { _id?: unknown } | null)?._id === undefined) {
    throw new QuireError('INVALID_ID', 'put needs a document with an _id; insertOne makes one')
  }
  return { verb: Verb.Put, encodeBody: () => encode(document, 'document'), durability, read: isYes }
}

/** A verb by id that answers yes or no. */
export function truthRequest(verb: typeof Verb.Has | typeof Verb.Delete, id: Id, durability: number): Request<boolean> {
  return { verb, id, durability, read: isYes }
}

/** `insertOne`. */
export function insertOneRequest<T>(document: object, durability: number): Request<InsertOneResult<T>> {
  const given = (document as { _id?: Id } | null)?._id
  return {
    verb: Verb.Insert,
    encodeBody: () => encode(document, 'document'),
    durability,
    read: ({ bytes, length }) => ({
      acknowledged: true,
      insertedId: (given === undefined ? decodeId(bytes, length) : given) as IdOf<T>
    })
  }
}

/** `insertMany` of at least one document. */
export function insertManyRequest<T>(documents: readonly object[], durability: number): Request<InsertManyResult<T>> {
  return {
    verb: Verb.InsertMany,
    encodeBody: () => encodeAll(documents, 'documents'),
    durability,
    read: ({ count, bytes, length }) => ({
      acknowledged: true,
      insertedCount: count,
      insertedIds: idsGiven<T>(documents) ?? ({ ...decodeIds(bytes, length) } as { [index: number]: IdOf<T> })
    })
  }
}

/** The result of inserting no documents. */
export function nothingInserted<T>(documents: readonly object[]): InsertManyResult<T> | undefined {
  if (!Array.isArray(documents)) throw invalidArgument('insertMany takes an array of documents')
  return documents.length === 0 ? { acknowledged: true, insertedCount: 0, insertedIds: {} } : undefined
}

/** The calls that change documents, with their verbs by id and by filter and what their commands call the change. */
export const CHANGES = {
  updateOne: { verbs: [Verb.Update, Verb.UpdateOne], body: 'update' },
  updateMany: { verbs: [Verb.Update, Verb.UpdateMany], body: 'update' },
  replaceOne: { verbs: [Verb.Replace, Verb.ReplaceOne], body: 'replacement' }
} as const

/** A call that changes documents. */
export interface Change {
  readonly call: keyof typeof CHANGES
  readonly filter: object
  /** The update, or the document that takes the place of others. */
  readonly body: object
  readonly options: UpdateOneOptions<never> | undefined
}

/**
 * `updateOne`, `updateMany` and `replaceOne`: verbs, by id when the filter names nothing else, and commands where more
 * is asked.
 */
export function changeRequest<T>(
  { call, filter, body, options }: Change,
  durability: number
): Request<UpdateResult<T>> | Command<UpdateResult<T>> {
  const id = onlyId(requireFilter(filter))
  if (call === 'replaceOne') checkReplacement(body)
  else checkUpdate(body)
  const { durability: _, ...asked } = options ?? {}
  if (Object.values(asked).some(value => value !== undefined)) {
    const command = { op: call, filter, [CHANGES[call].body]: body, ...ordered(asked) }
    return { command, durability, read: readUpdateReply<T> }
  }
  const encodeBody = () => encode(body, call === 'replaceOne' ? 'document' : 'update')
  const common = {
    encodeBody,
    durability,
    read: ({ count, modified }: Answer) => updateResult<T>(count, modified, null)
  }
  return id === undefined
    ? { verb: CHANGES[call].verbs[1], encodeFirst: () => encode(filter, 'filter'), ...common }
    : { verb: CHANGES[call].verbs[0], id, ...common }
}

/** Options with their sort order, where there is one, as the engine takes it. */
function ordered(options: { readonly sort?: unknown }): object {
  return options.sort === undefined ? options : { ...options, sort: sortOrder(options.sort) }
}

function updateResult<T>(matchedCount: number, modifiedCount: number, upsertedId: IdOf<T> | null): UpdateResult<T> {
  return { acknowledged: true, matchedCount, modifiedCount, upsertedCount: upsertedId === null ? 0 : 1, upsertedId }
}

function readUpdateReply<T>(reply: Document): UpdateResult<T> {
  const { matchedCount, modifiedCount, upsertedId } = reply as unknown as UpdateResult<T>
  return updateResult<T>(matchedCount, modifiedCount, upsertedId)
}

/** The id of the document that an upsert inserted. */
export function upsertedIdOf({ upsertedId }: { readonly upsertedId: unknown }): Id | null {
  return upsertedId as Id | null
}

/** The calls that change a document and give it back, with what their commands call the change. */
const FIND_ONE_AND = {
  findOneAndUpdate: 'update',
  findOneAndReplace: 'replacement',
  findOneAndDelete: undefined
} as const

/** A call that changes a document and gives it back. */
export interface FindOneAnd {
  readonly call: keyof typeof FIND_ONE_AND
  readonly filter: object
  /** The update, or the document that takes the place of the one found. */
  readonly body?: object
  readonly options: FindOneAndUpdateOptions<Document> | undefined
}

/** The document that came back, or null, and the id of one that an upsert inserted. */
export interface Found {
  readonly value: Document | null
  readonly upsertedId: Id | null
}

/** `findOneAndUpdate`, `findOneAndReplace` and `findOneAndDelete`. */
export function findOneAndCommand({ call, filter, body, options }: FindOneAnd, durability: number): Command<Found> {
  requireFilter(filter)
  if (call === 'findOneAndUpdate') checkUpdate(body as object)
  if (call === 'findOneAndReplace') checkReplacement(body as object)
  const { durability: _, ...asked } = options ?? {}
  checkProjection(asked.projection)
  const change = FIND_ONE_AND[call]
  const command = { op: call, filter, ...(change === undefined ? {} : { [change]: body }), ...ordered(asked) }
  return { command, durability, read: reply => reply as unknown as Found }
}

/** One document as a projection shows it. */
export function findOneCommand(filter: object, projection: object | undefined): Command<Document | null> {
  checkProjection(projection)
  const command = { op: 'findOne', filter, ...(projection === undefined ? {} : { projection }) }
  return { command, durability: 0, read: ({ value }) => value as Document | null }
}

/** `distinct`. */
export function distinctCommand<V>(field: string, filter: object, options: DistinctOptions | undefined): Command<V[]> {
  checkOptions(options, DISTINCT_OPTIONS, 'distinct')
  const command = { op: 'distinct', field, filter: readFilter(filter), ...options }
  return { command, durability: 0, read: ({ values }) => values as V[] }
}

/** The calls that delete documents, with their verbs by filter. */
const DELETIONS = { deleteOne: Verb.DeleteOne, deleteMany: Verb.DeleteMany } as const

/** `deleteOne` and `deleteMany`: verbs, by id when the filter names nothing else, and commands where a hint is given. */
export function deleteRequest(
  call: keyof typeof DELETIONS,
  filter: object,
  options: DeleteOptions | undefined,
  durability: number
): Request<DeleteResult> | Command<DeleteResult> {
  const id = onlyId(requireFilter(filter))
  const result = (deletedCount: number): DeleteResult => ({ acknowledged: true, deletedCount })
  if (options?.hint !== undefined) {
    const command = { op: call, filter, hint: options.hint }
    return { command, durability, read: (reply: Document) => result(reply['deletedCount'] as number) }
  }
  const common = { durability, read: ({ count }: Answer) => result(count) }
  return id === undefined
    ? { verb: DELETIONS[call], encodeBody: () => encode(filter, 'filter'), ...common }
    : { verb: Verb.Delete, id, ...common }
}

/** `countDocuments`; without options it is a hot call. */
export function countRequest(filter: object, options?: CountOptions): Request<number> | Command<number> {
  if (options !== undefined) {
    checkOptions(options, COUNT_OPTIONS, 'countDocuments')
    const command = new Query(filter, options).command('count')
    return { command, durability: 0, read: (reply: Document) => reply['count'] as number }
  }
  return {
    verb: Verb.Count,
    encodeBody: () => encode(readFilter(filter), 'filter'),
    durability: 0,
    read: ({ count }: Answer) => count
  }
}

/** `clear`. */
export function clearRequest(durability: number): Request<number> {
  return { verb: Verb.Clear, durability, read: ({ count }) => count }
}

/**
 * Refuses an update that is no update by operators, so that a forgotten `$set` never replaces a whole document.
 * @throws QuireError `INVALID_ARGUMENT`, `INVALID_UPDATE`
 */
function checkUpdate(update: object): void {
  requireObject(update, 'update')
  if (Array.isArray(update)) return
  let operatorsCount = 0
  for (const key in update) {
    if (!key.startsWith('$'))
      throw new QuireError('INVALID_UPDATE', `${key} is no update operator; replaceOne replaces a document`)
    operatorsCount++
  }
  if (operatorsCount === 0) throw new QuireError('INVALID_UPDATE', 'the update has no operator, such as $set')
}

/**
 * Refuses a document that takes another one's place and has operators.
 * @throws QuireError `INVALID_ARGUMENT`, `INVALID_UPDATE`
 */
function checkReplacement(document: object): void {
  requireObject(document, 'document')
  for (const key in document) {
    if (key.startsWith('$'))
      throw new QuireError('INVALID_UPDATE', `${key} is an update operator; updateOne takes these`)
  }
}

function requireObject(value: object | null, what: string): void {
  if (typeof value !== 'object' || value === null)
    throw invalidArgument(`the ${what} must be an object, not ${value === null ? 'null' : typeof value}`)
}

/**
 * Deleting and changing need a filter: `{}` has to be written to mean all.
 * @throws QuireError `INVALID_ARGUMENT`
 */
export function requireFilter<F>(filter: F): F & object {
  if (typeof filter !== 'object' || filter === null)
    throw invalidArgument('a filter is needed; {} means every document')
  return filter
}

function isYes({ count }: Answer): boolean {
  return count === 1
}

/** The ids of documents that all have one; undefined when the engine has to tell some. */
function idsGiven<T>(documents: readonly object[]): { [index: number]: IdOf<T> } | undefined {
  const ids: { [index: number]: IdOf<T> } = {}
  for (let index = 0; index < documents.length; index++) {
    const id = (documents[index] as { _id?: IdOf<T> })._id
    if (id === undefined) return undefined
    ids[index] = id
  }
  return ids
}
