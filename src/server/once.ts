// Writes that are done once, however often their request comes: those with an Idempotency-Key.
//
// What a write gave is kept in the same commit as the write, in the collection `quire:requests`, for a day; the same key
// again gets that answer, also after a crash or from a server that was started anew. Promises: a key is its token's own;
// another request under the same key is refused. Leaves to others: which writes have one (writes.ts).
// Source: the draft "The Idempotency-Key HTTP Header Field".

import { hash } from 'node:crypto'
import type { Database } from '../index.ts'
import { pack } from './message-pack.ts'
import { Refusal } from './problems.ts'
import type { Call } from './route.ts'

/** Where answers are kept. */
export const ONCE_COLLECTION = 'quire:requests'
/** What the header means. */
export const ONCE_HEADER = {
  'Idempotency-Key': 'Do it once, however often the request comes with this key within a day'
}
const KEPT_SECONDS = 86_400
/** What a key is, for the OpenAPI document as well. */
export const ONCE_PATTERN = '^[!-~]{1,128}$'
const KEY = new RegExp(ONCE_PATTERN)

/** A request that is done once. */
export interface Once {
  /** The key, with whose it is. */
  readonly id: string
  /** What tells the request from another one. */
  readonly fingerprint: string
}

interface Kept {
  readonly _id: string
  readonly fingerprint: string
  readonly result: unknown
  readonly at: Date
}

/**
 * The key of a request; undefined when it has none.
 * @throws Refusal `INVALID_REQUEST`
 */
export function onceOf({
  context,
  grant,
  body
}: Pick<Call<unknown, unknown, unknown>, 'context' | 'grant' | 'body'>): Once | undefined {
  const key = context.req.header('Idempotency-Key')
  if (key === undefined) return undefined
  if (!KEY.test(key)) throw new Refusal('INVALID_REQUEST', 'an Idempotency-Key has 1 to 128 visible characters')
  const { pathname, search } = new URL(context.req.url, 'http://localhost')
  const asked = pack([context.req.method, pathname + search, body ?? null])
  return {
    id: hash('sha256', `${grant.id ?? ''}\n${key}`, 'base64url'),
    fingerprint: hash('sha256', asked as unknown as string, 'base64url')
  }
}

/** Makes what is kept go away after a day. */
export function prepareOnce(database: Database): void {
  database.collection<Kept>(ONCE_COLLECTION).createIndex({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS })
}

/**
 * What the request gave when it was done; undefined when it was not.
 * @throws Refusal `IDEMPOTENCY_MISMATCH` when another request had its key
 */
export function keptOf(database: Database, { id, fingerprint }: Once): { readonly result: unknown } | undefined {
  const kept = database.collection<Kept>(ONCE_COLLECTION).get(id)
  if (kept !== undefined && kept.fingerprint !== fingerprint) {
    throw new Refusal('IDEMPOTENCY_MISMATCH', 'another request was done under this Idempotency-Key')
  }
  return kept
}

/** What is kept of a request that was just done. */
export function toKeep({ id, fingerprint }: Once, result: unknown): Kept {
  return { _id: id, fingerprint, result: result ?? null, at: new Date() }
}
