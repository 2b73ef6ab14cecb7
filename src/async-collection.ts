// A collection's verbs as promises: the same results, worked out on a pool thread.
//
// For large results, slow disks and writes at durability `disk`: the event loop runs on meanwhile. A small read from
// memory is faster as a synchronous call. Promises: arguments are encoded before the call returns, so changing them
// afterwards changes nothing (with a schema that returns promises: until it has answered); writes are done in the order in which their promises resolve. Leaves to
// others: the verbs (documents.ts, whose docstrings name the errors), the threads (native/node/src/tasks.rs).

import { type AggregateOptions, AsyncAggregationCursor } from './aggregation.ts'
import { AsyncCursor } from './async-cursor.ts'
import { bulkWriteCommand, bulkWriteResult, insertEachCommand, insertManyResult, writeEach } from './bulk.ts'
import type { Encoded } from './codec.ts'
import { type Command, runCommandAsync } from './commands.ts'
import type { Document, Id, IdOf, OptionalId, WithId } from './document.ts'
import { QuireError } from './errors.ts'
import type { Filter } from './filter-types.ts'
import { checkOptions, onlyId } from './filters.ts'
import { asyncValidatorOf, guarded, runAsync, type Target, targetOf } from './guard.ts'
import type { IndexDescription, IndexInfo, IndexOptions, IndexSpecification } from './index-types.ts'
import {
  createIndexCommand,
  createIndexesCommand,
  dropIndexCommand,
  dropIndexesCommand,
  listIndexesCommand
} from './indexes.ts'
import { type AsyncOutcome, addon, check, checkObject, checkOutcome, pinRequest, Verb } from './native.ts'
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
  insertOneRequest,
  nothingInserted,
  putRequest,
  type Request,
  requireFilter,
  truthRequest,
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
import { READ_TRIES } from './structures.ts'
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

const NO_BYTES = new Uint8Array(0)

/** Documents with methods that return promises. Errors are those of the same methods of `Documents`. */
export class AsyncCollection<T extends object> {
  /** The collection's name. */
  readonly name: string
  readonly #source: Source

  /** @internal */
  constructor(source: Source) {
    this.name = source.name
    this.#source = source
  }

