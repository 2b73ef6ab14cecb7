// The type of filters: which documents are meant.
//
// Promises: types only; an operator is offered where the field's type can have a match for it, and a path that is not
// in the document's type is refused. Leaves to others: the paths (paths.ts), what operators mean (docs/QUERY.md).

import type { Document, WithId } from './document.ts'
import type { ElementOf, Entry, Leaf } from './paths.ts'

/** An aggregation expression: a literal, `'$path'`, or an object of operators such as `{ $add: ['$a', 1] }`. */
export type Expression = unknown

/** The names of types that `$type` takes; `number` is every number. MongoDB's numbers of types are taken as well. */
export type TypeName =
  | 'double'
  | 'string'
  | 'object'
  | 'array'
  | 'binData'
  | 'undefined'
  | 'objectId'
  | 'bool'
  | 'date'
  | 'null'
  | 'regex'
  | 'javascript'
  | 'int'
  | 'timestamp'
  | 'long'
  | 'decimal'
  | 'minKey'
  | 'maxKey'
  | 'number'

/** Bits, by a mask or by their positions. */
export type BitMask = number | bigint | Uint8Array | readonly number[]

/** `Then` where values of type `V` can be a `Kind`. */
type Where<V, Kind, Then> = unknown extends V ? Then : [Extract<V, Kind>] extends [never] ? never : Then

/** What a field of type `V` is compared with: an array also matches by one of its elements. */
export type Operand<V> = V | ElementOf<V>

/** A regular expression, where the field can hold text. */
type Pattern<V> = Where<Operand<V>, string, RegExp>

/** How one field is matched: by a value, or by operators. An array matches when one of its elements does. */
export type Condition<V> = Operand<V> | Pattern<V> | null | FilterOperators<V>

/** The operators of one field. */
export interface FilterOperators<V> {
  /** Equal. */
  readonly $eq?: Operand<V> | null
  /** Not equal; also true where the field is missing. */
  readonly $ne?: Operand<V> | null
  /** Greater than. */
  readonly $gt?: Operand<V> | null
  /** Greater than or equal. */
  readonly $gte?: Operand<V> | null
  /** Less than. */
  readonly $lt?: Operand<V> | null
  /** Less than or equal. */
  readonly $lte?: Operand<V> | null
  /** Equal to one of these. */
  readonly $in?: readonly (Operand<V> | null)[]
  /** Equal to none of these. */
  readonly $nin?: readonly (Operand<V> | null)[]
  /** The operators inside do not match. */
  readonly $not?: FilterOperators<V> | Pattern<V>
  /** The field is there, or is not. */
  readonly $exists?: boolean
  /** The value, or an element of it, is of this type or one of these. */
  readonly $type?: TypeName | number | readonly (TypeName | number)[]
  /** Divided by the first number, the second one is left. */
  readonly $mod?: Where<Operand<V>, number | bigint, readonly [divisor: number | bigint, remainder: number | bigint]>
  /** The text matches. */
  readonly $regex?: Where<Operand<V>, string, string | RegExp>
  /** Options of `$regex`: letters of `imsxu`. */
  readonly $options?: Where<Operand<V>, string, string>
  /** The array has all of these. */
  readonly $all?: readonly (Operand<V> | null | { readonly $elemMatch: ElementFilter<ElementOf<V>> })[]
  /** One element of the array matches all of this. */
  readonly $elemMatch?: unknown extends V
    ? ElementFilter<unknown>
    : [ElementOf<V>] extends [never]
      ? never
      : ElementFilter<ElementOf<V>>
  /** The array has this many elements. */
  readonly $size?: unknown extends V ? number : [ElementOf<V>] extends [never] ? never : number
  /** All of these bits are 1. */
  readonly $bitsAllSet?: Where<Operand<V>, number | bigint | Uint8Array, BitMask>
  /** All of these bits are 0. */
  readonly $bitsAllClear?: Where<Operand<V>, number | bigint | Uint8Array, BitMask>
  /** One of these bits is 1. */
  readonly $bitsAnySet?: Where<Operand<V>, number | bigint | Uint8Array, BitMask>
  /** One of these bits is 0. */
  readonly $bitsAnyClear?: Where<Operand<V>, number | bigint | Uint8Array, BitMask>
}

/** What one element of an array has to match: operators, or a filter of its fields. */
export type ElementFilter<E> = unknown extends E
  ? Document
  : FilterOperators<E> | (E extends Leaf ? never : FieldFilter<E>)

/** Conditions on fields, by paths. */
export type FieldFilter<T> = { readonly [E in Entry<T, 'read'> as E[0]]?: Condition<E[1]> } & FilterConnectives<T>

/** How filters are joined. */
export interface FilterConnectives<T> {
  /** All of these match. */
  readonly $and?: readonly FieldFilter<T>[]
  /** One of these matches. */
  readonly $or?: readonly FieldFilter<T>[]
  /** None of these matches. */
  readonly $nor?: readonly FieldFilter<T>[]
  /** The expression is true. */
  readonly $expr?: Expression
  /** The document fits this JSON Schema, of the form that MongoDB takes. */
  readonly $jsonSchema?: Document
  /** A note for readers; matches everything. */
  readonly $comment?: string
}

/** Which documents are meant. Fields are joined by "and"; `{}` means all. */
export type Filter<T> = FieldFilter<WithId<T>>
