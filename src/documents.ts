// The verbs on the documents of one collection, as a collection and a transaction both have them.
//
// Promises: every call is one native call on the calling thread (several where a schema validates an update); what
// comes back is a new object that shares nothing with the database; a document that is given is neither changed nor
// kept. Leaves to others: what is sent (requests.ts), schemas (schema.ts, guard.ts), lists (cursor.ts), everything
// that a verb means (the engine).

import { type AggregateOptions, AggregationCursor } from './aggregation.ts'
import { AsyncCollection } from './async-collection.ts'
import { bulkWriteCommand, bulkWriteResult, insertEachCommand, insertManyResult, writeEach } from './bulk.ts'
import { encode, releaseLargeBuffer } from './codec.ts'
import { type Command, runCommand } from './commands.ts'
import { Cursor } from './cursor.ts'
import type { Document, Id, IdOf, OptionalId, WithId } from './document.ts'
import { QuireError } from './errors.ts'
import type { Filter } from './filter-types.ts'
import { checkOptions, onlyId } from './filters.ts'
import { guarded, runNow, type Target, targetOf, validatorOf } from './guard.ts'
import { addon, check, lastError, pinRequest, responseBytes, Status, status } from './native.ts'
import {
  CHANGE_OPTIONS,
  DELETE_OPTIONS,
  type DeleteOptions,
  type ReplaceOptions,
  type UpdateOneOptions,
  type UpdateOptions,
  type WriteOptions
} from './options.ts'
import type { PipelineStage } from './pipeline.ts'
import type { Projected, Projection } from './projection-types.ts'
import {
  type CountOptions,
  type DistinctOptions,
  FIND_ONE_OPTIONS,
  FIND_OPTIONS,
  type FindOneOptions,
  type FindOptions
} from './query.ts'
import {
  type Change,
  changeRequest,
  clearRequest,
  countRequest,
  deleteRequest,
  distinctCommand,
  type FindOneAnd,
  type Found,
  findOneAndCommand,
  findOneCommand,
  insertManyRequest,
  nothingInserted,
  putRequest,
  type Request,
  requireFilter,
  upsertedIdOf
} from './requests.ts'
import type {
  BulkWriteOperation,
  BulkWriteResult,
  DeleteResult,
  Distinct,
  InsertManyResult,
  InsertOneResult,
  UpdateResult
} from './results.ts'
import { durabilityIn, NO_SCHEMA, type Source } from './source.ts'
import { decodeId, READ_TRIES } from './structures.ts'
import type { Update } from './update-types.ts'
import {
  BULK_OPTIONS,
  type BulkWriteOptions,
  FIND_ONE_AND_OPTIONS,
  type FindOneAndDeleteOptions,
  type FindOneAndReplaceOptions,
  type FindOneAndUpdateOptions,
  type InsertManyOptions
} from './write-options.ts'

/**
 * The documents of one collection, by themselves (see `Collection`) or inside a transaction.
 *
 * Errors of every method: `CLOSED`, `CORRUPTED`, `IO`. Of every write also: `READ_ONLY`, `BUSY`, `DISK_FULL`,
 * `POISONED`, and inside a transaction `CONFLICT`, `TRANSACTION_ENDED`, `TRANSACTION_TOO_LARGE`. Of every method that
 * takes a document, filter or update also: `UNSUPPORTED_VALUE`, naming the path. Of every method that writes documents
 * of a collection with a schema also: `SCHEMA_MISMATCH`, and `INVALID_ARGUMENT` when the schema is asynchronous.
 */
export class Documents<T extends object> {
  /** The collection's name. */
  readonly name: string
  /** @internal */
  protected readonly source: Source
  #async: AsyncCollection<T> | undefined

  /** @internal */
  constructor(source: Source) {
    this.name = source.name
    this.source = source
  }

  /** The same documents with methods that return promises and work off the event loop. */
  get async(): AsyncCollection<T> {
    this.#async ??= new AsyncCollection<T>(this.source)
    return this.#async
  }

