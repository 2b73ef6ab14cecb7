// A collection's verbs as promises: the same results, worked out on a pool thread.
//
// For large results, slow disks and writes at durability `disk`: the event loop runs on meanwhile. A small read from
// memory is faster as a synchronous call. Promises: arguments are encoded before the call returns, so changing them
// afterwards changes nothing; writes are done in the order in which their promises resolve. Leaves to others: the
// verbs (documents.ts, whose docstrings name the errors), the threads (native/node/src/work.rs).

import { AsyncCursor } from './async-cursor.ts'
import { type Encoded, encode, encodeAll } from './codec.ts'
import type { FindOptions } from './cursor.ts'
import type { Id, IdOf, OptionalId, WithId } from './document.ts'
import { encodeReplacement, encodeUpdate } from './documents.ts'
import { invalidArgument, QuireError } from './errors.ts'
import type { Filter } from './filter-types.ts'
import { checkOptions, onlyId } from './filters.ts'
import { type AsyncOutcome, addon, check, checkObject, checkOutcome, type Handle, pinRequest, Verb } from './native.ts'
import { type WriteOptions, writeDurability } from './options.ts'
import type { DeleteResult, InsertManyResult, InsertOneResult, UpdateResult } from './results.ts'
import { type Decoders, decodeId, decodeIds } from './structures.ts'
import type { Update } from './update-types.ts'

/** Tries of a read whose structures went away under it. */
const READ_TRIES = 100

/** A collection whose methods return promises. Errors are those of the same methods of `Collection`. */
export class AsyncCollection<T extends object> {
  /** The collection's name. */
  readonly name: string
  readonly #handle: Handle
  readonly #decoders: Decoders

  /** @internal */
  constructor(name: string, handle: Handle, decoders: Decoders) {
    this.name = name
    this.#handle = handle
    this.#decoders = decoders
  }

