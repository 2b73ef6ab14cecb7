// The types of documents, ids, filters, updates and results.
//
// Promises: types only, no code; names and shapes follow the MongoDB driver where it has them. Leaves to others: what
// the engine accepts at run time (it checks everything again).

/** What an `_id` may be. Numbers must be whole; 5, 5.0 and 5n are one id, and "5" is another. */
export type Id = string | number | bigint | Uint8Array

/** A document of no declared type. */
export type Document = Record<string, unknown>

/** The type of the ids of documents of type `T`: the declared one, else the generated one (a string). */
export type IdOf<T> = T extends { _id: infer I extends Id } ? I : string extends keyof T ? Id : string

/** A document as it is read: with its `_id`. */
export type WithId<T> = T extends { _id: Id } ? T : T & { _id: IdOf<T> }

/** A document as it is inserted: the engine makes an `_id` where there is none. */
export type OptionalId<T> = T extends { _id: Id }
  ? Omit<T, '_id'> & { _id?: T['_id'] | undefined }
  : T & { _id?: IdOf<T> | undefined }

/** How one field is matched: by a value, or by operators. An array matches when one of its elements does. */
export type Condition<V> =
  | V
  | null
  | FilterOperators<V>
  | (V extends readonly (infer E)[] ? E | FilterOperators<E> : never)

/** The operators of one field. */
export interface FilterOperators<V> {
  /** Equal. */
  $eq?: V | null
  /** Not equal; also true where the field is missing. */
  $ne?: V | null
  /** Greater than. */
  $gt?: V
  /** Greater than or equal. */
  $gte?: V
  /** Less than. */
  $lt?: V
  /** Less than or equal. */
  $lte?: V
  /** Equal to one of these. */
  $in?: readonly (V | null)[]
  /** Equal to none of these. */
  $nin?: readonly (V | null)[]
  /** The operators inside do not match. */
  $not?: FilterOperators<V>
  /** The field is there, or is not. */
  $exists?: boolean
}

/** Which documents are meant. Fields are joined by "and"; `{}` means all. */
export type Filter<T> = { readonly [K in keyof WithId<T>]?: Condition<WithId<T>[K]> } & {
  /** All of these match. */
  readonly $and?: readonly Filter<T>[]
  /** One of these matches. */
  readonly $or?: readonly Filter<T>[]
  /** None of these matches. */
  readonly $nor?: readonly Filter<T>[]
  /** A path into nested documents and arrays. */
  readonly [path: `${string}.${string}`]: unknown
}

/** Fields by name, and by paths into nested documents, each with a value of type `V`. */
export type UpdateFields<T, V> = { readonly [K in keyof T]?: V } & { readonly [path: `${string}.${string}`]: V }

/** How documents are changed. */
export interface Update<T> {
  /** Sets fields. */
  readonly $set?: { readonly [K in keyof T]?: T[K] } & { readonly [path: `${string}.${string}`]: unknown }
  /** Removes fields; the values given do not matter. */
  readonly $unset?: UpdateFields<T, unknown>
  /** Adds to numbers; a missing field counts as 0. */
  readonly $inc?: UpdateFields<T, number | bigint>
}

/** Result of `insertOne`. */
export interface InsertOneResult<T> {
  readonly acknowledged: true
  /** The document's id, given or made. */
  readonly insertedId: IdOf<T>
}

/** Result of `insertMany`. */
export interface InsertManyResult<T> {
  readonly acknowledged: true
  readonly insertedCount: number
  /** The id of each document, by its place in the argument. */
  readonly insertedIds: { readonly [index: number]: IdOf<T> }
}

/** Result of updates and replacements. */
export interface UpdateResult {
  readonly acknowledged: true
  /** Documents that matched. */
  readonly matchedCount: number
  /** Documents that are different now. */
  readonly modifiedCount: number
}

/** Result of deletions. */
export interface DeleteResult {
  readonly acknowledged: true
  readonly deletedCount: number
}
