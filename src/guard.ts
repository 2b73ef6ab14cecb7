// Updates of collections that have a schema: what results is validated before it is committed.
//
// The steps are written once, as a generator: what they yield is a value, or with asynchronous verbs a promise, and
// comes back as the value (`runNow`, `runAsync`). Promises: after a mismatch the documents are as they were, whether
// the transaction around is the call's own or the caller's. Costs: the documents that match are read before and after.
// Leaves to others: the transaction (collection.ts), schemas (schema.ts).

import { isDeepStrictEqual } from 'node:util'
import type { Document, Id } from './document.ts'
import type { SchemaSlot } from './schema.ts'

/** Steps that give `R` at the end. */
export type Steps<R> = Generator<unknown, R, unknown>

/** The verbs that the steps need, of documents without a schema; each gives a value or a promise of it. */
export interface GuardedVerbs {
  readonly name: string
  get(id: never): unknown
  put(document: never): unknown
  delete(id: never): unknown
  find(filter: never, options?: never): { toArray(): unknown }
}

/** Which documents an update changes. */
export interface Target {
  readonly filter: object
  /** Whether every match is changed, or the first one. */
  readonly isMany: boolean
  /** Which match is the first one. */
  readonly sort?: unknown
  /** The index to find them by. */
  readonly hint?: unknown
}

/** The target of a change with these options. */
export function targetOf(filter: object, isMany: boolean, options: { sort?: unknown; hint?: unknown } = {}): Target {
  return { filter, isMany, sort: options.sort, hint: options.hint }
}

/**
 * Changes documents by `change`, which gets the filter to use, and validates what results.
 *
 * @param upsertedId reads the id of an inserted document from the result of `change`
 */
export function* guarded<R>(
  verbs: GuardedVerbs,
  validate: (document: Document) => unknown,
  target: Target,
  change: (filter: object) => unknown,
  upsertedId: (result: R) => Id | null
): Steps<R> {
  const { filter, isMany, ...options } = target
  const wanted = isMany ? options : { ...options, limit: 1 }
  const before = (yield verbs.find(filter as never, wanted as never).toArray()) as (Document & { _id: Id })[]
  const [first] = before
  const isFirstOnly = !isMany && first !== undefined
  const result = (yield change(isFirstOnly ? { $and: [filter, { _id: first._id }] } : filter)) as R
  const inserted = before.length === 0 ? upsertedId(result) : null
  const ids = inserted === null ? before.map(({ _id }) => _id) : [inserted]
  try {
    for (const id of ids) {
      const document = (yield verbs.get(id as never)) as Document | undefined
      if (document === undefined) continue
      const valid = yield validate(document)
      if (!isDeepStrictEqual(valid, document)) yield verbs.put(valid as never)
    }
  } catch (error) {
    for (const document of before) yield verbs.put(document as never)
    if (inserted !== null) yield verbs.delete(inserted as never)
    throw error
  }
  return result
}

/** How a document is validated in a synchronous call. */
export function validatorOf(slot: SchemaSlot, collection: string): (document: Document) => Document {
  return document => slot.validate(document, collection)
}

/** How a document is validated in an asynchronous call. */
export function asyncValidatorOf(slot: SchemaSlot, collection: string): (document: Document) => Promise<Document> {
  return document => slot.validateAsync(document, collection)
}

/** Runs steps that yield values. */
export function runNow<R>(steps: Steps<R>): R {
  for (let step = steps.next(); ; ) {
    if (step.done === true) return step.value
    step = steps.next(step.value)
  }
}

/** Runs steps that yield promises. */
export async function runAsync<R>(steps: Steps<R>): Promise<R> {
  for (let step = steps.next(); ; ) {
    if (step.done === true) return step.value
    let value: unknown
    try {
      value = await step.value
    } catch (error) {
      step = steps.throw(error)
      continue
    }
    step = steps.next(value)
  }
}
