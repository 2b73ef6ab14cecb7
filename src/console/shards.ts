// The files that a database is spread over, and what each has to carry.
//
// Promises: a token that does not open them shows none. Leaves to others: spreading (docs/SERVER.md, "Shards").

import { ask, databasePath } from './api.ts'
import { useLoad } from './hooks.ts'

/** What a shard carries. */
export interface ShardLoad {
  readonly shard: number
  readonly documentsCount: number
  readonly documentsBytes: number
  readonly pagesCount: number
  readonly cacheBytes: number
  readonly logBytes: number
  readonly commitsCount: number
}

/** The shards of a database; one where it is not spread, none before they are loaded. */
export function useShards(database: string): readonly ShardLoad[] {
  const loaded = useLoad(
    signal => ask<{ shards: ShardLoad[] }>('GET', `${databasePath(database)}/shards`, { signal }),
    [database]
  )
  return loaded.value?.shards ?? []
}
