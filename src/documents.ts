// The verbs on the documents of one collection, as a collection and a transaction both have them.
//
// Promises: every call is one native call on the calling thread; what comes back is a new object that shares nothing
// with the database; a document that is given is neither changed nor kept. Leaves to others: encoding (codec.ts),
// lists (cursor.ts), everything that a verb means (the engine).

import { type Encoded, encode, encodeAll, releaseLargeBuffer } from './codec.ts'
import { Cursor, type FindOptions } from './cursor.ts'
import type { Id, IdOf, OptionalId, WithId } from './document.ts'
import { invalidArgument, QuireError } from './errors.ts'
import type { Filter } from './filter-types.ts'
import { checkOptions, onlyId } from './filters.ts'
import { addon, check, type Handle, lastError, pinRequest, responseBytes, Status, status, Verb } from './native.ts'
import { type WriteOptions, writeDurability } from './options.ts'
import type { DeleteResult, InsertManyResult, InsertOneResult, UpdateResult } from './results.ts'
import { type Decoders, decodeId, decodeIds } from './structures.ts'
import type { Update } from './update-types.ts'

/** Tries of a read whose structures went away under it (the collection was renamed in that very moment). */
const READ_TRIES = 100

/**
 * The documents of one collection, by themselves (see `Collection`) or inside a transaction.
 *
 * Errors of every method: `CLOSED`, `CORRUPTED`, `IO`. Of every write also: `READ_ONLY`, `BUSY`, `DISK_FULL`,
 * `POISONED`, and inside a transaction `CONFLICT`, `TRANSACTION_ENDED`, `TRANSACTION_TOO_LARGE`. Of every method that
 * takes a document, filter or update also: `UNSUPPORTED_VALUE`, naming the path.
 */
export class Documents<T extends object> {
  /** The collection's name. */
  readonly name: string
  /** @internal */
  protected handle: Handle
  /** @internal */
  protected readonly decoders: Decoders

  /** @internal */
  constructor(name: string, handle: Handle, decoders: Decoders) {
    this.name = name
    this.handle = handle
    this.decoders = decoders
  }

