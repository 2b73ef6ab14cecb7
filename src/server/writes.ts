// How a request writes: short writes in one turn, long ones on a pool thread, both acknowledged together.
//
// Promises: a write is answered only when it is as safe as was asked, on disk unless the request asks for less; nobody's
// event loop waits for a collection that a long write holds. Leaves to others: who waits for whom (write-gate.ts),
// syncing (group-commit.ts).

import type { Durability, WriteOptions } from '../index.ts'
import type { OpenDatabase } from './databases.ts'

/** What a write names, and how safe it has to be. */
export interface Write {
  readonly opened: OpenDatabase
  /** The collections it writes to; none for every one. */
  readonly names: readonly string[]
  readonly durability: Durability | undefined
}

/** The level at which a commit is made: whoever waits for the disk waits behind it, with others. */
function committedAt(durability: Durability | undefined): WriteOptions {
  return { durability: durability === 'lazy' ? 'lazy' : 'process' }
}

async function settle({ opened, durability = 'disk' }: Write): Promise<void> {
  if (durability === 'disk') await opened.commits.settle()
}

/** Does a write that takes microseconds. */
export async function shortWrite<R>(write: Write, work: (options: WriteOptions) => R): Promise<R> {
  const result = await write.opened.gate.short(write.names, () => work(committedAt(write.durability)))
  await settle(write)
  return result
}

/** Does a write that may take long. */
export async function longWrite<R>(write: Write, work: (options: WriteOptions) => Promise<R>): Promise<R> {
  const result = await write.opened.gate.long(write.names, () => work(committedAt(write.durability)))
  await settle(write)
  return result
}
