// The databases of a server: files of one folder, opened when they are asked for.
//
// Promises: a name never leads out of the folder; a database in use is not closed under its user; more than
// `databasesMax` are open only while more are in use. A file is made by `create` alone, or by the first use of
// `DEFAULT_DATABASE`. Leaves to others: which names a request may give (schemas.ts), what is done with one (routes).

import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Database, OpenOptions } from '../index.ts'
import { GroupCommit } from './group-commit.ts'
import { Refusal } from './problems.ts'
import { ShardFiles } from './shard-files.ts'
import { ShardMover } from './shard-mover.ts'
import { type ShardKey, Shards } from './shards.ts'
import { WriteGate } from './write-gate.ts'

/** The database that is there from the start. */
export const DEFAULT_DATABASE = 'main'
/** Names of databases: letters, digits, `_`, `-` and `.`, no dot in front; at most 64 characters. */
export const DATABASE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/
const ENDING = '.quire'
/** Names that mean devices on Windows. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/** A database that a request works on. */
export class OpenDatabase {
  readonly name: string
  readonly shards: Shards
  readonly mover: ShardMover
  readonly commits: GroupCommit
  readonly gate = new WriteGate()
  /** Change streams that are open. */
  streamsCount = 0
  /** What has to end before anybody looks: cleaning up after a move that was cut off. */
  pending: Promise<void> | undefined
  /** Requests that work on it; it is not closed while there is one. */
  usersCount = 0
  /** Whether the answers that are kept for a day will go away. */
  isOncePrepared = false

  constructor(name: string, shards: Shards) {
    this.name = name
    this.shards = shards
    this.mover = new ShardMover(shards, this.gate)
    this.commits = new GroupCommit(shards)
  }

  /**
   * The database where it is one file.
   * @throws Refusal `SHARDED`
   */
  get database(): Database {
    return this.shards.only
  }

  /**
   * The file that all of these documents are in.
   * @throws Refusal `SHARDED`, `CROSS_SHARD`
   */
  homeOf(keys: readonly ShardKey[] | undefined): Database {
    return this.shards.homeOf(keys)
  }
}

/** The open ones, and the folder. */
export class Databases {
  /** Where the files are; empty when the databases are in memory. */
  readonly folder: string
  readonly #options: OpenOptions
  readonly #openMax: number
  readonly #onFailure: (name: string, error: unknown) => void
  readonly #shardsCount: number | undefined
  /** The open ones, the one used last at the end. */
  readonly #open = new Map<string, OpenDatabase>()
  /** Databases that are being closed, each with its end. */
  readonly #closing = new Map<string, Promise<void>>()
  #isClosed = false

  /**
   * @param shardsCount of how many files databases shall be; as they are where it is undefined
   * @param onFailure is told of a database that could not be closed well, or whose documents do not move on
   * @throws the error of the file system when there can be no such folder
   */
  constructor(
    folder: string,
    options: OpenOptions,
    openMax: number,
    shardsCount: number | undefined,
    onFailure: (name: string, error: unknown) => void
  ) {
    this.folder = folder === ':memory:' ? '' : resolve(folder)
    this.#options = options
    this.#openMax = openMax
    this.#shardsCount = shardsCount
    this.#onFailure = onFailure
    if (this.folder !== '') mkdirSync(this.folder, { recursive: true })
  }

