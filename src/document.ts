// The types of documents and their ids.
//
// Promises: types only, no code; names and shapes follow the MongoDB driver where it has them. Leaves to others:
// filters, updates and results (filter-types.ts, update-types.ts, results.ts), and what the engine accepts at run time
// (it checks everything again).

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
