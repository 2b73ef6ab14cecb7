// Moves documents to the shards that they belong to when there shall be more shards, or fewer.
//
// A batch of documents is copied to where they belong, that is made to last, and only then are they deleted where they
// were, and that is made to last. Promises: whenever it is cut off, every document is there, in its new place, its old
// one, or both alike; `recover` ends the last case before anybody looks; `run` goes on where it was. A batch that fails
// is taken back. Nobody writes
// while a batch moves, some 10 ms, and everybody between two batches. Leaves to others: where documents are (shards.ts).

import { setImmediate } from 'node:timers/promises'
import type { Database, Document, Id, IndexDescription, WithId } from '../index.ts'
import { ONCE_COLLECTION } from './once.ts'
import { Refusal } from './problems.ts'
import { placeOf } from './shard-places.ts'
import type { Shards } from './shards.ts'
import { EVERY_COLLECTION, type WriteGate } from './write-gate.ts'

const BATCH_DOCUMENTS = 500
const BATCH_BYTES = 4 << 20

/** A document that has another place. */
interface Moving {
  readonly id: Id
  readonly to: number
}

/** The one who moves documents of a database. */
export class ShardMover {
  readonly #shards: Shards
  readonly #gate: WriteGate
  #running: Promise<void> | undefined
  #isStopped = false
  /** Documents moved since the database was opened. */
  movedCount = 0
  /** Why it has stopped before the end. */
  failure: unknown
  /** Whether documents may be in two places, which nobody may see before `recover`. */
  isTorn = false

  constructor(shards: Shards, gate: WriteGate) {
    this.#shards = shards
    this.#gate = gate
  }

