// Keys addressed together with their store, as `store/key`: the addressing of DSKVS.
//
// The store's name ends at the first `/`; the key is all that follows, with any further `/`. Promises: each verb does
// what the store's own does; a batch works on several stores in one commit. Leaves to others: stores (kv-store.ts).

import { invalidArgument, QuireError } from './errors.ts'
import type { Kv } from './kv.ts'
import { checkSteps, runSteps, runStepsOrUndo } from './kv-batch.ts'
import type { KvEntry, KvOperation, KvResult, KvSetOptions, KvVersion } from './kv-types.ts'
import { type WriteOptions, writeDurability } from './options.ts'

/** What the stores are in: a database, a namespace, or a transaction. @internal */
export interface KvRooms {
  /** The store of this name. */
  kv<V>(name: string): Kv<V>
  /** Makes steps in several stores one write; absent in a transaction. */
  readonly kvTogether?: <R>(names: readonly string[], durability: number, work: (open: KvRooms['kv']) => R) => R
}

/**
 * Keys of all stores, by `store/key`. Errors are those of `Kv`, and `INVALID_ID` for a path without a store or a key.
 */
export class KvPaths {
  readonly #rooms: KvRooms

  /** @internal */
  constructor(rooms: KvRooms) {
    this.#rooms = rooms
  }

  /** The value at a path; undefined when there is none. */
  get<V = unknown>(path: string): V | undefined {
    const { store, key } = splitPath(path)
    return this.#rooms.kv<V>(store).get(key)
  }

  /** The value at a path with its version and its end; undefined when there is none. */
  getEntry<V = unknown>(path: string): KvEntry<V> | undefined {
    const { store, key } = splitPath(path)
    return this.#rooms.kv<V>(store).getEntry(key)
  }

  /** Whether there is a value at this path. */
  has(path: string): boolean {
    const { store, key } = splitPath(path)
    return this.#rooms.kv(store).has(key)
  }

  /**
   * Puts a value at a path, whether there was one or not.
   * @returns the new version
   */
  set(path: string, value: unknown, options?: KvSetOptions): KvVersion {
    const { store, key } = splitPath(path)
    return this.#rooms.kv(store).set(key, value, options)
  }

  /**
   * Takes away what is at a path.
   * @returns whether there was something
   */
  delete(path: string, options?: WriteOptions): boolean {
    const { store, key } = splitPath(path)
    return this.#rooms.kv(store).delete(key, options)
  }

  /** All keys of a store with their values. */
  getAll<V = unknown>(store: string): Map<string, V> {
    return this.#rooms.kv<V>(store).getAll()
  }

  /**
   * Takes all keys of a store away.
   * @returns how many there were
   */
  deleteAll(store: string, options?: WriteOptions): number {
    return this.#rooms.kv(store).deleteAll(options)
  }

  /**
   * Does several steps, in whichever stores, in one commit, all of them or none; their keys are paths.
   * @returns what each step gives
   * @throws QuireError `CONFLICT` when the version that a `check` asks for is another one
   */
  batch<V = unknown>(operations: readonly KvOperation<V>[], options?: WriteOptions): KvResult<V>[] {
    const durability = writeDurability(options, 'batch')
    const steps = checkSteps(operations).map(operation => {
      const { store, key } = splitPath(operation.key)
      return { store, step: { ...operation, key } }
    })
    const { kvTogether } = this.#rooms
    if (kvTogether === undefined) {
      if (durability !== 0) throw invalidArgument('batch takes no durability in a transaction; the transaction has it')
      return runStepsOrUndo(steps.map(({ store, step }) => ({ kv: this.#rooms.kv<V>(store), step })))
    }
    for (const { store, step } of steps) this.#rooms.kv<V>(store).prepare([step])
    const names = [...new Set(steps.map(({ store }) => store))]
    return kvTogether(names, durability, open =>
      runSteps(steps.map(({ store, step }) => ({ kv: open<V>(store), step })))
    )
  }
}

/** The store and the key of a path. */
function splitPath(path: string): { store: string; key: string } {
  if (typeof path !== 'string') throw new QuireError('INVALID_ID', `a path must be a string, not ${typeof path}`)
  const at = path.indexOf('/')
  if (at <= 0 || at === path.length - 1) {
    throw new QuireError('INVALID_ID', `the path ${path} is not of the form store/key`)
  }
  return { store: path.slice(0, at), key: path.slice(at + 1) }
}
