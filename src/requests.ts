// What each verb sends to native code and how its answer is read: once, for the synchronous and asynchronous calls.
//
// Promises: everything is encoded when a request is sent, before the call returns; options that are not known are
// refused by name. Leaves to others: sending (documents.ts, async-collection.ts), schemas (guard.ts), encoding
// (codec.ts), everything that a verb means (the engine).

import { type Encoded, encode, encodeAll } from './codec.ts'
import type { Id, IdOf } from './document.ts'
import { invalidArgument, QuireError } from './errors.ts'
import { onlyId } from './filters.ts'
import { Verb } from './native.ts'
import type { DeleteResult, InsertManyResult, InsertOneResult, UpdateResult } from './results.ts'
import { decodeId, decodeIds } from './structures.ts'

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

/** `updateOne`, `updateMany` and `replaceOne`: by id when the filter names nothing else. */
export function changeRequest<T>(
  verbs: readonly [byId: number, byFilter: number],
  filter: object,
  encodeBody: () => Encoded,
  durability: number
): Request<UpdateResult<T>> {
  const id = onlyId(requireFilter(filter))
  const common = {
    encodeBody,
    durability,
    read: ({ count, modified }: Answer): UpdateResult<T> => ({
      acknowledged: true,
      matchedCount: count,
      modifiedCount: modified,
      upsertedCount: 0,
      upsertedId: null
    })
  }
  return id === undefined
    ? { verb: verbs[1], encodeFirst: () => encode(filter, 'filter'), ...common }
    : { verb: verbs[0], id, ...common }
}

/** The id of the document that an upsert inserted. */
export function upsertedIdOf({ upsertedId }: { readonly upsertedId: unknown }): Id | null {
  return upsertedId as Id | null
}

/** `deleteOne` and `deleteMany`. */
export function deleteRequest(
  verb: typeof Verb.DeleteOne | typeof Verb.DeleteMany,
  filter: object,
  durability: number
): Request<DeleteResult> {
  const id = onlyId(requireFilter(filter))
  const common = {
    durability,
    read: ({ count }: Answer): DeleteResult => ({ acknowledged: true, deletedCount: count })
  }
  return id === undefined
    ? { verb, encodeBody: () => encode(filter, 'filter'), ...common }
    : { verb: Verb.Delete, id, ...common }
}

/** `countDocuments`. */
export function countRequest(filter: object): Request<number> {
  return { verb: Verb.Count, encodeBody: () => encode(filter, 'filter'), durability: 0, read: ({ count }) => count }
}

/** `clear`. */
export function clearRequest(durability: number): Request<number> {
  return { verb: Verb.Clear, durability, read: ({ count }) => count }
}

/** The verbs of `updateOne`, `updateMany` and `replaceOne`, by id and by filter. */
export const CHANGES = {
  updateOne: [Verb.Update, Verb.UpdateOne],
  updateMany: [Verb.Update, Verb.UpdateMany],
  replaceOne: [Verb.Replace, Verb.ReplaceOne]
} as const

/**
 * Encodes an update: operators only, so that a forgotten `$set` never replaces a whole document.
 * @throws QuireError `INVALID_UPDATE`
 */
export function encodeUpdate(update: object): Encoded {
  let operatorsCount = 0
  for (const key in update) {
    if (!key.startsWith('$'))
      throw new QuireError('INVALID_UPDATE', `${key} is no update operator; replaceOne replaces a document`)
    operatorsCount++
  }
  const request = encode(update, 'update')
  if (operatorsCount === 0) throw new QuireError('INVALID_UPDATE', 'the update has no operator, such as $set')
  return request
}

/**
 * Encodes a document that takes another one's place: no operators.
 * @throws QuireError `INVALID_UPDATE`
 */
export function encodeReplacement(document: object): Encoded {
  for (const key in document) {
    if (key.startsWith('$'))
      throw new QuireError('INVALID_UPDATE', `${key} is an update operator; updateOne takes these`)
  }
  return encode(document, 'document')
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
