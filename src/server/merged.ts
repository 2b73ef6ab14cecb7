// Reading a collection that is spread over shards as if it were one.
//
// Shards are asked at the same time, each as of one moment of its own; they begin to read while nothing moves, so that
// no document is seen twice or not at all. An order is made of the first documents of every shard by the engine itself,
// in memory. Promises: the documents that one file would give. Leaves to others: what is in which shard (shards.ts).

import type { Document, Filter, FindOptions, KvEntry, KvListOptions } from '../index.ts'
import { storeCollection } from './names.ts'
import { Refusal } from './problems.ts'
import type { Shards } from './shards.ts'
import type { DocumentSource } from './streams.ts'

/** Most documents that are put in order in memory, of each shard. */
const SORTED_MAX = 100_000

/** Find over all shards. */
export function mergedFind(
  shards: Shards,
  collection: string,
  filter: Filter<Document>,
  options: FindOptions<Document>
): DocumentSource {
  return options.sort === undefined
    ? new ChainedFind(shards, collection, filter, options)
    : new SortedFind(shards, collection, filter, options)
}

type Cursor = DocumentSource & { next(): Promise<object | null> }

/** How many documents of each shard may be in the answer; undefined for all. */
function mostOf({ skip = 0, limit }: FindOptions<Document>): number | undefined {
  return limit === undefined ? undefined : skip + limit
}

/** One shard behind the other. */
class ChainedFind implements DocumentSource {
  readonly #shards: Shards
  readonly #open: () => Cursor[]
  #cursors: { readonly cursor: Cursor; first?: object | null }[] | undefined
  #at = 0
  #skip: number
  #left: number

  constructor(shards: Shards, collection: string, filter: Filter<Document>, options: FindOptions<Document>) {
    const { skip = 0, limit, ...others } = options
    const most = mostOf(options)
    const each = most === undefined ? others : { ...others, limit: most }
    this.#shards = shards
    this.#open = () => shards.parts.map(part => part.collection<Document>(collection).async.find(filter, each))
    this.#skip = skip
    this.#left = limit ?? Number.POSITIVE_INFINITY
  }

  async next(): Promise<object | null> {
    this.#cursors ??= await this.#begin()
    while (this.#left > 0 && this.#at < this.#cursors.length) {
      const place = this.#cursors[this.#at] as { readonly cursor: Cursor; first?: object | null }
      const document = place.first === undefined ? await place.cursor.next() : place.first
      delete place.first
      if (document === null) this.#at++
      else if (this.#skip > 0) this.#skip--
      else {
        this.#left--
        return document
      }
    }
    return null
  }

  /** A cursor sees the moment in which its first document is asked for. */
  #begin() {
    return this.#shards.lock.shared(() =>
      Promise.all(this.#open().map(async cursor => ({ cursor, first: await cursor.next() })))
    )
  }

  async close(): Promise<void> {
    await Promise.all((this.#cursors ?? []).map(({ cursor }) => cursor.close()))
  }
}

/** All shards in one order. */
class SortedFind implements DocumentSource {
  readonly #read: () => Promise<object[]>
  #found: object[] | undefined
  #at = 0

  constructor(shards: Shards, collection: string, filter: Filter<Document>, options: FindOptions<Document>) {
    const most = mostOf(options)
    if (most === undefined || most > SORTED_MAX) {
      throw new Refusal(
        'SHARDED',
        `an order over several shards takes a limit, and at most ${SORTED_MAX} documents with skip`
      )
    }
    const { projection: _, skip: __, hint, ...pushed } = options
    const each = { ...pushed, limit: most, ...(hint === undefined ? {} : { hint }) } as FindOptions<Document>
    const { hint: ___, ...last } = options
    this.#read = async () => {
      const all = await shards.lock.shared(() =>
        Promise.all(shards.parts.map(part => part.collection<Document>(collection).async.find(filter, each).toArray()))
      )
      return shards.inScratch(scratch => {
        const found = all.flat()
        if (found.length > 0) scratch.insertMany(found as never)
        return scratch.find(filter as never, last as never).toArray() as object[]
      })
    }
  }

  async next(): Promise<object | null> {
    this.#found ??= await this.#read()
    return this.#found[this.#at++] ?? null
  }

  async close(): Promise<void> {
    this.#found = []
  }
}

/** Count over all shards. */
export async function mergedCount(
  shards: Shards,
  collection: string,
  filter: Filter<Document>,
  options: { readonly skip?: number; readonly limit?: number; readonly hint?: never }
): Promise<number> {
  const { skip = 0, limit, ...others } = options
  const most = mostOf(options)
  const each = most === undefined ? others : { ...others, limit: most }
  const counts = await shards.lock.shared(() =>
    Promise.all(shards.parts.map(part => part.collection<Document>(collection).async.countDocuments(filter, each)))
  )
  const all = counts.reduce((sum, count) => sum + count, 0)
  return Math.min(Math.max(0, all - skip), limit ?? Number.POSITIVE_INFINITY)
}

/** The entries of a store over all shards, in the order of their keys. */
export function mergedEntries(
  shards: Shards,
  namespace: string | undefined,
  store: string,
  options: KvListOptions & { readonly limit: number }
): Promise<KvEntry<unknown>[]> {
  return shards.lock.shared(async () => {
    const all = shards.parts.flatMap(part => {
      const kv = namespace === undefined ? part.kv(store) : part.namespace(namespace).kv(store)
      return [...kv.entries(options)]
    })
    const direction = options.reverse === true ? -1 : 1
    all.sort((one, other) => direction * Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)))
    return all.slice(0, options.limit)
  })
}

/** The key of a store's entry as a document. */
export function entryKey(namespace: string | undefined, store: string, key: string) {
  return { collection: storeCollection(namespace, store), id: key }
}
