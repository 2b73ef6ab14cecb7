// What databases and collections there are, shared by the frame and the views.
//
// Promises: one list, loaded again when a view says that it changed one of them, and every few seconds while the page is
// looked at. Leaves to others: the lists' looks (frame.tsx, views/overview.tsx).

import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { CollectionInfo } from '../stats.ts'
import { ask, databasePath } from './api.ts'
import { namespaceOf } from './format.ts'
import { type Loaded, useLoad, usePolling } from './hooks.ts'

/** A database and its file. */
export interface DatabaseInfo {
  readonly name: string
  readonly isOpen: boolean
  readonly fileBytes: number
}
/** All of them. */
export interface Catalog {
  readonly databases: readonly DatabaseInfo[]
  readonly collections: readonly CollectionInfo[]
}

/** Milliseconds after which counts are asked for again. */
const REFRESH_MS = 5000
const NOTHING: Loaded<Catalog> = { value: undefined, failure: undefined, isLoading: true, reload: () => undefined }

/** The catalog of the database that is chosen. */
export const CatalogContext = createContext<Loaded<Catalog>>(NOTHING)

/** Loads the catalog, for whoever provides it. */
export function useCatalogOf(database: string): Loaded<Catalog> {
  const loaded = useLoad(
    async signal => {
      const [{ databases }, { collections }] = await Promise.all([
        ask<{ databases: DatabaseInfo[] }>('GET', '/v1/databases', { signal }),
        ask<{ collections: CollectionInfo[] }>('GET', `${databasePath(database)}/collections`, { signal })
      ])
      return { databases, collections }
    },
    [database]
  )
  usePolling(async () => {
    if (!loaded.isLoading) loaded.reload()
  }, REFRESH_MS)
  return loaded
}

/** The catalog. */
export function useCatalog(): Loaded<Catalog> {
  return useContext(CatalogContext)
}

/** The namespaces of collections, in order. */
export function namespacesOf(collections: readonly CollectionInfo[]): string[] {
  return [...new Set(collections.flatMap(({ name }) => namespaceOf(name) ?? []))].sort()
}
