// A collection on a server: the methods of `collection.async`, with the same arguments and results.
//
// Promises: code that uses promises moves from an embedded database to a server unchanged; errors have the same codes.
// Leaves to others: what methods mean (AsyncCollection), requests (transport.ts).

import type {
  AggregateOptions,
  AsyncCollection,
  ChangeEvent,
  ChangeFilter,
  Document,
  Filter,
  FindOptions,
  Id,
  PipelineStage,
  WatchOptions,
  WithId
} from '../index.ts'
import { RemoteChanges } from './remote-changes.ts'
import { RemoteCursor } from './remote-cursor.ts'
import { RemoteError } from './remote-error.ts'
import type { Transport } from './transport.ts'

type Options = { readonly durability?: string | undefined } & object
type Methods<T extends object> = AsyncCollection<T>

/** Documents with methods that return promises. Errors are those of the same methods of `Documents`. */
export class RemoteCollection<T extends object> {
  /** The collection's name. */
  readonly name: string
  readonly #transport: Transport
  readonly #path: string

  /** @param databasePath path of the database's routes */
  constructor(transport: Transport, databasePath: string, name: string) {
    this.name = name
    this.#transport = transport
    this.#path = `${databasePath}/collections/${encodeURIComponent(name)}`
  }

  /** Itself, for code that was written for an embedded database. */
  get async(): this {
    return this
  }

  /** The document of this id; undefined when there is none. */
  readonly get: Methods<T>['get'] = id => this.#transport.find<WithId<T>>({ method: 'GET', ...this.#byId(id as Id) })

  /** Whether there is a document of this id. */
  readonly has: Methods<T>['has'] = async id => (await this.countDocuments({ _id: id } as never)) === 1

