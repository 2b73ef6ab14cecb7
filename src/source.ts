// What the verbs on one collection's documents work with, and what a collection and a transaction differ in.
//
// Promises: what was opened from a transaction finds its handle gone after the transaction's end. Leaves to others:
// the verbs (documents.ts, async-collection.ts).

import type { AsyncCollection } from './async-collection.ts'
import type { Documents } from './documents.ts'
import { invalidArgument } from './errors.ts'
import type { Handle } from './native.ts'
import { type WriteOptions, writeDurability } from './options.ts'
import { SchemaSlot } from './schema.ts'
import type { Decoders } from './structures.ts'

/** One collection, by itself or inside a transaction. @internal */
export interface Source {
  readonly name: string
  /** Stands for it in native calls. */
  handle: Handle
  readonly decoders: Decoders
  /** What its documents have to be. */
  readonly slot: SchemaSlot
  /** Whether a write has a durability of its own; in a transaction the commit has it. */
  readonly hasDurability: boolean
  /** How several steps are made one write; absent where they are parts of a transaction anyhow. */
  readonly together?: Together
}

/** Runs several steps in a transaction of their own. @internal */
export interface Together {
  /** Commits what `work` did with the documents it gets; rolls back when it throws. */
  now<R>(durability: number, work: (documents: Documents<object>) => R): R
  /** As `now`, off the event loop. */
  later<R>(durability: number, work: (documents: AsyncCollection<object>) => Promise<R>): Promise<R>
}

/** A slot without a schema. @internal */
export const NO_SCHEMA: SchemaSlot = new SchemaSlot()

/**
 * The number of a write's durability.
 * @throws QuireError `INVALID_ARGUMENT`
 * @internal
 */
export function durabilityIn(
  source: Source,
  options: WriteOptions | undefined,
  call: string,
  known?: readonly string[]
): number {
  if (!source.hasDurability && options?.durability !== undefined) {
    throw invalidArgument(`${call} takes no durability in a transaction; it is an option of the transaction`)
  }
  return writeDurability(options, call, known)
}