  /**
   * The document of this id; undefined when there is none.
   * @throws QuireError `INVALID_ID`
   */
  get(id: IdOf<T>): WithId<T> | undefined {
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const length = addon.get(this.source.handle, id)
      if (length === 0) return undefined
      if (length < 0) throw lastError()
      const structures = status[Status.Structures] as number
      const document = this.source.decoders.decode(this.source.handle, structures, responseBytes(length), length)
      if (document !== undefined) return document as WithId<T>
    }
    throw new QuireError('CONFLICT', `collection ${this.name} was renamed each time it was read; read again`)
  }

  /**
   * Whether there is a document of this id.
   * @throws QuireError `INVALID_ID`
   */
  has(id: IdOf<T>): boolean {
    const result = addon.has(this.source.handle, id)
    if (result < 0) throw lastError()
    return result === 1
  }

  /**
   * Stores a document, whether one of its id is there or not.
   * @returns whether it took the place of another one
   * @throws QuireError `INVALID_ID`, `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`
   */
  put(document: WithId<T>, options?: WriteOptions): boolean {
    const durability = durabilityIn(this.source, options, 'put')
    return this.#send(putRequest(this.#valid(document), durability))
  }

  /**
   * Deletes the document of this id.
   * @returns whether there was one
   * @throws QuireError `INVALID_ID`
   */
  delete(id: IdOf<T>, options?: WriteOptions): boolean {
    const result = addon.delete(this.source.handle, id, durabilityIn(this.source, options, 'delete'))
    if (result < 0) throw lastError()
    return result === 1
  }

  /**
   * Inserts a document. Where it has no `_id` the engine makes one, which comes back; the object given stays as it is.
   * @throws QuireError `DUPLICATE_ID`, `INVALID_ID`, `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`
   */
  insertOne(document: OptionalId<T>, options?: WriteOptions): InsertOneResult<T> {
    const durability = durabilityIn(this.source, options, 'insertOne')
    const valid = this.#valid(document)
    const request = encode(valid, 'document')
    pinRequest(request)
    const length = addon.insert(this.source.handle, request.start, request.end, durability)
    if (length < 0) throw lastError()
    releaseLargeBuffer(request)
    const given = (valid as { _id?: Id })._id
    const insertedId = given === undefined ? decodeId(responseBytes(length), length) : given
    return { acknowledged: true, insertedId: insertedId as IdOf<T> }
  }

  /**
   * Inserts documents, all of them or, after an error, none; with `ordered: false` all that can be.
   * @throws QuireError `DUPLICATE_ID`, `INVALID_ID`, `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`, `TRANSACTION_TOO_LARGE`
   * @throws BulkWriteError with `ordered: false`, when some were not inserted
   */
  insertMany(documents: readonly OptionalId<T>[], options?: InsertManyOptions): InsertManyResult<T> {
    const durability = durabilityIn(this.source, options, 'insertMany', BULK_OPTIONS)
    const nothing = nothingInserted<T>(documents)
    if (nothing !== undefined) return nothing
    if (options?.ordered === false) return this.#insertEach(documents, durability)
    const valid = this.source.slot.schema === undefined ? documents : documents.map(document => this.#valid(document))
    return this.#send(insertManyRequest<T>(valid, durability))
  }

  /**
   * The first document that matches; null when none does.
   * @throws QuireError `INVALID_FILTER`, `INVALID_SORT`, `INVALID_PROJECTION`, `INDEX_NOT_FOUND`
   */
  findOne<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    options: Omit<FindOneOptions<T>, 'projection'> & { readonly projection: P }
  ): Projected<WithId<T>, P> | null
  findOne(filter?: Filter<T>, options?: FindOneOptions<T>): WithId<T> | null
  findOne(filter: Filter<T> = {} as Filter<T>, options?: FindOneOptions<T>): unknown {
    if (options !== undefined) {
      checkOptions(options, FIND_ONE_OPTIONS, 'findOne')
      return new Cursor<WithId<T>>(this.source, filter, { ...(options as FindOptions<never>), limit: 1 }).next()
    }
    const id = onlyId(filter)
    if (id !== undefined) return this.get(id as IdOf<T>) ?? null
    return new Cursor<WithId<T>>(this.source, filter, { limit: 1 }).next()
  }

  /**
   * The documents that match, as a cursor. Nothing is read before it is asked for a document.
   * @throws QuireError `INVALID_ARGUMENT` for a skip or limit that is no count
   */
  find<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    options: Omit<FindOptions<T>, 'projection'> & { readonly projection: P }
  ): Cursor<Projected<WithId<T>, P> & object>
  find(filter?: Filter<T>, options?: FindOptions<T>): Cursor<WithId<T>>
  find(filter: Filter<T> = {} as Filter<T>, options?: FindOptions<T>): Cursor<never> {
    checkOptions(options, FIND_OPTIONS, 'find')
    return new Cursor<never>(this.source, filter, options as FindOptions<never> | undefined)
  }

  /**
   * The results of an aggregation pipeline: MongoDB's stages, run by the engine. Nothing runs before the first result
   * is asked for; with `$out` or `$merge` there are no results, but they have to be asked for all the same.
   * @throws QuireError `INVALID_ARGUMENT` when the pipeline is no array, or an option is not known
   */
  aggregate<R extends object = Document>(
    pipeline: readonly PipelineStage[],
    options?: AggregateOptions
  ): AggregationCursor<R> {
    return new AggregationCursor<R>(this.source, pipeline, options)
  }

  /**
   * Changes the first document that matches.
   * @throws QuireError `INVALID_FILTER`, `INVALID_UPDATE`, `INDEX_NOT_FOUND`, `DOCUMENT_TOO_LARGE`, `SCHEMA_MISMATCH`
   */
  updateOne(filter: Filter<T>, update: Update<T>, options?: UpdateOneOptions<T>): UpdateResult<T> {
    return this.#change({ call: 'updateOne', filter, body: update, options })
  }

  /**
   * Changes every document that matches, all of them or, after an error, none.
   * @throws QuireError `INVALID_FILTER`, `INVALID_UPDATE`, `INDEX_NOT_FOUND`, `DOCUMENT_TOO_LARGE`, `SCHEMA_MISMATCH`
   */
  updateMany(filter: Filter<T>, update: Update<T>, options?: UpdateOptions): UpdateResult<T> {
    return this.#change({ call: 'updateMany', filter, body: update, options })
  }

  /**
   * Puts a document in the place of the first one that matches; its `_id` stays.
   * @throws QuireError `INVALID_FILTER`, `INVALID_DOCUMENT`, `INVALID_UPDATE` for another `_id`, `INDEX_NOT_FOUND`,
   * `DOCUMENT_TOO_LARGE`, `SCHEMA_MISMATCH`
   */
  replaceOne(filter: Filter<T>, document: OptionalId<T>, options?: ReplaceOptions<T>): UpdateResult<T> {
    return this.#change({ call: 'replaceOne', filter, body: document, options })
  }

  /**
   * Changes the first document that matches, and gives it back: as it was before, or after with `returnDocument`.
   * @returns null when none matches, or when an upsert inserted one and the document before is asked for
   * @throws QuireError as `updateOne`, `INVALID_SORT`, `INVALID_PROJECTION`
   */
  findOneAndUpdate<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    update: Update<T>,
    options: FindOneAndUpdateOptions<T> & { readonly projection: P }
  ): Projected<WithId<T>, P> | null
  findOneAndUpdate(filter: Filter<T>, update: Update<T>, options?: FindOneAndUpdateOptions<T>): WithId<T> | null
  findOneAndUpdate(filter: Filter<T>, update: Update<T>, options?: FindOneAndUpdateOptions<T>): unknown {
    return this.#findOneAnd({ call: 'findOneAndUpdate', filter, body: update, options })
  }

  /**
   * Puts a document in the place of the first one that matches, and gives that back, or with `returnDocument` the new
   * one.
   * @returns as `findOneAndUpdate`
   * @throws QuireError as `replaceOne`, `INVALID_SORT`, `INVALID_PROJECTION`
   */
  findOneAndReplace<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    document: OptionalId<T>,
    options: FindOneAndReplaceOptions<T> & { readonly projection: P }
  ): Projected<WithId<T>, P> | null
  findOneAndReplace(filter: Filter<T>, document: OptionalId<T>, options?: FindOneAndReplaceOptions<T>): WithId<T> | null
  findOneAndReplace(filter: Filter<T>, document: OptionalId<T>, options?: FindOneAndReplaceOptions<T>): unknown {
    return this.#findOneAnd({ call: 'findOneAndReplace', filter, body: document, options })
  }

  /**
   * Deletes the first document that matches, and gives it back.
   * @returns null when none matches
   * @throws QuireError as `deleteOne`, `INVALID_SORT`, `INVALID_PROJECTION`
   */
  findOneAndDelete<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    options: FindOneAndDeleteOptions<T> & { readonly projection: P }
  ): Projected<WithId<T>, P> | null
  findOneAndDelete(filter: Filter<T>, options?: FindOneAndDeleteOptions<T>): WithId<T> | null
  findOneAndDelete(filter: Filter<T>, options?: FindOneAndDeleteOptions<T>): unknown {
    return this.#findOneAnd({ call: 'findOneAndDelete', filter, options })
  }

  /**
   * Does many writes in one commit: up to the first one that fails, or with `ordered: false` all that can be done.
   * @throws BulkWriteError when one failed: it tells which, and what the others did
   * @throws QuireError `INVALID_ARGUMENT` for operations that are none
   */
  bulkWrite(operations: readonly BulkWriteOperation<T>[], options?: BulkWriteOptions): BulkWriteResult<T> {
    const durability = durabilityIn(this.source, options, 'bulkWrite', BULK_OPTIONS)
    if (this.source.slot.schema === undefined) {
      return this.#send(bulkWriteCommand<T>(operations, options?.ordered, durability))
    }
    return bulkWriteResult<T>(this.#each(operations as never, options?.ordered ?? true, durability))
  }

  /**
   * Deletes the first document that matches.
   * @throws QuireError `INVALID_FILTER`, `INDEX_NOT_FOUND`
   */
  deleteOne(filter: Filter<T>, options?: DeleteOptions): DeleteResult {
    const durability = durabilityIn(this.source, options, 'deleteOne', DELETE_OPTIONS)
    return this.#send(deleteRequest('deleteOne', filter, options, durability))
  }

  /**
   * Deletes every document that matches, all of them or, after an error, none.
   * @throws QuireError `INVALID_FILTER`, `INDEX_NOT_FOUND`
   */
  deleteMany(filter: Filter<T>, options?: DeleteOptions): DeleteResult {
    const durability = durabilityIn(this.source, options, 'deleteMany', DELETE_OPTIONS)
    return this.#send(deleteRequest('deleteMany', filter, options, durability))
  }

  /**
   * How many documents match.
   * @throws QuireError `INVALID_FILTER`
   */
  countDocuments(filter: Filter<T> = {} as Filter<T>, options?: CountOptions): number {
    return this.#send(countRequest(filter, options))
  }

  /**
   * The distinct values of a field; an array stands for its elements.
   * @throws QuireError `INVALID_FILTER`, `INDEX_NOT_FOUND`, `LIMIT_EXCEEDED` when they take too much memory
   */
  distinct<K extends keyof WithId<T> & string>(
    field: K,
    filter?: Filter<T>,
    options?: DistinctOptions
  ): Distinct<WithId<T>[K]>[]
  distinct(field: string, filter?: Filter<T>, options?: DistinctOptions): unknown[]
  distinct(field: string, filter: Filter<T> = {} as Filter<T>, options?: DistinctOptions): unknown[] {
    return this.#send(distinctCommand<unknown>(field, filter, options))
  }

  /** How many documents there are, from the collection's own count. */
  estimatedDocumentCount(): number {
    return this.#send(countRequest({}))
  }

  /**
   * Deletes every document.
   * @returns how many there were
   */
  clear(options?: WriteOptions): number {
    return this.#send(clearRequest(durabilityIn(this.source, options, 'clear')))
  }

  #send<R>(call: Request<R> | Command<R>): R {
    if ('command' in call) return runCommand(this.source.handle, call)
    const { verb, encodeFirst, encodeBody, id, durability, read } = call
    if (encodeFirst !== undefined) {
      const first = encodeFirst()
      pinRequest(first)
      check(addon.keep(first.start, first.end))
    }
    const body = encodeBody?.()
    if (body !== undefined) pinRequest(body)
    const { start, end } = body ?? { start: 0, end: 0 }
    const count = check(addon.call(verb, this.source.handle, start, end, durability, id))
    if (body !== undefined) releaseLargeBuffer(body)
    const [length, modified] = [status[Status.Bytes] as number, status[Status.Modified] as number]
    return read({ count, modified, length, bytes: responseBytes(length) })
  }

  /** The document as the collection's schema gives it. */
  #valid<D extends object>(document: D): D {
    return this.source.slot.schema === undefined ? document : this.source.slot.validate(document, this.name)
  }

  #change(change: Change): UpdateResult<T> {
    const { call, filter, options } = change
    const durability = durabilityIn(this.source, options, call, CHANGE_OPTIONS[call])
    if (this.source.slot.schema === undefined) return this.#send(changeRequest<T>(change, durability))
    const run = (documents: Documents<T>, filter: object) => documents.#send(changeRequest<T>({ ...change, filter }, 0))
    return this.#guard(targetOf(requireFilter(filter), call === 'updateMany', options), durability, run, upsertedIdOf)
  }

  #findOneAnd(asked: FindOneAnd): unknown {
    const { call, filter, options } = asked
    const durability = durabilityIn(this.source, options, call, FIND_ONE_AND_OPTIONS[call])
    if (this.source.slot.schema === undefined || call === 'findOneAndDelete') {
      return this.#send(findOneAndCommand(asked, durability)).value
    }
    // A schema may change what is stored, so the document after is read once more.
    const { projection, ...others } = options ?? {}
    const isAfter = options?.returnDocument === 'after'
    const sent = isAfter ? { ...asked, options: others } : asked
    const change = (documents: Documents<T>, filter: object) =>
      documents.#send(findOneAndCommand({ ...sent, filter }, 0))
    const target = targetOf(requireFilter(filter), false, options)
    const show = (documents: Documents<T>, { value }: Found) =>
      isAfter && value !== null ? documents.#send(findOneCommand({ _id: value['_id'] }, projection)) : value
    return this.#guard(target, durability, change, upsertedIdOf, show)
  }

  /** Inserts the documents that can be inserted. */
  #insertEach(documents: readonly OptionalId<T>[], durability: number): InsertManyResult<T> {
    if (this.source.slot.schema === undefined) return this.#send(insertEachCommand<T>(documents, durability))
    const operations = documents.map(document => ({ insertOne: { document } }))
    return insertManyResult<T>(this.#each(operations as never, false, durability))
  }

  /** Does operations one by one, so that a schema validates what they store, in one transaction. */
  #each(operations: readonly BulkWriteOperation<Document>[], ordered: boolean, durability: number) {
    const { slot } = this.source
    return this.#together(durability, raw =>
      runNow(writeEach(new Documents<T>({ ...raw.source, slot }), operations, ordered))
    )
  }

  /** Runs a change of documents that a schema validates, in a transaction, and gives what `show` makes of its result. */
  #guard<R, S = R>(
    target: Target,
    durability: number,
    change: (documents: Documents<T>, filter: object) => R,
    upsertedId: (result: R) => Id | null,
    show: (documents: Documents<T>, result: R) => unknown = (_, result) => result
  ): S {
    const validator = validatorOf(this.source.slot, this.name)
    return this.#together(durability, raw => {
      const result = runNow(guarded(raw, validator, target, filter => change(raw, filter), upsertedId))
      return show(raw, result) as S
    })
  }

  /** Runs several steps on the documents, which are not validated, as one write. */
  #together<R>(durability: number, work: (raw: Documents<T>) => R): R {
    const { together } = this.source
    return together === undefined
      ? work(new Documents<T>({ ...this.source, slot: NO_SCHEMA }))
      : together.now(durability, work as unknown as (documents: Documents<object>) => R)
  }
}
