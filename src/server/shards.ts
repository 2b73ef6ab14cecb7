// The shards of one database: where a document is, also while documents move, and what all of them have together.
//
// One shard is the usual case, and costs nothing. Promises: a document is in one shard; while it moves it may be in two,
// and then both have the same, nobody writes to it, and its new place is looked at first. A document that is not there
// yet is made in its new place, so one pass over the old places moves all. Leaves to others: moving (shard-mover.ts),
// files (shard-files.ts), places (shard-places.ts).

import { type CollectionInfo, type Database, type Id, type OpenOptions, open, type Stats } from '../index.ts'
import { MoveLock } from './move-lock.ts'
import { Refusal } from './problems.ts'
import type { ShardFiles } from './shard-files.ts'
import { placeOf } from './shard-places.ts'

/** A document that a request is about. */
export interface ShardKey {
  readonly collection: string
  readonly id: Id
}

/** The shards of an open database. */
export class Shards {
  readonly files: ShardFiles
  /** Keeps those who look at several shards from those who move documents. */
  readonly lock = new MoveLock()
  readonly #options: OpenOptions
  readonly #parts: Database[] = []
  #count: number
  #target: number
  #scratch: Database | undefined
  #scratchCount = 0

  /**
   * Opens all shards there are.
   * @param initial how many a database has that is new
   * @throws QuireError as `open`, `CORRUPTED` for counts that cannot be read
   */
  constructor(files: ShardFiles, options: OpenOptions, initial?: number) {
    this.files = files
    this.#options = options
    if (initial !== undefined && initial > 1) files.write({ count: initial, target: initial })
    const { count, target } = initial === undefined ? files.read() : { count: initial, target: initial }
    this.#count = count
    this.#target = target
    try {
      this.#openAll()
      files.removeFrom(this.#parts.length)
    } catch (error) {
      for (const part of this.#parts) part.close()
      throw error
    }
  }

  #openAll(): void {
    while (this.#parts.length < Math.max(this.#count, this.#target)) {
      this.#parts.push(open(this.files.pathOf(this.#parts.length), this.#options))
    }
  }

  /** The shards, in order. */
  get parts(): readonly Database[] {
    return this.#parts
  }

  /** How many there are; documents are in these, or on their way out of them. */
  get count(): number {
    return this.#count
  }

  /** How many there shall be. */
  get target(): number {
    return this.#target
  }

  /** Whether documents still have to move. */
  get isMoving(): boolean {
    return this.#count !== this.#target
  }

  /** Whether it is more than one file. */
  get isSharded(): boolean {
    return this.#parts.length > 1
  }

  /**
   * The database where there is one file.
   * @throws Refusal `SHARDED`
   */
  get only(): Database {
    if (!this.isSharded) return this.#parts[0] as Database
    throw new Refusal('SHARDED', 'this is not done over several shards; docs/SERVER.md tells what is')
  }

  /** The shard that a document is in, or would be made in. */
  home({ collection, id }: ShardKey): Database {
    const place = placeOf(id, this.#target)
    const part = this.#parts[place] as Database
    if (!this.isMoving) return part
    const old = placeOf(id, this.#count)
    if (old === place || part.collection(collection).has(id)) return part
    const former = this.#parts[old] as Database
    return former.collection(collection).has(id) ? former : part
  }

  /**
   * The shard that all of these documents are in.
   * @param keys undefined where what is asked knows of no single documents
   * @throws Refusal `SHARDED`, `CROSS_SHARD`
   */
  homeOf(keys: readonly ShardKey[] | undefined): Database {
    if (!this.isSharded || keys === undefined) return this.only
    if (keys.length === 0) return this.#parts[0] as Database
    const homes = new Set(keys.map(key => this.home(key)))
    if (homes.size > 1) {
      throw new Refusal('CROSS_SHARD', `this is one transaction over ${homes.size} shards; it has to be in one`)
    }
    const [home] = homes
    return home as Database
  }

  /** Has everything that is committed on disk. */
  async sync(): Promise<void> {
    await Promise.all(this.#parts.map(part => part.sync()))
  }

  /** The collections, with the sums of their shards. */
  listCollections(): CollectionInfo[] {
    return sumByName(this.#parts.flatMap(part => part.listCollections()))
  }

  /** Counts and sizes of all shards together. */
  stats(): Stats {
    const all = this.#parts.map(part => part.stats())
    return {
      ...sumOf(all as unknown as Summable[]),
      collections: sumByName(all.flatMap(one => one.collections))
    } as never
  }

  /** A new id, as the engine makes them. */
  newId(): string {
    return this.inScratch(collection => collection.insertOne({}).insertedId as string)
  }

  /** Does `work` with an empty collection in memory. */
  inScratch<R>(work: (collection: ReturnType<Database['collection']>) => R): R {
    this.#scratch ??= open(':memory:')
    const name = `scratch-${this.#scratchCount++}`
    try {
      return work(this.#scratch.collection(name))
    } finally {
      this.#scratch.dropCollection(name)
    }
  }

  /** Says how many there shall be, and opens those that are new. Only while nobody writes. */
  begin(target: number): void {
    this.files.write({ count: this.#count, target })
    this.#target = target
    this.#openAll()
  }

  /** All documents have moved: takes the shards away that nothing is in any more. Only while nobody looks or writes. */
  async finish(): Promise<void> {
    this.files.write({ count: this.#target, target: this.#target })
    this.#count = this.#target
    const gone = this.#parts.splice(this.#count)
    await Promise.all(gone.map(part => part[Symbol.asyncDispose]()))
    this.files.removeFrom(this.#count)
  }

  async close(): Promise<void> {
    this.#scratch?.close()
    await Promise.all(this.#parts.map(part => part[Symbol.asyncDispose]()))
  }
}

type Summable = Readonly<Record<string, unknown>>

/** The sums of numbers; of everything else the first. */
function sumOf(all: readonly Summable[]): Summable {
  const [first = {}, ...others] = all
  return Object.fromEntries(
    Object.entries(first).map(([key, value]) => [
      key,
      typeof value === 'number' ? others.reduce((sum, one) => sum + Number(one[key] ?? 0), value) : value
    ])
  )
}

function sumByName(all: readonly CollectionInfo[]): CollectionInfo[] {
  const byName = grouped(all)
  const names = [...byName.keys()].sort()
  return names.map(name => sumOf((byName.get(name) ?? []) as unknown as Summable[]) as unknown as CollectionInfo)
}

function grouped(all: readonly CollectionInfo[]): Map<string, CollectionInfo[]> {
  const groups = new Map<string, CollectionInfo[]>()
  for (const one of all) groups.set(one.name, [...(groups.get(one.name) ?? []), one])
  return groups
}