  /** The document of this id; undefined when there is none. */
  async get(id: IdOf<T>): Promise<WithId<T> | undefined> {
    const request = { verb: Verb.Get, id, durability: 0, read: () => undefined }
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const { count, bytes, structures } = await this.#call(request)
      if (count === 0 || bytes === undefined) return undefined
      const document = this.#source.decoders.decode(this.#source.handle, structures, bytes, bytes.length)
      if (document !== undefined) return document as WithId<T>
    }
    throw new QuireError('CONFLICT', `collection ${this.name} was renamed each time it was read; read again`)
  }

  /** Whether there is a document of this id. */
  has(id: IdOf<T>): Promise<boolean> {
    return this.#send(truthRequest(Verb.Has, id as Id, 0))
  }

  /** Stores a document, whether one of its id is there or not; gives whether it took the place of another one. */
  async put(document: WithId<T>, options?: WriteOptions): Promise<boolean> {
    const durability = durabilityIn(this.#source, options, 'put')
    return this.#send(putRequest(this.#isChecked ? await this.#valid(document) : document, durability))
  }

  /** Deletes the document of this id; gives whether there was one. */
  async delete(id: IdOf<T>, options?: WriteOptions): Promise<boolean> {
    const durability = durabilityIn(this.#source, options, 'delete')
    return this.#send(truthRequest(Verb.Delete, id as Id, durability))
  }

  /** Inserts a document. */
  async insertOne(document: OptionalId<T>, options?: WriteOptions): Promise<InsertOneResult<T>> {
    const durability = durabilityIn(this.#source, options, 'insertOne')
    return this.#send(insertOneRequest<T>(this.#isChecked ? await this.#valid(document) : document, durability))
  }

  /** Inserts documents, all of them or, after an error, none; with `ordered: false` all that can be. */
  async insertMany(documents: readonly OptionalId<T>[], options?: InsertManyOptions): Promise<InsertManyResult<T>> {
    const durability = durabilityIn(this.#source, options, 'insertMany', BULK_OPTIONS)
    const nothing = nothingInserted<T>(documents)
    if (nothing !== undefined) return nothing
    if (options?.ordered === false) return this.#insertEach(documents, durability)
    const valid = this.#isChecked ? await Promise.all(documents.map(document => this.#valid(document))) : documents
    return this.#send(insertManyRequest<T>(valid, durability))
  }

  /** The first document that matches; null when none does. */
  findOne<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    options: Omit<FindOneOptions<T>, 'projection'> & { readonly projection: P }
  ): Promise<Projected<WithId<T>, P> | null>
  findOne(filter?: Filter<T>, options?: FindOneOptions<T>): Promise<WithId<T> | null>
  async findOne(filter: Filter<T> = {} as Filter<T>, options?: FindOneOptions<T>): Promise<unknown> {
    if (options !== undefined) {
      checkOptions(options, FIND_ONE_OPTIONS, 'findOne')
      return this.find(filter, { ...options, limit: 1 }).next()
    }
    const id = onlyId(filter)
    if (id !== undefined) return (await this.get(id as IdOf<T>)) ?? null
    return this.find(filter, { limit: 1 }).next()
  }

  /** The documents that match, as a cursor to be iterated with `for await`. */
  find<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    options: Omit<FindOptions<T>, 'projection'> & { readonly projection: P }
  ): AsyncCursor<Projected<WithId<T>, P> & object>
  find(filter?: Filter<T>, options?: FindOptions<T>): AsyncCursor<WithId<T>>
  find(filter: Filter<T> = {} as Filter<T>, options?: FindOptions<T>): AsyncCursor<never> {
    checkOptions(options, FIND_OPTIONS, 'find')
    return new AsyncCursor<never>(this.#source, filter, options as FindOptions<never> | undefined)
  }

  /** The results of an aggregation pipeline, as a cursor to be iterated with `for await`. */
  aggregate<R extends object = Document>(
    pipeline: readonly PipelineStage[],
    options?: AggregateOptions
  ): AsyncAggregationCursor<R> {
    return new AsyncAggregationCursor<R>(this.#source, pipeline, options)
  }

  /** Changes the first document that matches. */
  async updateOne(filter: Filter<T>, update: Update<T>, options?: UpdateOneOptions<T>): Promise<UpdateResult<T>> {
    return this.#change({ call: 'updateOne', filter, body: update, options })
  }

  /** Changes every document that matches, all of them or, after an error, none. */
  async updateMany(filter: Filter<T>, update: Update<T>, options?: UpdateOptions): Promise<UpdateResult<T>> {
    return this.#change({ call: 'updateMany', filter, body: update, options })
  }

  /** Puts a document in the place of the first one that matches; its `_id` stays. */
  async replaceOne(filter: Filter<T>, document: OptionalId<T>, options?: ReplaceOptions<T>): Promise<UpdateResult<T>> {
    return this.#change({ call: 'replaceOne', filter, body: document, options })
  }

  /** Changes the first document that matches, and gives it back: as it was before, or after with `returnDocument`. */
  findOneAndUpdate<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    update: Update<T>,
    options: FindOneAndUpdateOptions<T> & { readonly projection: P }
  ): Promise<Projected<WithId<T>, P> | null>
  findOneAndUpdate(
    filter: Filter<T>,
    update: Update<T>,
    options?: FindOneAndUpdateOptions<T>
  ): Promise<WithId<T> | null>
  async findOneAndUpdate(filter: Filter<T>, update: Update<T>, options?: FindOneAndUpdateOptions<T>): Promise<unknown> {
    return this.#findOneAnd({ call: 'findOneAndUpdate', filter, body: update, options })
  }

  /** Puts a document in the place of the first one that matches, and gives that back, or the new one. */
  findOneAndReplace<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    document: OptionalId<T>,
    options: FindOneAndReplaceOptions<T> & { readonly projection: P }
  ): Promise<Projected<WithId<T>, P> | null>
  findOneAndReplace(
    filter: Filter<T>,
    document: OptionalId<T>,
    options?: FindOneAndReplaceOptions<T>
  ): Promise<WithId<T> | null>
  async findOneAndReplace(
    filter: Filter<T>,
    document: OptionalId<T>,
    options?: FindOneAndReplaceOptions<T>
  ): Promise<unknown> {
    return this.#findOneAnd({ call: 'findOneAndReplace', filter, body: document, options })
  }

  /** Deletes the first document that matches, and gives it back. */
  findOneAndDelete<const P extends Projection<WithId<T>>>(
    filter: Filter<T>,
    options: FindOneAndDeleteOptions<T> & { readonly projection: P }
  ): Promise<Projected<WithId<T>, P> | null>
  findOneAndDelete(filter: Filter<T>, options?: FindOneAndDeleteOptions<T>): Promise<WithId<T> | null>
  async findOneAndDelete(filter: Filter<T>, options?: FindOneAndDeleteOptions<T>): Promise<unknown> {
    return this.#findOneAnd({ call: 'findOneAndDelete', filter, options })
  }

  /** Does many writes in one commit: up to the first one that fails, or with `ordered: false` all that can be done. */
  async bulkWrite(
    operations: readonly BulkWriteOperation<T>[],
    options?: BulkWriteOptions
  ): Promise<BulkWriteResult<T>> {
    const durability = durabilityIn(this.#source, options, 'bulkWrite', BULK_OPTIONS)
    if (!this.#isChecked) return this.#send(bulkWriteCommand<T>(operations, options?.ordered, durability))
    return bulkWriteResult<T>(await this.#each(operations as never, options?.ordered ?? true, durability))
  }

  /** Deletes the first document that matches. */
  async deleteOne(filter: Filter<T>, options?: DeleteOptions): Promise<DeleteResult> {
    const durability = durabilityIn(this.#source, options, 'deleteOne', DELETE_OPTIONS)
    return this.#send(deleteRequest('deleteOne', filter, options, durability))
  }

  /** Deletes every document that matches, all of them or, after an error, none. */
  async deleteMany(filter: Filter<T>, options?: DeleteOptions): Promise<DeleteResult> {
    const durability = durabilityIn(this.#source, options, 'deleteMany', DELETE_OPTIONS)
    return this.#send(deleteRequest('deleteMany', filter, options, durability))
  }

  /** How many documents match. */
  countDocuments(filter: Filter<T> = {} as Filter<T>, options?: CountOptions): Promise<number> {
    return this.#send(countRequest(filter, options))
  }

  /** The distinct values of a field; an array stands for its elements. */
  distinct<K extends keyof WithId<T> & string>(
    field: K,
    filter?: Filter<T>,
    options?: DistinctOptions
  ): Promise<Distinct<WithId<T>[K]>[]>
  distinct(field: string, filter?: Filter<T>, options?: DistinctOptions): Promise<unknown[]>
  async distinct(field: string, filter: Filter<T> = {} as Filter<T>, options?: DistinctOptions): Promise<unknown[]> {
    return this.#send(distinctCommand<unknown>(field, filter, options))
  }

  /** How many documents there are, from the collection's own count. */
  estimatedDocumentCount(): Promise<number> {
    return this.#send(countRequest({}))
  }

  /** Deletes every document; gives how many there were. */
  async clear(options?: WriteOptions): Promise<number> {
    return this.#send(clearRequest(durabilityIn(this.#source, options, 'clear')))
  }

  /** Makes an index; gives its name. Not in transactions, like what follows. */
  async createIndex(fields: IndexSpecification<T>, options?: IndexOptions<T>): Promise<string> {
    return this.#send(createIndexCommand(fields, options, 0))
  }

  /** Makes several indexes, or none; gives their names. */
  async createIndexes(indexes: readonly IndexDescription<T>[], options?: WriteOptions): Promise<string[]> {
    return this.#send(createIndexesCommand(indexes, durabilityIn(this.#source, options, 'createIndexes')))
  }

  /** Drops an index, by its name or its fields. */
  async dropIndex(index: string | IndexSpecification<T>, options?: WriteOptions): Promise<void> {
    return this.#send(dropIndexCommand(index, durabilityIn(this.#source, options, 'dropIndex')))
  }

  /** Drops every index but the one on `_id`. */
  async dropIndexes(options?: WriteOptions): Promise<void> {
    return this.#send(dropIndexesCommand(durabilityIn(this.#source, options, 'dropIndexes')))
  }

  /** The indexes, the one on `_id` first. */
  async listIndexes(): Promise<IndexInfo[]> {
    return this.#send(listIndexesCommand())
  }

  /** Encodes and sends a request before it returns. */
  async #call({ verb, encodeFirst, encodeBody, id, durability }: Request<unknown>): Promise<AsyncOutcome> {
    if (encodeFirst !== undefined) {
      const first = encodeFirst()
      pinRequest(first)
      check(addon.keep(first.start, first.end))
    }
    const body: Encoded | undefined = encodeBody?.()
    if (body !== undefined) pinRequest(body)
    const { start, end } = body ?? { start: 0, end: 0 }
    return checkOutcome(await checkObject(addon.callAsync(verb, this.#source.handle, start, end, durability, id)))
  }

  async #send<R>(request: Request<R> | Command<R>): Promise<R> {
    if ('command' in request) return runCommandAsync(this.#source.handle, request)
    const { count, modified, bytes = NO_BYTES } = await this.#call(request)
    return request.read({ count, modified, bytes, length: bytes.length })
  }

  get #isChecked(): boolean {
    return this.#source.slot.schema !== undefined
  }

  /** The document as the collection's schema gives it. */
  #valid<D extends object>(document: D): Promise<D> {
    return this.#source.slot.validateAsync(document, this.name)
  }

  #change(change: Change): Promise<UpdateResult<T>> {
    const { call, filter, options } = change
    const durability = durabilityIn(this.#source, options, call, CHANGE_OPTIONS[call])
    if (!this.#isChecked) return this.#send(changeRequest<T>(change, durability))
    const run = (documents: AsyncCollection<T>, filter: object) =>
      documents.#send(changeRequest<T>({ ...change, filter }, 0))
    return this.#guard(targetOf(requireFilter(filter), call === 'updateMany', options), durability, run, upsertedIdOf)
  }

  async #findOneAnd(asked: FindOneAnd): Promise<unknown> {
    const { call, filter, options } = asked
    const durability = durabilityIn(this.#source, options, call, FIND_ONE_AND_OPTIONS[call])
    if (!this.#isChecked || call === 'findOneAndDelete') {
      return (await this.#send(findOneAndCommand(asked, durability))).value
    }
    // A schema may change what is stored, so the document after is read once more.
    const { projection, ...others } = options ?? {}
    const isAfter = options?.returnDocument === 'after'
    const sent = isAfter ? { ...asked, options: others } : asked
    const change = (documents: AsyncCollection<T>, filter: object) =>
      documents.#send(findOneAndCommand({ ...sent, filter }, 0))
    const target = targetOf(requireFilter(filter), false, options)
    const show = async (documents: AsyncCollection<T>, { value }: Found) =>
      isAfter && value !== null ? documents.#send(findOneCommand({ _id: value['_id'] }, projection)) : value
    return this.#guard(target, durability, change, upsertedIdOf, show)
  }

  /** Inserts the documents that can be inserted. */
  async #insertEach(documents: readonly OptionalId<T>[], durability: number): Promise<InsertManyResult<T>> {
    if (!this.#isChecked) return this.#send(insertEachCommand<T>(documents, durability))
    const operations = documents.map(document => ({ insertOne: { document } }))
    return insertManyResult<T>(await this.#each(operations as never, false, durability))
  }

  /** Does operations one by one, so that a schema validates what they store, in one transaction. */
  #each(operations: readonly BulkWriteOperation<Document>[], ordered: boolean, durability: number) {
    const { slot } = this.#source
    return this.#together(durability, raw =>
      runAsync(writeEach(new AsyncCollection<T>({ ...raw.#source, slot }), operations, ordered))
    )
  }

  /** Runs a change of documents that a schema validates, in a transaction, and gives what `show` makes of its result. */
  #guard<R, S = R>(
    target: Target,
    durability: number,
    change: (documents: AsyncCollection<T>, filter: object) => Promise<R>,
    upsertedId: (result: R) => Id | null,
    show: (documents: AsyncCollection<T>, result: R) => unknown = (_, result) => result
  ): Promise<S> {
    const validator = asyncValidatorOf(this.#source.slot, this.name)
    return this.#together(durability, async raw => {
      const result = await runAsync(guarded(raw, validator, target, filter => change(raw, filter), upsertedId))
      return (await show(raw, result)) as S
    })
  }

  /** Runs several steps on the documents, which are not validated, as one write. */
  async #together<R>(durability: number, work: (raw: AsyncCollection<T>) => Promise<R>): Promise<R> {
    const { together } = this.#source
    return together === undefined
      ? work(new AsyncCollection<T>({ ...this.#source, slot: NO_SCHEMA }))
      : together.later(durability, work as unknown as (documents: AsyncCollection<object>) => Promise<R>)
  }
}
