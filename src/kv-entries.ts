// Entries of a key-value store as documents: `{ _id: key, version, expires?, value }`, and the filters that find them.
//
// Promises: a value is a field of its document as it is, so reading one decodes it once and queries reach into it;
// versions are drawn, so two writes of a key, by whatever thread or process, have one version with a chance of 2 ** -52.
// Leaves to others: what may be stored (plain.ts).

import { invalidArgument, QuireError } from './errors.ts'
import type { Filter } from './filter-types.ts'
import type { KvDocument, KvEntry, KvLifetime, KvVersion } from './kv-types.ts'

/** One more than the greatest version. */
const VERSIONS_COUNT = 2 ** 52

/** A version that no other write has. */
export function newVersion(): KvVersion {
  return Math.floor(Math.random() * VERSIONS_COUNT)
}

/**
 * The document of an entry.
 * @throws QuireError `UNSUPPORTED_VALUE` for undefined
 */
export function storedEntry(key: string, value: unknown, expires: Date | undefined): KvDocument {
  if (value === undefined) {
    throw new QuireError('UNSUPPORTED_VALUE', `the value of key ${key} is undefined; delete takes a key away`)
  }
  const version = newVersion()
  return expires === undefined ? { _id: key, version, value } : { _id: key, version, expires, value }
}

/** The entry that a document holds. */
export function entryOf<V>({ _id, value, version, expires }: KvDocument): KvEntry<V> {
  const entry = { key: _id, value: value as V, version }
  return expires === undefined ? entry : { ...entry, expires }
}

/**
 * When an entry ends that is written now; undefined for never.
 * @param byDefault the milliseconds of an entry that says nothing about it
 * @throws QuireError `INVALID_ARGUMENT`
 */
export function endOf(lifetime: KvLifetime | undefined, byDefault: number | undefined): Date | undefined {
  const expires: unknown = lifetime?.expires
  const ttl = checkTtl(lifetime?.ttl)
  if (expires === undefined) return after(ttl ?? byDefault)
  if (ttl !== undefined) throw invalidArgument('ttl and expires exclude each other')
  if (expires === null) return undefined
  if (!(expires instanceof Date) || Number.isNaN(expires.getTime()))
    throw invalidArgument(`expires must be a valid Date or null, not ${String(expires)}`)
  return expires
}

/**
 * Milliseconds that an entry lives.
 * @throws QuireError `INVALID_ARGUMENT`
 */
export function checkTtl(ttl: number | undefined): number | undefined {
  if (ttl !== undefined && !(typeof ttl === 'number' && ttl > 0 && ttl <= Number.MAX_SAFE_INTEGER))
    throw invalidArgument(`ttl must be a number of milliseconds above 0, not ${String(ttl)}`)
  return ttl
}

function after(ttl: number | undefined): Date | undefined {
  if (ttl === undefined) return undefined
  const end = new Date(Date.now() + Math.ceil(ttl))
  if (Number.isNaN(end.getTime())) throw invalidArgument(`a ttl of ${ttl} ms ends after the last date there is`)
  return end
}

/** Entries whose time has not come. */
export function liveFilter(filter: Filter<KvDocument>): Filter<KvDocument> {
  return { ...filter, expires: { $not: { $lte: new Date() } } }
}

/** The entry of a key, if its time has come. */
export function deadFilter(key: string): Filter<KvDocument> {
  return { _id: key, expires: { $lte: new Date() } }
}