  /** The names of all there are, in order. */
  list(): string[] {
    if (this.folder === '') return [...new Set([DEFAULT_DATABASE, ...this.#open.keys()])].sort()
    const names = readdirSync(this.folder).flatMap(file =>
      file.endsWith(ENDING) ? [file.slice(0, -ENDING.length)] : []
    )
    return [...new Set([DEFAULT_DATABASE, ...names.filter(name => DATABASE_NAME.test(name))])].sort()
  }

  /** Those that are open. */
  opened(): OpenDatabase[] {
    return [...this.#open.values()]
  }

  /** Bytes of a database's files; 0 where there is none. */
  bytesOf(name: string): number {
    const path = this.fileOf(name)
    return path === undefined ? 0 : new ShardFiles(path).bytes()
  }

  /** Path of the file of a database, or of one of its shards; undefined where there is none. */
  fileOf(name: string, shard = 0): string | undefined {
    const path = new ShardFiles(this.#pathOf(name)).pathOf(shard)
    return this.folder !== '' && existsSync(path) ? path : undefined
  }

  /**
   * Does `work` with a database, which stays open until it has ended.
   * @throws Refusal `DATABASE_NOT_FOUND`, `SHUTTING_DOWN`; QuireError as `open`
   */
  async use<R>(name: string, work: (opened: OpenDatabase) => R | Promise<R>): Promise<R> {
    const opened = this.#take(name) ?? (await this.acquire(name))
    try {
      if (opened.pending !== undefined) await opened.pending
      return await work(opened)
    } finally {
      this.release(opened)
    }
  }

  /** Takes a database for longer than a call, until `release`. Errors are those of `use`. */
  async acquire(name: string): Promise<OpenDatabase> {
    let opened = this.#take(name)
    while (opened === undefined && this.#closing.has(name)) {
      await this.#closing.get(name)
      opened = this.#take(name)
    }
    if (opened !== undefined) {
      await opened.pending
      return opened
    }
    if (!this.#exists(name)) throw new Refusal('DATABASE_NOT_FOUND', `there is no database ${name}; PUT makes it`)
    opened = this.#openFile(name)
    opened.usersCount++
    this.#closeIdle()
    await opened.pending
    return opened
  }

  /** Ends what `acquire` began. */
  release(opened: OpenDatabase): void {
    opened.usersCount--
    this.#closeIdle()
  }

  /**
   * Makes a database.
   * @returns whether it was not there before
   */
  async create(name: string): Promise<boolean> {
    const isNew = !this.#exists(name) && !this.#open.has(name)
    await this.#closing.get(name)
    if (isNew && this.#find(name) === undefined) this.#openFile(name)
    return isNew
  }

  /**
   * Deletes a database and its file.
   * @throws Refusal `DATABASE_NOT_FOUND`, `DATABASE_IN_USE`
   */
  async remove(name: string): Promise<void> {
    const opened = this.#open.get(name)
    if (opened === undefined && !this.#exists(name)) {
      throw new Refusal('DATABASE_NOT_FOUND', `there is no database ${name}`)
    }
    if (opened !== undefined && opened.usersCount > 0) {
      throw new Refusal('DATABASE_IN_USE', `${opened.usersCount} requests work on database ${name}; try again`)
    }
    await (opened === undefined ? this.#closing.get(name) : this.#close(opened))
    new ShardFiles(this.#pathOf(name)).removeAll()
  }

  /**
   * Says of how many files a database shall be, and lets its documents move.
   * @throws Refusal `DATABASE_IN_USE` while change streams are open or documents move, `SHARDED`
   */
  async resize(opened: OpenDatabase, shardsCount: number): Promise<void> {
    if (opened.streamsCount > 0) {
      throw new Refusal('DATABASE_IN_USE', `${opened.streamsCount} change streams are open on database ${opened.name}`)
    }
    const { shards, mover } = opened
    // The same again goes on where a full disk had ended it.
    if (!(shards.isMoving && shards.target === shardsCount)) await mover.resize(shardsCount)
    this.#letMove(opened)
  }

  /** Moves documents while others work; the database stays open until they are where they belong. */
  #letMove(opened: OpenDatabase): void {
    opened.usersCount++
    opened.mover
      .run()
      .catch(error => this.#failed(opened, error))
      .finally(() => this.release(opened))
  }

  /** Where a failure left documents in two places, nobody sees them before they are in one, or is told the failure. */
  #failed(opened: OpenDatabase, error: unknown): void {
    this.#onFailure(opened.name, error)
    if (!opened.mover.isTorn) return
    opened.pending = this.#recovered(opened)
    opened.pending.catch(next => this.#onFailure(opened.name, next))
  }

  async #recovered(opened: OpenDatabase): Promise<void> {
    await opened.mover.recover()
    opened.pending = undefined
  }

  /** Closes all of them; what is committed is on disk then. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.opened().map(opened => this.#close(opened)), ...this.#closing.values()])
  }

  #find(name: string): OpenDatabase | undefined {
    if (this.#isClosed) throw new Refusal('SHUTTING_DOWN', 'the server is shutting down')
    const opened = this.#open.get(name)
    if (opened === undefined) return undefined
    if (this.#open.size > 1) {
      this.#open.delete(name)
      this.#open.set(name, opened)
    }
    return opened
  }

  /** One that is open, with one user more. */
  #take(name: string): OpenDatabase | undefined {
    const opened = this.#find(name)
    if (opened !== undefined) opened.usersCount++
    return opened
  }

  #exists(name: string): boolean {
    if (name === DEFAULT_DATABASE) return true
    return this.folder !== '' && existsSync(this.#pathOf(name))
  }

  #openFile(name: string): OpenDatabase {
    const path = this.#pathOf(name)
    const files = new ShardFiles(path)
    const isNew = this.folder === '' || !existsSync(path)
    const wanted = this.#shardsCount
    const shards = new Shards(files, { ...this.#options, durability: 'process' }, isNew ? wanted : undefined)
    const opened = new OpenDatabase(name, shards)
    this.#open.set(name, opened)
    if (shards.isMoving || (wanted !== undefined && wanted !== shards.count)) this.#goOn(opened, wanted)
    return opened
  }

  /** Ends a move that was cut off, and begins the one that is asked for. */
  #goOn(opened: OpenDatabase, wanted: number | undefined): void {
    const { shards, mover } = opened
    if (shards.isMoving) {
      opened.pending = this.#recovered(opened)
    }
    const move = async () => {
      await opened.pending
      await mover.run()
      if (wanted !== undefined && wanted !== shards.count) await this.resize(opened, wanted)
    }
    opened.usersCount++
    move()
      .catch(error => this.#failed(opened, error))
      .finally(() => this.release(opened))
  }

  #pathOf(name: string): string {
    if (!DATABASE_NAME.test(name) || DEVICES.test(name)) {
      throw new Refusal('INVALID_REQUEST', 'a database has a name of letters, digits, _, - and ., and no dot in front')
    }
    return this.folder === '' ? ':memory:' : join(this.folder, name + ENDING)
  }

  /** Closes those used longest ago, beyond as many as may be open. Databases in memory would be lost, and stay. */
  #closeIdle(): void {
    if (this.folder === '' || this.#open.size <= this.#openMax) return
    for (const opened of this.opened()) {
      if (this.#open.size <= this.#openMax) return
      if (opened.usersCount === 0) this.#close(opened).catch(error => this.#onFailure(opened.name, error))
    }
  }

  #close(opened: OpenDatabase): Promise<void> {
    this.#open.delete(opened.name)
    const closing = closeAll(opened).finally(() => this.#closing.delete(opened.name))
    this.#closing.set(opened.name, closing)
    return closing
  }
}

async function closeAll({ mover, shards }: OpenDatabase): Promise<void> {
  await mover.stop()
  await shards.close()
}
