// The commands of indexes, as they are sent and their replies read: once, for the synchronous and asynchronous calls.
//
// Promises: the order of an index's fields is kept, also of fields that look like numbers, which JavaScript would move:
// fields are sent as pairs. Leaves to others: what an index may be (native/engine/src/format/index_definition.rs).

import type { Command } from './commands.ts'
import { invalidArgument } from './errors.ts'
import type { IndexDescription, IndexInfo, IndexOptions, IndexSpecification } from './index-types.ts'

/** `createIndexes`: gives the names. */
export function createIndexesCommand<T>(
  indexes: readonly IndexDescription<T>[],
  durability: number
): Command<string[]> {
  if (!Array.isArray(indexes)) throw invalidArgument('createIndexes takes an array of descriptions, each with a key')
  const described = indexes.map((index: IndexDescription<T>) => ({ ...index, key: pairsOf(index?.key) }))
  return { command: { op: 'createIndexes', indexes: described }, durability, read: reply => reply.names as string[] }
}

/** `createIndex`: gives the name. */
export function createIndexCommand<T>(
  key: IndexSpecification<T>,
  options: IndexOptions<T> | undefined,
  durability: number
): Command<string> {
  const { command, read } = createIndexesCommand<T>([{ ...options, key }], durability)
  return { command, durability, read: reply => read(reply)[0] as string }
}

/** `dropIndex`: by name, or by the fields. */
export function dropIndexCommand<T>(index: string | IndexSpecification<T>, durability: number): Command<void> {
  if (index === undefined || index === null) {
    throw invalidArgument('dropIndex takes the name or the fields of an index; dropIndexes drops them all')
  }
  const wanted = typeof index === 'string' ? index : pairsOf(index)
  return { command: { op: 'dropIndexes', index: wanted }, durability, read: () => undefined }
}

/** `dropIndexes`: all but the one on `_id`. */
export function dropIndexesCommand(durability: number): Command<void> {
  return { command: { op: 'dropIndexes' }, durability, read: () => undefined }
}

/** `listIndexes`. */
export function listIndexesCommand(): Command<IndexInfo[]> {
  return { command: { op: 'listIndexes' }, durability: 0, read: reply => reply.indexes as IndexInfo[] }
}

/** `expireDocuments`: gives how many there were. */
export function expireDocumentsCommand(): Command<number> {
  return { command: { op: 'expireDocuments' }, durability: 0, read: reply => reply.count as number }
}

/** The fields of an index as pairs of path and direction; what is none of the known forms is left to the engine. */
function pairsOf(key: unknown): unknown {
  if (typeof key === 'string') return [[key, 1]]
  if (Array.isArray(key)) return key.map(part => (typeof part === 'string' ? [part, 1] : part))
  if (key instanceof Map) return [...key]
  return typeof key === 'object' && key !== null ? Object.entries(key) : key
}
