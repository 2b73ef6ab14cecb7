// How a request writes: short writes in one turn, long ones on a pool thread, both acknowledged together.
//
// Promises: a write is answered only when it is as safe as was asked, on disk unless the request asks for less; nobody's
// event loop waits for a collection that a long write holds; a write with an Idempotency-Key is done once. Leaves to
// others: who waits for whom (write-gate.ts), syncing (group-commit.ts), keys (once.ts).

import type { Database, Durability, Transaction, WriteOptions } from '../index.ts'
import type { OpenDatabase } from './databases.ts'
import { keptOf, ONCE_COLLECTION, type Once, onceOf, prepareOnce, toKeep } from './once.ts'
import type { Call } from './route.ts'
import type { ShardKey } from './shards.ts'

/** What a write names, and how safe it has to be. */
export interface Write {
  readonly opened: OpenDatabase
  /** The collections it writes to; none for every one. */
  readonly names: readonly string[]
  readonly durability: Durability | undefined
  /** The documents it writes to, where it knows them; without them it is done in one file only. */
  readonly keys?: readonly ShardKey[] | undefined
  /** Where the request has a key under which it is done once. */
  readonly once?: Once | undefined
}

/** What a write works on: the database, or the transaction in which it is done once. */
export interface Target extends Pick<Transaction, 'collection' | 'kv' | 'namespace'> {
  /** Does several steps as one write. */
  atomically<R>(work: (transaction: Transaction) => R): R
}

type WriteQuery = { readonly durability?: Durability | undefined }

/** The write that a request asks for. @throws Refusal `INVALID_REQUEST` for a key that is none */
export function writeOf(
  call: Pick<Call<unknown, WriteQuery, unknown>, 'context' | 'grant' | 'body' | 'query'>,
  opened: OpenDatabase,
  names: readonly string[],
  keys?: readonly ShardKey[]
): Write {
  return { opened, names, durability: call.query.durability, once: onceOf(call), keys }
}

/** The level at which a commit is made: whoever waits for the disk waits behind it, with others. */
function committedAt(durability: Durability | undefined): WriteOptions {
  return { durability: durability === 'lazy' ? 'lazy' : 'process' }
}

async function settle({ opened, durability = 'disk' }: Write): Promise<void> {
  if (durability === 'disk') await opened.commits.settle()
}

function held({ names, once }: Write): readonly string[] {
  return once === undefined ? names : [...names, ONCE_COLLECTION]
}

/** A database by itself; a class, for one is made by every write. */
class DatabaseTarget implements Target {
  readonly #database: Database
  readonly #write: Write

  constructor(database: Database, write: Write) {
    this.#database = database
    this.#write = write
  }

  readonly collection: Target['collection'] = name => this.#database.collection(name)
  readonly kv = ((name: string) => this.#database.kv(name)) as unknown as Target['kv']
  readonly namespace = ((name: string) => this.#database.namespace(name)) as unknown as Target['namespace']

  atomically<R>(work: (transaction: Transaction) => R): R {
    const { durability, names } = this.#write
    return this.#database.transaction(work, { ...committedAt(durability), collections: names })
  }
}

function transactionTarget(transaction: Transaction): Target {
  return {
    collection: name => transaction.collection(name),
    kv: transaction.kv.bind(transaction) as Transaction['kv'],
    namespace: name => transaction.namespace(name),
    atomically: work => work(transaction)
  }
}

/** Does a write that takes microseconds. */
export async function shortWrite<R>(write: Write, work: (options: WriteOptions, target: Target) => R): Promise<R> {
  const { opened, once, durability } = write
  const result = await opened.gate.short(held(write), () => {
    const database = opened.homeOf(write.keys)
    if (once === undefined) return work(committedAt(durability), new DatabaseTarget(database, write))
    const kept = knownOf(opened, once)
    if (kept !== undefined) return kept.result as R
    return database.transaction(
      transaction => {
        const done = work({}, transactionTarget(transaction))
        transaction.collection<object>(ONCE_COLLECTION).insertOne(toKeep(once, done))
        return done
      },
      { ...committedAt(durability), collections: [...held(write)] }
    )
  })
  await settle(write)
  return result
}

/** Does a write that may take long. */
export async function longWrite<R>(
  write: Write,
  work: (options: WriteOptions, target: Target) => Promise<R>
): Promise<R> {
  const { opened, once, durability } = write
  const result = await opened.gate.long(held(write), async () => {
    const { database } = opened
    if (once === undefined) return work(committedAt(durability), new DatabaseTarget(database, write))
    const kept = knownOf(opened, once)
    if (kept !== undefined) return kept.result as R
    return database.transaction(
      async transaction => {
        const done = await work({}, transactionTarget(transaction))
        transaction.collection<object>(ONCE_COLLECTION).insertOne(toKeep(once, done))
        return done
      },
      { ...committedAt(durability), collections: [...held(write)] }
    )
  })
  await settle(write)
  return result
}

function knownOf(opened: OpenDatabase, once: Once): { readonly result: unknown } | undefined {
  if (!opened.isOncePrepared) {
    for (const part of opened.shards.parts) prepareOnce(part)
    opened.isOncePrepared = true
  }
  for (const part of opened.shards.parts) {
    const kept = keptOf(part, once)
    if (kept !== undefined) return kept
  }
  return undefined
}

/** Does a short write of a collection as a whole in every file. */
export async function everywhere<R>(
  write: Omit<Write, 'keys' | 'once'>,
  work: (part: Database, options: WriteOptions) => R
): Promise<R[]> {
  const { opened, names, durability } = write
  const results = await opened.gate.short(names, () =>
    opened.shards.parts.map(part => work(part, committedAt(durability)))
  )
  await settle(write)
  return results
}

/** Does a write of a collection as a whole in every file, that may take long. */
export async function longEverywhere<R>(
  write: Omit<Write, 'keys' | 'once'>,
  work: (part: Database, options: WriteOptions) => Promise<R>
): Promise<R[]> {
  const { opened, names, durability } = write
  const results = await opened.gate.long(names, () =>
    Promise.all(opened.shards.parts.map(part => work(part, committedAt(durability))))
  )
  await settle(write)
  return results
}
