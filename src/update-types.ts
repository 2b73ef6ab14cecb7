// The type of updates: how documents are changed.
//
// Promises: types only; an operator takes the paths whose type it can change. Leaves to others: the paths (paths.ts),
// what operators mean (docs/QUERY.md).

import type { Document } from './document.ts'
import type { Condition, ElementFilter, Expression } from './filter-types.ts'
import type { ElementOf, Entry } from './paths.ts'

/** Paths whose values can be a `Kind`, each with a value of type `Given`. */
export type FieldsOf<T, Kind, Given> = {
  readonly [E in Entry<T, 'write'> as unknown extends E[1]
    ? E[0]
    : [Extract<E[1], Kind>] extends [never]
      ? never
      : E[0]]?: Given
}

/** Paths, each with a value of its type. */
export type FieldValues<T> = { readonly [E in Entry<T, 'write'> as E[0]]?: E[1] }

/** Paths, each with a value of type `V`. */
export type UpdateFields<T, V> = { readonly [E in Entry<T, 'write'> as E[0]]?: V }

/** Paths of arrays, each with what `$push` takes. */
export type PushFields<T> = {
  readonly [E in ArrayEntry<T> as E[0]]?: unknown extends E[1] ? unknown : ElementOf<E[1]> | PushMany<ElementOf<E[1]>>
}

/** Paths of arrays, each with what `$addToSet` takes. */
export type AddToSetFields<T> = {
  readonly [E in ArrayEntry<T> as E[0]]?: unknown extends E[1]
    ? unknown
    : ElementOf<E[1]> | { readonly $each: readonly ElementOf<E[1]>[] }
}

/** Paths of arrays, each with what `$pull` takes. */
export type PullFields<T> = {
  readonly [E in ArrayEntry<T> as E[0]]?: unknown extends E[1]
    ? unknown
    : Condition<ElementOf<E[1]>> | ElementFilter<ElementOf<E[1]>>
}

/** Paths of arrays, each with what `$pullAll` takes. */
export type PullAllFields<T> = {
  readonly [E in ArrayEntry<T> as E[0]]?: unknown extends E[1] ? readonly unknown[] : readonly ElementOf<E[1]>[]
}

/** The entries whose value can be an array. */
type ArrayEntry<T> =
  Entry<T, 'write'> extends infer E
    ? E extends [string, infer V]
      ? unknown extends V
        ? E
        : [Extract<V, readonly unknown[]>] extends [never]
          ? never
          : [E[0], Extract<V, readonly unknown[]>]
      : never
    : never

/** What `$push` does with several elements. */
export interface PushMany<E> {
  /** The elements. */
  readonly $each: readonly E[]
  /** Where they go; at the end by default, from the end when negative. */
  readonly $position?: number
  /** How many elements stay: the first ones, or the last ones when negative. */
  readonly $slice?: number
  /** How the array is sorted before it is cut. */
  readonly $sort?: 1 | -1 | { readonly [path: string]: 1 | -1 }
}

/** How documents are changed, by operators. */
export interface UpdateOperators<T> {
  /** Sets fields. */
  readonly $set?: FieldValues<T>
  /** Sets fields when an upsert inserts. */
  readonly $setOnInsert?: FieldValues<T & { _id?: unknown }>
  /** Removes fields; the values given do not matter. */
  readonly $unset?: UpdateFields<T, unknown>
  /** Adds to numbers; a missing field counts as 0. */
  readonly $inc?: FieldsOf<T, number | bigint, number | bigint>
  /** Multiplies numbers; a missing field becomes 0. */
  readonly $mul?: FieldsOf<T, number | bigint, number | bigint>
  /** Sets fields that are missing or greater. */
  readonly $min?: FieldValues<T>
  /** Sets fields that are missing or less. */
  readonly $max?: FieldValues<T>
  /** Gives fields another name. */
  readonly $rename?: UpdateFields<T, string>
  /** Sets fields to this moment. */
  readonly $currentDate?: FieldsOf<T, Date, true | { readonly $type: 'date' | 'timestamp' }>
  /** Puts elements into arrays. */
  readonly $push?: PushFields<T>
  /** Puts elements into arrays that are not there yet. */
  readonly $addToSet?: AddToSetFields<T>
  /** Removes the last element (1) or the first (-1). */
  readonly $pop?: FieldsOf<T, readonly unknown[], 1 | -1>
  /** Removes the elements that match. */
  readonly $pull?: PullFields<T>
  /** Removes the elements that are equal to one of these. */
  readonly $pullAll?: PullAllFields<T>
  /** Changes bits of whole numbers. */
  readonly $bit?: FieldsOf<T, number | bigint, BitChange>
}

/** What `$bit` does to a number. */
export interface BitChange {
  readonly and?: number | bigint
  readonly or?: number | bigint
  readonly xor?: number | bigint
}

/** One stage of an update in the form of a pipeline. */
export type UpdateStage =
  | { readonly $set: Document }
  | { readonly $addFields: Document }
  | { readonly $unset: string | readonly string[] }
  | { readonly $project: Document }
  | { readonly $replaceRoot: { readonly newRoot: Expression } }
  | { readonly $replaceWith: Expression }

/** How documents are changed: by operators, or by a pipeline whose expressions see the document. */
export type Update<T> = UpdateOperators<T> | readonly UpdateStage[]
