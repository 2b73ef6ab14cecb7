// Schemas of collections: any Standard Schema (zod, valibot, arktype, …) decides what documents may be stored.
//
// What is stored is what the schema gives back, so its output must fit the schema again. A document is shown with its
// `_id`; a schema that refuses fields it does not know, and does not know `_id`, is shown it without. Promises: a
// schema that returns a promise is never waited for in a synchronous call; it is refused. Leaves to others: which
// documents a call validates (documents.ts, guard.ts).
// Source: standardschema.dev, version 1.

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Issue, invalidArgument, QuireError } from './errors.ts'

/** A schema of documents of type `T`: anything that follows the Standard Schema. */
export type Schema<T extends object> = StandardSchemaV1<unknown, T>

/** Options of `collection`. */
export interface CollectionOptions<T extends object> {
  /** What documents have to be; see `Database.collection`. */
  readonly schema: Schema<T>
}

/** Problems that a message names. */
const NAMED_ISSUES_MAX = 3

type Outcome = StandardSchemaV1.Result<unknown>

/** The schema of one collection, for everything that stands for the collection. @internal */
export class SchemaSlot {
  /** The schema; undefined where every document may be stored. */
  schema: StandardSchemaV1 | undefined
  /** Whether the schema was seen to refuse documents for their `_id` alone. */
  #hidesId = false

  /**
   * Gives the collection a schema, in the place of an earlier one.
   * @throws QuireError `INVALID_ARGUMENT` when it is none
   */
  set(schema: StandardSchemaV1, collection: string): void {
    const standard = (schema as { '~standard'?: { validate?: unknown } } | null)?.['~standard']
    if (typeof standard?.validate !== 'function') {
      throw invalidArgument(
        `the schema of ${collection} must follow the Standard Schema, as those of zod 4, valibot 1 and arktype 2 do`
      )
    }
    if (schema === this.schema) return
    this.schema = schema
    this.#hidesId = false
  }

  /**
   * The document as the schema gives it.
   * @throws QuireError `SCHEMA_MISMATCH`; `INVALID_ARGUMENT` when the schema returns a promise
   */
  validate<D extends object>(document: D, collection: string): D {
    const { schema } = this
    if (schema === undefined) return document
    const run = (value: object) => {
      const result = schema['~standard'].validate(value)
      if (isPromise(result)) {
        // Nobody will wait for it, so its failure is nobody's.
        Promise.resolve(result).catch(() => undefined)
        throw invalidArgument(`the schema of ${collection} is asynchronous; use the methods of collection.async`)
      }
      return result
    }
    const first = run(this.#shown(document))
    if (first.issues === undefined) return withId(first, document) as D
    const second = hasId(document) ? run(this.#shownOtherwise(document)) : first
    return this.#settle(document, first, second, collection) as D
  }

  /**
   * As `validate`, waiting for a schema that returns a promise.
   * @throws QuireError `SCHEMA_MISMATCH`
   */
  async validateAsync<D extends object>(document: D, collection: string): Promise<D> {
    const { schema } = this
    if (schema === undefined) return document
    const first = await schema['~standard'].validate(this.#shown(document))
    if (first.issues === undefined) return withId(first, document) as D
    const second = hasId(document) ? await schema['~standard'].validate(this.#shownOtherwise(document)) : first
    return this.#settle(document, first, second, collection) as D
  }

  #shown(document: object): object {
    return this.#hidesId ? withoutId(document) : document
  }

  #shownOtherwise(document: object): object {
    return this.#hidesId ? document : withoutId(document)
  }

  /** Chooses between the outcomes of both ways to show a document. */
  #settle(document: object, first: Outcome, second: Outcome, collection: string): unknown {
    if (second.issues === undefined) {
      this.#hidesId = !this.#hidesId
      return withId(second, document)
    }
    // What is wrong in both ways has nothing to do with `_id`.
    throw mismatch(
      second.issues.length < (first.issues?.length ?? 0) ? second.issues : (first.issues ?? []),
      collection
    )
  }
}

/** The schemas of a database's collections, by their names. @internal */
export class Schemas {
  readonly #slots = new Map<string, SchemaSlot>()

  /** The slot of a collection, the same one for everything that stands for it. */
  slot(collection: string): SchemaSlot {
    let slot = this.#slots.get(collection)
    if (slot === undefined) {
      slot = new SchemaSlot()
      this.#slots.set(collection, slot)
    }
    return slot
  }
}

/** The output of a schema, with the `_id` that it may have left out. */
function withId(outcome: Outcome, document: object): unknown {
  const value = (outcome as { value: unknown }).value
  const id = (document as { _id?: unknown })._id
  if (typeof value !== 'object' || value === null) {
    throw invalidArgument('a schema must give an object for a document')
  }
  return id === undefined || (value as { _id?: unknown })._id !== undefined ? value : { _id: id, ...value }
}

function withoutId(document: object): object {
  const { _id, ...others } = document as { _id?: unknown }
  return others
}

function hasId(document: object): boolean {
  return Object.hasOwn(document, '_id')
}

function mismatch(issues: readonly StandardSchemaV1.Issue[], collection: string): QuireError {
  const told = issues.map(({ message, path }) => ({
    message,
    path: (path ?? []).map(part => (typeof part === 'object' ? part.key : part))
  }))
  const named = told.slice(0, NAMED_ISSUES_MAX).map(show).join('; ')
  const more = told.length > NAMED_ISSUES_MAX ? `; and ${told.length - NAMED_ISSUES_MAX} more` : ''
  return new QuireError('SCHEMA_MISMATCH', `the document does not fit the schema of ${collection}: ${named}${more}`, {
    issues: told
  })
}

/** An issue for people: where, and what. */
function show({ message, path }: Issue): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`
}

function isPromise<V>(value: V | PromiseLike<V>): value is PromiseLike<V> {
  return typeof (value as { then?: unknown } | null)?.then === 'function'
}