  /**
   * Says how many shards there shall be, and begins to move documents; `run` waits for the end.
   * @throws Refusal `DATABASE_IN_USE` while documents move, `SHARDED` for a collection with a unique index
   */
  async resize(target: number): Promise<void> {
    const shards = this.#shards
    await shards.lock.exclusive(() =>
      this.#gate.long(EVERY_COLLECTION, async () => {
        if (shards.isMoving) {
          throw new Refusal('DATABASE_IN_USE', `documents still move from ${shards.count} to ${shards.target} shards`)
        }
        if (target > 1) for (const part of shards.parts) checkIndexes(part)
        if (target !== shards.count) shards.begin(target)
      })
    )
  }

  /** Moves what has to move; ends at once when nothing has. Callers at the same time share one run. */
  run(): Promise<void> {
    this.#running ??= this.#moveAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Ends after the batch that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running?.catch(() => undefined)
  }

  /** Deletes in their old places the documents that were copied when a batch was cut off. */
  async recover(): Promise<void> {
    const { parts } = this.#shards
    for (const [shard, part] of parts.entries()) {
      for (const { name } of part.listCollections()) {
        const isCopied = ({ id, to }: Moving) => (parts[to] as Database).collection(name).has(id)
        for await (const batch of this.#batches(shard, name, isCopied)) await remove(part, name, batch)
      }
    }
    this.isTorn = false
  }

  async #moveAll(): Promise<void> {
    const shards = this.#shards
    if (!shards.isMoving) return
    this.failure = undefined
    try {
      for (const [shard, part] of shards.parts.slice(0, shards.count).entries()) {
        for (const { name, ids } of part.listCollections()) {
          await this.#prepare(part, name, ids)
          for await (const batch of this.#batches(shard, name)) {
            if (this.#isStopped) return
            await this.#exclusively(() => this.#move(shard, name, batch))
            // Those who waited go first.
            await setImmediate()
          }
        }
      }
      await this.#exclusively(() => shards.finish())
    } catch (error) {
      this.failure = error
      throw error
    }
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    return this.#shards.lock.exclusive(() => this.#gate.long(EVERY_COLLECTION, work))
  }

  /** Makes a collection in the other shards, with its indexes. */
  async #prepare(from: Database, name: string, ids: 'ulid' | 'integer'): Promise<void> {
    const indexes = from.collection(name).listIndexes().slice(1).map(descriptionOf)
    for (const part of this.#shards.parts.slice(0, this.#shards.target)) {
      if (part === from) continue
      if (!part.listCollections().some(other => other.name === name)) part.createCollection(name, { ids })
      const known = new Set(
        part
          .collection(name)
          .listIndexes()
          .map(index => index.name)
      )
      const missing = indexes.filter(index => !known.has(index.name as string))
      if (missing.length > 0) await part.collection(name).async.createIndexes(missing)
    }
  }

  /** The documents of a shard's collection that belong elsewhere, in batches of some megabytes at most. */
  async *#batches(shard: number, name: string, isWanted?: (moving: Moving) => boolean): AsyncGenerator<Moving[], void> {
    const part = this.#shards.parts[shard] as Database
    const { documentsCount = 0, documentsBytes = 0 } = part.listCollections().find(one => one.name === name) ?? {}
    const bytesEach = Math.max(1, documentsBytes / Math.max(1, documentsCount))
    const most = Math.max(1, Math.min(BATCH_DOCUMENTS, Math.floor(BATCH_BYTES / bytesEach)))
    let batch: Moving[] = []
    for await (const { _id } of part.collection<Document>(name).async.find({}, { projection: { _id: 1 } })) {
      const id = _id as Id
      const to = this.#placeOf(name, id, shard)
      if (to === shard || isWanted?.({ id, to }) === false) continue
      batch.push({ id, to })
      if (batch.length < most) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }

  /** Answers that are kept stand beside what they were answers to, until their shard goes away. */
  #placeOf(name: string, id: Id, shard: number): number {
    const { target } = this.#shards
    if (name === ONCE_COLLECTION) return shard < target ? shard : 0
    return placeOf(id, target)
  }

  async #move(shard: number, name: string, batch: readonly Moving[]): Promise<void> {
    const { parts } = this.#shards
    const from = parts[shard] as Database
    const copies = new Map<number, WithId<Document>[]>()
    for (const { id, to } of batch) {
      const document = from.collection<Document>(name).get(id)
      // Whoever was deleted meanwhile stays so; whoever is there already was copied before a crash.
      if (document === undefined || (parts[to] as Database).collection(name).has(id)) continue
      const known = copies.get(to)
      if (known === undefined) copies.set(to, [document])
      else known.push(document)
    }
    try {
      await allEnded(
        [...copies].map(async ([to, documents]) => {
          const part = parts[to] as Database
          await part.collection<Document>(name).async.insertMany(documents, { durability: 'process' })
          await part.sync()
        })
      )
      await remove(from, name, batch)
    } catch (error) {
      await this.#takeBack(from, name, copies)
      throw error
    }
    this.movedCount += batch.length
  }

  /** Deletes the copies of a batch that failed, as far as the documents are still where they were. */
  async #takeBack(from: Database, name: string, copies: ReadonlyMap<number, WithId<Document>[]>): Promise<void> {
    try {
      for (const [to, documents] of copies) {
        const copied = documents.flatMap(({ _id }) =>
          from.collection(name).has(_id as Id) ? [{ id: _id as Id, to }] : []
        )
        await remove(this.#shards.parts[to] as Database, name, copied)
      }
    } catch {
      // The failure before this one is the one to tell.
      this.isTorn = true
    }
  }
}

/** Waits until all have ended, also where one fails. @throws the first failure */
async function allEnded(all: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(all)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function remove(from: Database, name: string, batch: readonly Moving[]): Promise<void> {
  const filter = { _id: { $in: batch.map(({ id }) => id) } }
  await from.collection<Document>(name).async.deleteMany(filter as never, { durability: 'process' })
  await from.sync()
}

/** @throws Refusal `SHARDED` for a unique index, which would hold within each shard only */
export function checkIndexes(part: Database): void {
  for (const { name } of part.listCollections()) {
    refuseUnique(name, part.collection(name).listIndexes())
  }
}

/** @throws Refusal `SHARDED` */
export function refuseUnique(
  collection: string,
  indexes: readonly { unique?: boolean | undefined; name?: unknown }[]
): void {
  const unique = indexes.find(index => index.unique === true && index.name !== '_id_')
  if (unique === undefined) return
  const message = `collection ${collection} cannot have the unique index ${String(unique.name ?? '')} over several shards: only _id is unique in all of them`
  throw new Refusal('SHARDED', message)
}

function descriptionOf({
  entriesCount: _,
  bytes: __,
  ...index
}: ReturnType<ReturnType<Database['collection']>['listIndexes']>[number]): IndexDescription<Document> {
  return index as unknown as IndexDescription<Document>
}