  /** Stores a document, whether one of its id is there or not; gives whether it took the place of another one. */
  readonly put: Methods<T>['put'] = async (document, options) => {
    const { path, query } = this.#byId((document as { _id: Id })._id)
    const answer = await this.#transport.ask<{ created: boolean }>({
      method: 'PUT',
      path,
      query: { ...query, durability: this.#durability(options) },
      body: document,
      isWrite: true
    })
    return !answer.created
  }

  /** Deletes the document of this id; gives whether there was one. */
  readonly delete: Methods<T>['delete'] = async (id, options) =>
    (await this.deleteOne({ _id: id } as never, options)).deletedCount === 1

  /** Inserts a document. */
  readonly insertOne: Methods<T>['insertOne'] = (document, options) => this.#write('documents', document, options)

  /** Inserts documents, all of them or, after an error, none; with `ordered: false` all that can be. */
  readonly insertMany: Methods<T>['insertMany'] = async (documents, options) => {
    if (documents.length === 0) return { acknowledged: true, insertedCount: 0, insertedIds: {} }
    return this.#write('insert-many', { documents, ...optionsOf(options) }, options)
  }

  /** The first document that matches; null when none does. */
  readonly findOne = (async (filter: Filter<T> = {} as Filter<T>, options?: FindOptions<T>) => {
    const body = { filter, ...options, limit: 1 }
    const { documents } = await this.#read<{ documents: unknown[] }>('find', body)
    return documents[0] ?? null
  }) as Methods<T>['findOne']

  /** The documents that match, as a cursor. */
  find(filter: Filter<T> = {} as Filter<T>, options?: FindOptions<T>): RemoteCursor<WithId<T>> {
    return new RemoteCursor<WithId<T>>(this.#transport, { path: `${this.#path}/find`, body: { filter, ...options } })
  }

  /** The results of an aggregation pipeline. */
  aggregate<R extends object = Document>(
    pipeline: readonly PipelineStage[],
    options?: AggregateOptions
  ): RemoteCursor<R> {
    return new RemoteCursor<R>(this.#transport, { path: `${this.#path}/aggregate`, body: { pipeline, ...options } })
  }

  /** Changes the first document that matches. */
  readonly updateOne: Methods<T>['updateOne'] = (filter, update, options) =>
    this.#write('update-one', { filter, update, ...optionsOf(options) }, options)

  /** Changes every document that matches. */
  readonly updateMany: Methods<T>['updateMany'] = (filter, update, options) =>
    this.#write('update-many', { filter, update, ...optionsOf(options) }, options)

  /** Puts a document in the place of the first one that matches. */
  readonly replaceOne: Methods<T>['replaceOne'] = (filter, replacement, options) =>
    this.#write('replace-one', { filter, replacement, ...optionsOf(options) }, options)

  /** Changes the first document that matches, and gives it back. */
  readonly findOneAndUpdate = ((filter: Filter<T>, update: object, options?: Options) =>
    this.#found(
      'find-one-and-update',
      { filter, update, ...optionsOf(options) },
      options
    )) as Methods<T>['findOneAndUpdate']

  /** Puts a document in the place of the first one that matches, and gives one of the two back. */
  readonly findOneAndReplace = ((filter: Filter<T>, replacement: object, options?: Options) =>
    this.#found(
      'find-one-and-replace',
      { filter, replacement, ...optionsOf(options) },
      options
    )) as Methods<T>['findOneAndReplace']

  /** Deletes the first document that matches, and gives it back. */
  readonly findOneAndDelete = ((filter: Filter<T>, options?: Options) =>
    this.#found('find-one-and-delete', { filter, ...optionsOf(options) }, options)) as Methods<T>['findOneAndDelete']

  /** Does many writes in one commit. */
  readonly bulkWrite: Methods<T>['bulkWrite'] = (operations, options) =>
    this.#write('bulk-write', { operations, ...optionsOf(options) }, options)

  /** Deletes the first document that matches. */
  readonly deleteOne: Methods<T>['deleteOne'] = (filter, options) =>
    this.#write('delete-one', { filter, ...optionsOf(options) }, options)

  /** Deletes every document that matches. */
  readonly deleteMany: Methods<T>['deleteMany'] = (filter, options) =>
    this.#write('delete-many', { filter, ...optionsOf(options) }, options)

  /** How many documents match. */
  readonly countDocuments: Methods<T>['countDocuments'] = async (filter = {} as Filter<T>, options) =>
    (await this.#read<{ count: number }>('count', { filter, ...options })).count

  /** How many documents there are. */
  readonly estimatedDocumentCount: Methods<T>['estimatedDocumentCount'] = () => this.countDocuments()

  /** The distinct values of a field. */
  readonly distinct = (async (field: string, filter: Filter<T> = {} as Filter<T>, options?: object) =>
    (await this.#read<{ values: unknown[] }>('distinct', { field, filter, ...options }))
      .values) as Methods<T>['distinct']

  /** Deletes every document; gives how many there were. */
  readonly clear: Methods<T>['clear'] = async options =>
    (await this.#write<{ deletedCount: number }>('clear', {}, options)).deletedCount

  /** Makes an index; gives its name. */
  readonly createIndex: Methods<T>['createIndex'] = async (fields, options) =>
    (await this.createIndexes([{ key: fields, ...options } as never]))[0] as string

  /** Makes several indexes, or none; gives their names. */
  readonly createIndexes: Methods<T>['createIndexes'] = async (indexes, options) =>
    (await this.#write<{ names: string[] }>('indexes', { indexes: indexes.map(described) }, options)).names

  /** Drops an index, by its name or its fields. */
  readonly dropIndex: Methods<T>['dropIndex'] = async index => {
    const name = typeof index === 'string' ? index : await this.#indexOf(index)
    await this.#transport.ask({ method: 'DELETE', path: `${this.#path}/indexes/${encodeURIComponent(name)}` })
  }

  /** Drops every index but the one on `_id`, one after the other. */
  readonly dropIndexes: Methods<T>['dropIndexes'] = async () => {
    for (const { name } of await this.listIndexes()) if (name !== '_id_') await this.dropIndex(name)
  }

  /** The indexes, the one on `_id` first. */
  readonly listIndexes: Methods<T>['listIndexes'] = async () =>
    (
      await this.#transport.ask<{ indexes: Awaited<ReturnType<Methods<T>['listIndexes']>> }>({
        method: 'GET',
        path: `${this.#path}/indexes`
      })
    ).indexes

  /** Deletes the collection and all its documents; gives whether there was one. */
  drop(): Promise<boolean> {
    return this.#transport.drop(this.#path)
  }

  /** Gives the collection another name; this object keeps standing for the old one. */
  async rename(to: string): Promise<void> {
    await this.#transport.ask({ method: 'POST', path: `${this.#path}/rename`, body: { to } })
  }

  /** The changes of the collection from now on, also over a connection that breaks. */
  watch(filter?: ChangeFilter<T>, options?: WatchOptions): RemoteChanges<ChangeEvent<T>> {
    return new RemoteChanges<ChangeEvent<T>>(this.#transport, `${this.#path}/changes`, filter, options)
  }

  /** The name of the index of these fields. @throws RemoteError `INDEX_NOT_FOUND` */
  async #indexOf(fields: object): Promise<string> {
    const wanted = JSON.stringify([...keyOf(fields)])
    const found = (await this.listIndexes()).find(({ key }) => JSON.stringify(Object.entries(key)) === wanted)
    if (found === undefined) throw new RemoteError('INDEX_NOT_FOUND', `${this.name} has no index on ${wanted}`, 0)
    return found.name
  }

  #byId(id: Id): { path: string; query: Record<string, string> } {
    const isText = typeof id === 'string'
    const isBytes = id instanceof Uint8Array
    const text = isBytes ? base64url(id) : String(id)
    return {
      path: `${this.#path}/documents/${encodeURIComponent(text)}`,
      query: isText ? {} : { idType: isBytes ? 'bytes' : 'integer' }
    }
  }

  #durability(options: Options | undefined): string | undefined {
    return options?.durability ?? this.#transport.durability
  }

  #read<R>(verb: string, body: object): Promise<R> {
    return this.#transport.ask<R>({ method: 'POST', path: `${this.#path}/${verb}`, body })
  }

  #write<R>(verb: string, body: object, options: Options | undefined): Promise<R> {
    const query = { durability: this.#durability(options) }
    return this.#transport.ask<R>({ method: 'POST', path: `${this.#path}/${verb}`, query, body, isWrite: true })
  }

  async #found(verb: string, body: object, options: Options | undefined): Promise<unknown> {
    return (await this.#write<{ document: unknown }>(verb, body, options)).document
  }
}

/** An index whose fields are in the one form that the server takes; a Map keeps their order. */
function described({ key, ...others }: { readonly key: unknown }): object {
  return { key: keyOf(key), ...others }
}

/** Fields of an index, however they were given, with their directions. */
function keyOf(fields: unknown): Map<string, unknown> {
  if (typeof fields === 'string') return new Map([[fields, 1]])
  if (fields instanceof Map) return fields
  if (!Array.isArray(fields)) return new Map(Object.entries(fields as object))
  return new Map(fields.map(field => (Array.isArray(field) ? (field as [string, unknown]) : [field as string, 1])))
}

/** Options without the durability, which is part of the path. */
function optionsOf(options: Options | undefined): object {
  const { durability: _, ...others } = options ?? {}
  return others
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