  /** The document of this id; undefined when there is none. */
  async get(id: IdOf<T>): Promise<WithId<T> | undefined> {
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const outcome = await this.#call(Verb.Get, undefined, 0, id)
      if (outcome.count === 0 || outcome.bytes === undefined) return undefined
      const { bytes, structures } = outcome
      const document = this.#decoders.decode(this.#handle, structures, bytes, bytes.length)
      if (document !== undefined) return document as WithId<T>
    }
    throw new QuireError('CONFLICT', `collection ${this.name} was renamed each time it was read; read again`)
  }

  /** Whether there is a document of this id. */
  async has(id: IdOf<T>): Promise<boolean> {
    return (await this.#call(Verb.Has, undefined, 0, id)).count === 1
  }

  /** Stores a document, whether one of its id is there or not; gives whether it took the place of another one. */
  async put(document: WithId<T>, options?: WriteOptions): Promise<boolean> {
    if ((document as { _id?: unknown } | null)?._id === undefined) {
      throw new QuireError('INVALID_ID', 'put needs a document with an _id; insertOne makes one')
    }
    return (await this.#call(Verb.Put, encode(document, 'document'), writeDurability(options, 'put'))).count === 1
  }

  /** Deletes the document of this id; gives whether there was one. */
  async delete(id: IdOf<T>, options?: WriteOptions): Promise<boolean> {
    return (await this.#call(Verb.Delete, undefined, writeDurability(options, 'delete'), id)).count === 1
  }

  /** Inserts a document. */
  async insertOne(document: OptionalId<T>, options?: WriteOptions): Promise<InsertOneResult<T>> {
    const given = (document as { _id?: Id } | null)?._id
    const request = encode(document, 'document')
    const { bytes } = await this.#call(Verb.Insert, request, writeDurability(options, 'insertOne'))
    const insertedId = given === undefined && bytes !== undefined ? decodeId(bytes, bytes.length) : given
    return { acknowledged: true, insertedId: insertedId as IdOf<T> }
  }

  /** Inserts documents, all of them or, after an error, none. */
  async insertMany(documents: readonly OptionalId<T>[], options?: WriteOptions): Promise<InsertManyResult<T>> {
    const durability = writeDurability(options, 'insertMany')
    if (!Array.isArray(documents)) throw invalidArgument('insertMany takes an array of documents')
    if (documents.length === 0) return { acknowledged: true, insertedCount: 0, insertedIds: {} }
    const { count, bytes } = await this.#call(Verb.InsertMany, encodeAll(documents, 'documents'), durability)
    const ids = bytes === undefined ? [] : decodeIds(bytes, bytes.length)
    return { acknowledged: true, insertedCount: count, insertedIds: { ...ids } as { [index: number]: IdOf<T> } }
  }

  /** The first document that matches; null when none does. */
  async findOne(filter: Filter<T> = {}): Promise<WithId<T> | null> {
    const id = onlyId(filter)
    if (id !== undefined) return (await this.get(id as IdOf<T>)) ?? null
    return this.find(filter, { limit: 1 }).next()
  }

  /** The documents that match, as a cursor to be iterated with `for await`. */
  find(filter: Filter<T> = {}, options?: FindOptions): AsyncCursor<WithId<T>> {
    checkOptions(options, ['skip', 'limit'], 'find')
    return new AsyncCursor<WithId<T>>({ handle: this.#handle, decoders: this.#decoders }, filter, options)
  }

  /** Changes the first document that matches. */
  updateOne(filter: Filter<T>, update: Update<T>, options?: WriteOptions): Promise<UpdateResult<T>> {
    return this.#change([Verb.Update, Verb.UpdateOne], filter, encodeUpdate, update, options, 'updateOne')
  }

  /** Changes every document that matches, all of them or, after an error, none. */
  updateMany(filter: Filter<T>, update: Update<T>, options?: WriteOptions): Promise<UpdateResult<T>> {
    return this.#change([Verb.Update, Verb.UpdateMany], filter, encodeUpdate, update, options, 'updateMany')
  }

  /** Puts a document in the place of the first one that matches; its `_id` stays. */
  replaceOne(filter: Filter<T>, document: OptionalId<T>, options?: WriteOptions): Promise<UpdateResult<T>> {
    return this.#change([Verb.Replace, Verb.ReplaceOne], filter, encodeReplacement, document, options, 'replaceOne')
  }

  /** Deletes the first document that matches. */
  async deleteOne(filter: Filter<T>, options?: WriteOptions): Promise<DeleteResult> {
    const id = onlyId(requireFilter(filter))
    const durability = writeDurability(options, 'deleteOne')
    const outcome =
      id === undefined
        ? await this.#call(Verb.DeleteOne, encode(filter, 'filter'), durability)
        : await this.#call(Verb.Delete, undefined, durability, id)
    return { acknowledged: true, deletedCount: outcome.count }
  }

  /** Deletes every document that matches, all of them or, after an error, none. */
  async deleteMany(filter: Filter<T>, options?: WriteOptions): Promise<DeleteResult> {
    const request = encode(requireFilter(filter), 'filter')
    const { count } = await this.#call(Verb.DeleteMany, request, writeDurability(options, 'deleteMany'))
    return { acknowledged: true, deletedCount: count }
  }

  /** How many documents match. */
  async countDocuments(filter: Filter<T> = {}): Promise<number> {
    return (await this.#call(Verb.Count, encode(filter, 'filter'), 0)).count
  }

  /** How many documents there are, from the collection's own count. */
  async estimatedDocumentCount(): Promise<number> {
    return (await this.#call(Verb.Count, encode({}, 'filter'), 0)).count
  }

  /** Deletes every document; gives how many there were. */
  async clear(options?: WriteOptions): Promise<number> {
    return (await this.#call(Verb.Clear, undefined, writeDurability(options, 'clear'))).count
  }

  async #call(verb: number, request: Encoded | undefined, durability: number, id?: Id): Promise<AsyncOutcome> {
    if (request !== undefined) pinRequest(request)
    const { start, end } = request ?? { start: 0, end: 0 }
    return checkOutcome(await checkObject(addon.callAsync(verb, this.#handle, start, end, durability, id)))
  }

  async #change<B extends object>(
    verbs: readonly [byId: number, byFilter: number],
    filter: Filter<T>,
    encodeBody: (body: B) => Encoded,
    body: B,
    options: WriteOptions | undefined,
    call: string
  ): Promise<UpdateResult<T>> {
    const durability = writeDurability(options, call)
    const id = onlyId(requireFilter(filter))
    if (id === undefined) {
      const request = encode(filter, 'filter')
      pinRequest(request)
      check(addon.keep(request.start, request.end))
    }
    const outcome = await this.#call(verbs[id === undefined ? 1 : 0], encodeBody(body), durability, id)
    return {
      acknowledged: true,
      matchedCount: outcome.count,
      modifiedCount: outcome.modified,
      upsertedCount: 0,
      upsertedId: null
    }
  }
}

/** Deleting and changing need a filter: `{}` has to be written to mean all. */
function requireFilter<F>(filter: F): F & object {
  if (typeof filter !== 'object' || filter === null)
    throw invalidArgument('a filter is needed; {} means every document')
  return filter
}
