// Documents in a store of keys and buffers whose calls give promises: MessagePack under the id, changed by reading it,
// writing the whole anew. What such a store cannot do itself (filters, counts, groups) is done on decoded documents.
// Leaves to others: what a store's calls are named (classic-level.ts, rocksdb.ts).

import { createRequire } from 'node:module'
import { pack, unpack } from 'msgpackr'
import { type BenchDocument, groupByCity, passes } from '../documents.ts'
import type { LaterSession } from '../engine.ts'

/** An open store; each writing call is a commit at the durability it was opened with. */
export interface BufferStore {
  put(id: string, value: Buffer): Promise<void>
  putMany(entries: [id: string, value: Buffer][]): Promise<void>
  get(id: string): Promise<Buffer | undefined>
  /** As `get`, at once; absent where the store cannot. */
  getNow?(id: string): Buffer | undefined
  delete(id: string): Promise<void>
  /** Shows every value, in the store's own order. */
  each(visit: (value: Buffer) => void): Promise<void>
  close(): Promise<void>
}

/** Loads a package that need not be installed. Errors: what the package or its absence says. */
export function optionalPackage<Module>(name: string): Module {
  return createRequire(import.meta.url)(name)
}

const decoded = (value: Buffer | undefined): BenchDocument | undefined =>
  value === undefined ? undefined : unpack(value)

/** A session on an open store. */
export function bufferSession(store: BufferStore): LaterSession {
  const { getNow } = store
  const get = async (id: string) => decoded(await store.get(id))
  const insert = (document: BenchDocument) => store.put(document._id, pack(document))
  const each = (visit: (document: BenchDocument) => void) => store.each(value => visit(unpack(value)))
  const filter = async () => {
    const found: BenchDocument[] = []
    await each(document => {
      if (passes(document)) found.push(document)
    })
    return found.length
  }
  return {
    insertMany: documents => store.putMany(documents.map(document => [document._id, pack(document)])),
    insert,
    get,
    ...(getNow === undefined ? {} : { getNow: id => decoded(getNow(id)) }),
    async scan() {
      let count = 0
      let ages = 0
      await each(({ age }) => {
        count++
        ages += age
      })
      return { count, ages }
    },
    filter,
    count: filter,
    async group() {
      const all: BenchDocument[] = []
      await each(document => void all.push(document))
      return groupByCity(all)
    },
    async setAge(id, age) {
      const document = await get(id)
      if (document !== undefined) await insert({ ...document, age })
    },
    delete: id => store.delete(id),
    close: () => store.close()
  }
}
