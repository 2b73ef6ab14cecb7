// The paths into documents of a type, with the type of the value at each: what filters, updates and sorts are made of.
//
// One walk makes all of them. Promises: the walk ends: it goes no deeper than `Depth`, and where a type holds itself it
// stops; below such a place every path is allowed and every value. Leaves to others: what a path may be given
// (filter-types.ts, update-types.ts, projection-types.ts).

/** Values without fields: paths end at them. */
export type Leaf = string | number | bigint | boolean | symbol | null | undefined | Date | Uint8Array | RegExp

/** Levels of nesting below a document's own fields that are walked: one element each. */
type Depth = [1, 1, 1, 1, 1]

/** Equal only for types that are each other's: stands for a type among those around it. */
type Invariant<T> = (value: T) => T

/** The element type of an array; never for anything else. */
export type ElementOf<V> = V extends readonly (infer E)[] ? E : never

/**
 * How paths go through arrays: with a number; in filters also as if the array were its elements, in updates also with
 * `$` (the element that matched) and `$[]` (all of them).
 */
export type PathUse = 'read' | 'write'

/** The pair of a path and the type of its value, for every path into a document of type `T`. */
export type Entry<T, Use extends PathUse> = EntriesIn<T, Use, '', never, Depth>

/** The paths into documents of type `T`. */
export type Path<T> = Entry<T, 'read'>[0]

/** The entries of the fields of a document. */
type EntriesIn<T, Use extends PathUse, Prefix extends string, Around, Left extends unknown[]> = T extends unknown
  ? {
      [K in keyof T & (string | number)]-?:
        | [`${Prefix}${K}`, Exclude<T[K], undefined>]
        | EntriesBelow<Exclude<T[K], undefined>, Use, `${Prefix}${K}`, Around | Invariant<T>, Left>
    }[keyof T & (string | number)]
  : never

/** The entries below a value that stands at `At`. */
type EntriesBelow<V, Use extends PathUse, At extends string, Around, Left extends unknown[]> = unknown extends V
  ? [`${At}.${string}`, unknown]
  : V extends Leaf
    ? never
    : Left extends [unknown, ...infer Rest]
      ? V extends readonly (infer E)[]
        ? EntriesOfElements<Exclude<E, undefined>, Use, At, Around, Rest>
        : Invariant<V> extends Around
          ? [`${At}.${string}`, unknown]
          : EntriesIn<V, Use, `${At}.`, Around, Rest>
      : [`${At}.${string}`, unknown]

type EntriesOfElements<E, Use extends PathUse, At extends string, Around, Left extends unknown[]> = Use extends 'read'
  ?
      | [`${At}.${number}`, E]
      | EntriesBelow<E, Use, `${At}.${number}`, Around, Left>
      | EntriesBelow<E, Use, At, Around, Left>
  :
      | [`${At}.${number}` | `${At}.$` | `${At}.$[]`, E]
      | EntriesBelow<E, Use, `${At}.${number}` | `${At}.$` | `${At}.$[]`, Around, Left>
      // A pattern for `$[name]` would also take what follows it, so only elements without paths of their own have a type.
      | (unknown extends E ? never : [E] extends [Leaf] ? [`${At}.$[${string}]`, E] : [`${At}.$[${string}`, unknown])
