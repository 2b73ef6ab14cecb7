// The files of a database's shards, and the one that says how many there are.
//
// Shard 0 is the database's own file, the others `NAME.shard1` and so on, and `NAME.shards` has the counts as JSON.
// Promises: counts change by a rename, on disk before anything is done that needs them; a file of a shard that does not
// count is taken away before another one of its number is made. Leaves to others: what is in them (shards.ts).

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from '@hono/zod-openapi'
import { QuireError } from '../index.ts'

/** Most shards of a database. */
export const SHARDS_MAX = 64
/** What the engine puts beside a file while it is open or after a crash. */
export const SIBLINGS = ['', '-log0', '-log1', '-journal', '-lock', '-new']
const MEMORY = ':memory:'
const whole = z.int().min(1).max(SHARDS_MAX)
const counts = z.strictObject({ version: z.literal(1), count: whole, target: whole })

/** How many shards there are, and how many there shall be; they differ while documents move. */
export interface ShardCounts {
  readonly count: number
  readonly target: number
}

/** The files of one database. */
export class ShardFiles {
  /** Path without the ending; empty in memory. */
  readonly #stem: string
  readonly #path: string

  /** @param path of the database's own file, or `:memory:` */
  constructor(path: string) {
    this.#path = path
    this.#stem = path === MEMORY ? '' : path.replace(/\.quire$/, '')
  }

  /** Path of a shard's file. */
  pathOf(shard: number): string {
    return shard === 0 || this.#stem === '' ? this.#path : `${this.#stem}.shard${shard}`
  }

  /**
   * The counts; one shard where nothing says otherwise.
   * @throws QuireError `CORRUPTED`
   */
  read(): ShardCounts {
    const path = `${this.#stem}.shards`
    if (this.#stem === '' || !existsSync(path)) return { count: 1, target: 1 }
    let value: unknown
    try {
      value = JSON.parse(readFileSync(path, 'utf8'))
    } catch {
      value = undefined
    }
    const { success, data } = counts.safeParse(value)
    if (!success) {
      throw new QuireError(
        'CORRUPTED',
        `${basename(path)} does not say how many shards there are; restore it from a backup`
      )
    }
    return { count: data.count, target: data.target }
  }

  /** Changes the counts; they are on disk afterwards. */
  write({ count, target }: ShardCounts): void {
    if (this.#stem === '') return
    const path = `${this.#stem}.shards`
    const file = openSync(`${path}-new`, 'w')
    try {
      writeSync(file, JSON.stringify({ version: 1, count, target }))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(`${path}-new`, path)
    syncFolder(dirname(path))
  }

  /** Bytes of the files. */
  bytes(): number {
    let sum = 0
    for (let shard = 0; shard < SHARDS_MAX && (shard === 0 || this.#stem !== ''); shard++) {
      const found = statSync(this.pathOf(shard), { throwIfNoEntry: false })
      if (found === undefined) break
      sum += found.size
    }
    return sum
  }

  /** Takes the files of shards away from this number on. */
  removeFrom(shard: number): void {
    if (this.#stem === '') return
    const own = new RegExp(`^${escaped(basename(this.#stem))}\\.shard(\\d+)(-\\w+)?$`)
    for (const name of readdirSync(dirname(this.#stem))) {
      const [, number] = own.exec(name) ?? []
      if (number !== undefined && Number(number) >= shard) rmSync(join(dirname(this.#stem), name), { force: true })
    }
  }

  /** Takes everything away. */
  removeAll(): void {
    if (this.#stem === '') return
    this.removeFrom(1)
    for (const sibling of SIBLINGS) rmSync(this.#path + sibling, { force: true })
    rmSync(`${this.#stem}.shards`, { force: true })
  }
}

function escaped(text: string): string {
  return text.replace(/[.\\+*?[\](){}^$|-]/g, '\\$&')
}

/** Makes a rename last; where a folder cannot be opened (Windows) it does without. */
function syncFolder(path: string): void {
  let folder: number | undefined
  try {
    folder = openSync(path, 'r')
    fsyncSync(folder)
  } catch {
    // The rename itself is whole; only its time is not known.
  } finally {
    if (folder !== undefined) closeSync(folder)
  }
}
