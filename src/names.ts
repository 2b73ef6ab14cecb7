// How namespaces and key-value stores are named in a database, which has collections only.
//
// The collection `User` of namespace `google` is the collection `google/User`; the store `artists` is the collection
// `kv:artists`, in the namespace `google/kv:artists`. Inside a namespace, and in the names of namespaces and stores, `/`
// is written as %2F and % as %25, so that two names are never one, and a name never leads out of its namespace.
// Promises: `splitName` undoes what the others do, and tells a name that they cannot have made to be in no namespace.
// Leaves to others: how long a name may be and which characters it may have (the engine: 255 bytes, no control
// characters). docs/KEY-VALUE.md, "Names", is the contract.

import { invalidArgument, QuireError } from './errors.ts'

/** Stands between a namespace and what is in it. */
const SEPARATOR = '/'
/** Begins the name of a collection that holds the entries of a store. */
const STORE_MARK = 'kv:'

/** What the name of a collection says. */
export interface SplitName {
  /** The namespace; undefined for what is in none. */
  readonly namespace: string | undefined
  /** Whether it holds the entries of a key-value store. */
  readonly isStore: boolean
  /** The name inside the namespace. */
  readonly name: string
}

/**
 * The collection that holds the documents of `name` in a namespace.
 * @throws QuireError `INVALID_NAME` for an empty name, `INVALID_ARGUMENT` for what is no text
 */
export function namespacedName(namespace: string, name: string): string {
  return escaped(namespace, 'namespace') + SEPARATOR + escaped(name, 'collection')
}

/**
 * The collection that holds the entries of the store `name`.
 * @throws QuireError `INVALID_NAME` for an empty name, `INVALID_ARGUMENT` for what is no text
 */
export function storeName(namespace: string | undefined, name: string): string {
  const store = STORE_MARK + escaped(name, 'store')
  return namespace === undefined ? store : escaped(namespace, 'namespace') + SEPARATOR + store
}

/** How the names of all collections of a namespace begin. */
export function namespacePrefix(namespace: string): string {
  return escaped(namespace, 'namespace') + SEPARATOR
}

/** What the name of a collection says. */
export function splitName(collection: string): SplitName {
  const at = collection.indexOf(SEPARATOR)
  const namespace = at < 0 ? undefined : unescaped(collection.slice(0, at))
  const local = collection.slice(at + 1)
  const isStore = local.startsWith(STORE_MARK)
  const name = unescaped(isStore ? local.slice(STORE_MARK.length) : local)
  if (at >= 0 && (namespace === undefined || name === undefined)) return alone(collection)
  return name === undefined || (at < 0 && !isStore) ? alone(collection) : { namespace, isStore, name }
}

function alone(name: string): SplitName {
  return { namespace: undefined, isStore: false, name }
}

function escaped(name: string, what: string): string {
  if (typeof name !== 'string') throw invalidArgument(`the name of a ${what} must be a string, not ${typeof name}`)
  if (name === '') throw new QuireError('INVALID_NAME', `the name of a ${what} is empty`)
  return name.replaceAll('%', '%25').replaceAll('/', '%2F')
}

/** The name that `escaped` makes this text of; undefined when there is none. */
function unescaped(text: string): string | undefined {
  const name = text.replaceAll('%2F', '/').replaceAll('%25', '%')
  return name !== '' && escaped(name, 'collection') === text ? name : undefined
}
