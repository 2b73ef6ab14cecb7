// The types of key-value stores.
//
// Promises: types only, no code. Leaves to others: stores (kv.ts), names (names.ts), docs/KEY-VALUE.md.

import type { ResumeToken } from './change-types.ts'
import type { WriteOptions } from './options.ts'

/**
 * Tells writes of a key apart: each gives another one. It says nothing else; a later one may be smaller. A whole
 * number from 0 to 2 ** 52, so it goes through JSON as it is.
 */
export type KvVersion = number

/** An entry as its document holds it. */
export interface KvDocument {
  /** The key. */
  _id: string
  version: KvVersion
  /** From this moment on nobody sees it. */
  expires?: Date
  value: unknown
}

/** A key with everything that belongs to it. */
export interface KvEntry<V> {
  readonly key: string
  readonly value: V
  readonly version: KvVersion
  /** From this moment on it is gone; absent for an entry that stays. */
  readonly expires?: Date
}

/** Options of `db.kv`. */
export interface KvOptions {
  /** Milliseconds that entries live whose write says nothing about it; for ever by default. */
  readonly ttl?: number
}

/** How long an entry lives. */
export interface KvLifetime {
  /** Milliseconds from now: more than 0. */
  readonly ttl?: number
  /** The moment from which on it is gone; `null` for never, whatever the store's `ttl` is. */
  readonly expires?: Date | null
}

/** Options of writes that give a key its value. */
export interface KvSetOptions extends KvLifetime, WriteOptions {}

/** Which keys are meant: those that satisfy all that is given. */
export interface KvRange {
  /** They begin with this. */
  readonly prefix?: string
  /** This key and those after it. */
  readonly start?: string
  /** The keys after this one. */
  readonly after?: string
  /** The keys before this one. */
  readonly end?: string
}

/** Options of `keys`, `values` and `entries`. */
export interface KvListOptions extends KvRange {
  /** Most of them. */
  readonly limit?: number
  /** The greatest key first. False by default. */
  readonly reverse?: boolean
}

/** One step of a batch. */
export type KvOperation<V> =
  | ({ readonly op: 'set'; readonly key: string; readonly value: V } & KvLifetime)
  | { readonly op: 'delete'; readonly key: string }
  | ({ readonly op: 'increment'; readonly key: string; readonly by?: number | bigint } & KvLifetime)
  | { readonly op: 'get'; readonly key: string }
  /** Ends the batch with CONFLICT unless the key has this version; `null`: unless there is no such key. */
  | { readonly op: 'check'; readonly key: string; readonly version: KvVersion | null }

/**
 * What a step of a batch gives: the new version for `set`, whether there was one for `delete`, the new number for
 * `increment`, the value or undefined for `get`, the version or null for `check`.
 */
export type KvResult<V> = KvVersion | boolean | bigint | V | null | undefined

/** What `watch` tells. */
export type KvChange<V> =
  | {
      readonly type: 'set'
      readonly key: string
      readonly value: V
      readonly version: KvVersion
      readonly expires?: Date
      readonly token: ResumeToken
    }
  /** It was deleted, by somebody or because its time had come. */
  | { readonly type: 'delete'; readonly key: string; readonly token: ResumeToken }
  /** All keys of the store were deleted at once. */
  | { readonly type: 'clear'; readonly token: ResumeToken }
