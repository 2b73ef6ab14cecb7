// Small facts about filters and updates that decide how a call is made.
//
// Promises: nothing here changes what matches; a filter that names nothing but an `_id` is only a faster call.
// Leaves to others: everything that a filter means (the engine).

import type { Id } from './document.ts'
import { invalidArgument } from './errors.ts'

/** Longest id, in characters or bytes, that is no longer than 1 KiB whatever its characters are. */
const QUICK_ID_MAX = 256

/**
 * The id that `filter` names, when it names nothing else.
 * @internal
 */
export function onlyId(filter: object | null): Id | undefined {
  const id = (filter as { _id?: unknown } | null)?._id
  if (!isQuickId(id)) return undefined
  for (const key in filter) {
    if (key !== '_id') return undefined
  }
  return id
}

/** True for what is an id beyond doubt; anything else is left to the engine's filter, which then matches nothing. */
function isQuickId(id: unknown): id is Id {
  switch (typeof id) {
    case 'string':
      return id.length <= QUICK_ID_MAX
    case 'number':
      return Number.isSafeInteger(id)
    case 'object':
      return id instanceof Uint8Array && id.length <= QUICK_ID_MAX
    default:
      return false
  }
}

/**
 * The filter of a read: null stands for every document, as the server that MongoDB's driver hands it to has it.
 * @internal
 */
export function readFilter(filter: object | null): object {
  return filter ?? {}
}

/**
 * Refuses options that this release does not have, instead of ignoring them.
 * @throws QuireError `INVALID_ARGUMENT`, naming the option
 * @internal
 */
export function checkOptions(options: object | undefined, known: readonly string[], call: string): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null) throw invalidArgument(`the options of ${call} must be an object`)
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw invalidArgument(`${call} has no option ${name}; it takes ${known.join(', ')}`)
    }
  }
}
