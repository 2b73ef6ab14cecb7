// The types of projections, with the type of the documents that they give, and of sorts.
//
// Promises: types only; where a projection is written out (a literal), the result has exactly its fields; where it is
// not, the result is a document of no known fields. Leaves to others: the paths (paths.ts), what projections mean
// (docs/QUERY.md).

import type { Document } from './document.ts'
import type { Entry, Leaf, Path } from './paths.ts'

/** What becomes of one field: in (1) or out (0), a part of an array, or an expression that gives its value. */
export type ProjectionValue = 0 | 1 | boolean | `$${string}` | object

/** The fields that are wanted (1) or not wanted (0), and new ones by expressions. */
export type Projection<T> = { readonly [P in Path<T>]?: ProjectionValue } & {
  readonly [field: string]: ProjectionValue
}

type Out = 0 | false
type In = 1 | true
/** Operators that give a part of an array. */
type Part = { readonly $slice: unknown } | { readonly $elemMatch: unknown }

/** A document of type `R` after the projection `P`. */
export type Projected<R, P> = string extends keyof P
  ? Document
  : R extends unknown
    ? [Mode<P>] extends ['in']
      ? Flat<Included<R, P> & IdOfIncluded<R, P> & Computed<R, P>>
      : Flat<Excluded<R, P>>
    : never

/** Whether a projection names what is wanted or what is not. `_id` alone counts only when nothing else does. */
type Mode<P> =
  Exclude<keyof P, '_id'> extends infer Others
    ? [Others] extends [never]
      ? '_id' extends keyof P
        ? P['_id'] extends Out
          ? 'out'
          : 'in'
        : 'out'
      : {
            [K in keyof P]: K extends '_id' ? never : P[K] extends Out | { readonly $slice: unknown } ? never : 'in'
          }[keyof P] extends never
        ? 'out'
        : 'in'
    : never

/** The fields that are named, by themselves or by a path into them. */
type Included<R, P> = {
  [K in keyof R as K extends HeadsIn<P> ? K : never]: K extends keyof P
    ? P[K] extends In | Part
      ? R[K]
      : unknown
    : IncludedBelow<R[K], Tails<P, K>>
}

type IncludedBelow<V, P> = V extends Leaf
  ? V
  : V extends readonly (infer E)[]
    ? IncludedBelow<E, P>[]
    : Flat<Included<V, P> & Computed<V, P>>

/** `_id`, which is wanted unless it is said not to be. */
type IdOfIncluded<R, P> = '_id' extends keyof P
  ? Record<never, never>
  : { [K in keyof R as K extends '_id' ? K : never]: R[K] }

/** Fields that are not in the documents: expressions give them. */
type Computed<R, P> = {
  [K in keyof P as K extends `${string}.${string}`
    ? never
    : K extends keyof R
      ? never
      : P[K] extends Out
        ? never
        : K]: unknown
}

/** The fields that are not said to be out. */
type Excluded<R, P> = {
  [K in keyof R as K extends keyof P ? (P[K] extends Out ? never : K) : K]: K extends HeadsIn<P>
    ? K extends keyof P
      ? R[K]
      : ExcludedBelow<R[K], Tails<P, K>>
    : R[K]
}

type ExcludedBelow<V, P> = V extends Leaf
  ? V
  : V extends readonly (infer E)[]
    ? ExcludedBelow<E, P>[]
    : Flat<Excluded<V, P>>

/** The first names of the paths of a projection, without those that are out by themselves. */
type HeadsIn<P> = {
  [K in keyof P]: P[K] extends Out
    ? K extends `${infer Head}.${string}`
      ? Head
      : never
    : K extends `${infer Head}.${string}`
      ? Head
      : K
}[keyof P]

/** What a projection says of paths below `Head`. */
type Tails<P, Head> = Head extends string
  ? { [K in keyof P as K extends `${Head}.${infer Tail}` ? Tail : never]: P[K] }
  : never

/** The same type, written out. */
type Flat<T> = { [K in keyof T]: T[K] }

/** Which way a field is sorted. */
export type SortDirection = 1 | -1 | 'asc' | 'desc' | 'ascending' | 'descending'

/** The order of documents: by fields, the first one first; a name alone sorts upward. */
export type Sort<T> =
  | Path<T>
  | { readonly [E in Entry<T, 'read'> as E[0]]?: SortDirection }
  | readonly (readonly [path: Path<T>, direction: SortDirection])[]
  | ReadonlyMap<Path<T>, SortDirection>