  /**
   * The document of this id; undefined when there is none.
   * @throws QuireError `INVALID_ID`
   */
  get(id: IdOf<T>): WithId<T> | undefined {
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const length = addon.get(this.handle, id)
      if (length === 0) return undefined
      if (length < 0) throw lastError()
      const structures = status[Status.Structures] as number
      const document = this.decoders.decode(this.handle, structures, responseBytes(length), length)
      if (document !== undefined) return document as WithId<T>
    }
    throw new QuireError('CONFLICT', `collection ${this.name} was renamed each time it was read; read again`)
  }

  /**
   * Whether there is a document of this id.
   * @throws QuireError `INVALID_ID`
   */
  has(id: IdOf<T>): boolean {
    const result = addon.has(this.handle, id)
    if (result < 0) throw lastError()
    return result === 1
  }

  /**
   * Stores a document, whether one of its id is there or not.
   * @returns whether it took the place of another one
   * @throws QuireError `INVALID_ID`, `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`
   */
  put(document: WithId<T>, options?: WriteOptions): boolean {
    if ((document as { _id?: unknown } | null)?._id === undefined) {
      throw new QuireError('INVALID_ID', 'put needs a document with an _id; insertOne makes one')
    }
    return this.#call(Verb.Put, encode(document, 'document'), this.durability(options, 'put')) === 1
  }

  /**
   * Deletes the document of this id.
   * @returns whether there was one
   * @throws QuireError `INVALID_ID`
   */
  delete(id: IdOf<T>, options?: WriteOptions): boolean {
    const result = addon.delete(this.handle, id, this.durability(options, 'delete'))
    if (result < 0) throw lastError()
    return result === 1
  }

  /**
   * Inserts a document. Where it has no `_id` the engine makes one, which comes back; the object given stays as it is.
   * @throws QuireError `DUPLICATE_ID`, `INVALID_ID`, `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`
   */
  insertOne(document: OptionalId<T>, options?: WriteOptions): InsertOneResult<T> {
    const request = encode(document, 'document')
    pinRequest(request)
    const length = addon.insert(this.handle, request.start, request.end, this.durability(options, 'insertOne'))
    if (length < 0) throw lastError()
    releaseLargeBuffer(request)
    const given = (document as { _id?: Id })._id
    const insertedId = given === undefined ? decodeId(responseBytes(length), length) : given
    return { acknowledged: true, insertedId: insertedId as IdOf<T> }
  }

  /**
   * Inserts documents, all of them or, after an error, none.
   * @throws QuireError `DUPLICATE_ID`, `INVALID_ID`, `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`, `TRANSACTION_TOO_LARGE`
   */
  insertMany(documents: readonly OptionalId<T>[], options?: WriteOptions): InsertManyResult<T> {
    const durability = this.durability(options, 'insertMany')
    if (!Array.isArray(documents)) throw invalidArgument('insertMany takes an array of documents')
    if (documents.length === 0) return { acknowledged: true, insertedCount: 0, insertedIds: {} }
    const insertedCount = this.#call(Verb.InsertMany, encodeAll(documents, 'documents'), durability)
    const insertedIds = idsGiven<T>(documents) ?? (this.#responseIds() as { [index: number]: IdOf<T> })
    return { acknowledged: true, insertedCount, insertedIds }
  }

  /**
   * The first document that matches; null when none does.
   * @throws QuireError `INVALID_FILTER`
   */
  findOne(filter: Filter<T> = {}): WithId<T> | null {
    const id = onlyId(filter)
    if (id !== undefined) return this.get(id as IdOf<T>) ?? null
    return new Cursor<WithId<T>>(this.source, filter, { limit: 1 }).next()
  }

  /**
   * The documents that match, as a cursor. Nothing is read before it is asked for a document.
   * @throws QuireError `INVALID_ARGUMENT` for a skip or limit that is no count
   */
  find(filter: Filter<T> = {}, options?: FindOptions): Cursor<WithId<T>> {
    checkOptions(options, ['skip', 'limit'], 'find')
    return new Cursor<WithId<T>>(this.source, filter, options)
  }

  /**
   * Changes the first document that matches.
   * @throws QuireError `INVALID_FILTER`, `INVALID_UPDATE`, `DOCUMENT_TOO_LARGE`
   */
  updateOne(filter: Filter<T>, update: Update<T>, options?: WriteOptions): UpdateResult<T> {
    return this.#change(
      Verb.Update,
      Verb.UpdateOne,
      filter,
      encodeUpdate,
      update,
      this.durability(options, 'updateOne')
    )
  }

  /**
   * Changes every document that matches, all of them or, after an error, none.
   * @throws QuireError `INVALID_FILTER`, `INVALID_UPDATE`, `DOCUMENT_TOO_LARGE`
   */
  updateMany(filter: Filter<T>, update: Update<T>, options?: WriteOptions): UpdateResult<T> {
    const durability = this.durability(options, 'updateMany')
    return this.#change(Verb.Update, Verb.UpdateMany, filter, encodeUpdate, update, durability)
  }

  /**
   * Puts a document in the place of the first one that matches; its `_id` stays.
   * @throws QuireError `INVALID_FILTER`, `INVALID_DOCUMENT`, `INVALID_UPDATE` for another `_id`, `DOCUMENT_TOO_LARGE`
   */
  replaceOne(filter: Filter<T>, document: OptionalId<T>, options?: WriteOptions): UpdateResult<T> {
    const durability = this.durability(options, 'replaceOne')
    return this.#change(Verb.Replace, Verb.ReplaceOne, filter, encodeReplacement, document, durability)
  }

  /**
   * Deletes the first document that matches.
   * @throws QuireError `INVALID_FILTER`
   */
  deleteOne(filter: Filter<T>, options?: WriteOptions): DeleteResult {
    const id = onlyId(requireFilter(filter))
    const deletedCount =
      id === undefined
        ? this.#call(Verb.DeleteOne, encode(filter, 'filter'), this.durability(options, 'deleteOne'))
        : Number(this.delete(id as IdOf<T>, options))
    return { acknowledged: true, deletedCount }
  }

  /**
   * Deletes every document that matches, all of them or, after an error, none.
   * @throws QuireError `INVALID_FILTER`
   */
  deleteMany(filter: Filter<T>, options?: WriteOptions): DeleteResult {
    const request = encode(requireFilter(filter), 'filter')
    return {
      acknowledged: true,
      deletedCount: this.#call(Verb.DeleteMany, request, this.durability(options, 'deleteMany'))
    }
  }

  /**
   * How many documents match.
   * @throws QuireError `INVALID_FILTER`
   */
  countDocuments(filter: Filter<T> = {}): number {
    return this.#call(Verb.Count, encode(filter, 'filter'), 0)
  }

  /** How many documents there are, from the collection's own count. */
  estimatedDocumentCount(): number {
    return this.#call(Verb.Count, encode({}, 'filter'), 0)
  }

  /**
   * Deletes every document.
   * @returns how many there were
   */
  clear(options?: WriteOptions): number {
    return check(addon.call(Verb.Clear, this.handle, 0, 0, this.durability(options, 'clear')))
  }

  /** The number of a write's durability. @internal */
  protected durability(options: WriteOptions | undefined, call: string): number {
    return writeDurability(options, call)
  }

  /** What cursors need. @internal */
  protected get source(): { handle: Handle; decoders: Decoders } {
    return { handle: this.handle, decoders: this.decoders }
  }

  #call(verb: number, request: Encoded, durability: number, id?: Id): number {
    pinRequest(request)
    const result = addon.call(verb, this.handle, request.start, request.end, durability, id)
    if (result < 0) throw lastError()
    releaseLargeBuffer(request)
    return result
  }

  /** An update or replacement, by id when the filter is one. */
  #change<B>(
    verbById: number,
    verbByFilter: number,
    filter: Filter<T>,
    encodeBody: (body: B) => Encoded,
    body: B,
    durability: number
  ): UpdateResult<T> {
    const id = onlyId(requireFilter(filter))
    if (id === undefined) {
      const request = encode(filter, 'filter')
      pinRequest(request)
      check(addon.keep(request.start, request.end))
    }
    const matchedCount = this.#call(id === undefined ? verbByFilter : verbById, encodeBody(body), durability, id)
    return {
      acknowledged: true,
      matchedCount,
      modifiedCount: status[Status.Modified] as number,
      upsertedCount: 0,
      upsertedId: null
    }
  }

  #responseIds(): { [index: number]: unknown } {
    const length = status[Status.Bytes] as number
    return { ...decodeIds(responseBytes(length), length) }
  }
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

/** Deleting and changing need a filter: `{}` has to be written to mean all. */
function requireFilter<F>(filter: F): F & object {
  if (typeof filter !== 'object' || filter === null)
    throw invalidArgument('a filter is needed; {} means every document')
  return filter
}

/**
 * Encodes an update: operators only, so that a forgotten `$set` never replaces a whole document.
 * @internal
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
 * @internal
 */
export function encodeReplacement(document: object): Encoded {
  for (const key in document) {
    if (key.startsWith('$'))
      throw new QuireError('INVALID_UPDATE', `${key} is an update operator; updateOne takes these`)
  }
  return encode(document, 'document')
}
