// What a page map says: runs of neighbouring pages that hold the same.
//
// Promises: no code but the names of kinds, so the console's page takes its types from here.
// Leaves to others: making one (page-map.ts), drawing it (src/console).

/** What pages hold, by the number of their kind. */
export const KINDS = [
  'unknown',
  'documents',
  'documentMap',
  'idIndex',
  'idDirectory',
  'largeDocuments',
  'catalog',
  'freeList',
  'index'
] as const
/** What a page holds; the kinds of the format, and what has none. */
export const PAGE_KINDS = [...KINDS, 'header', 'free'] as const
/** One of them. */
export type PageKind = (typeof PAGE_KINDS)[number]

/** Neighbouring pages that hold the same. */
export interface PageRun {
  readonly first: number
  readonly count: number
  readonly kind: PageKind
  /** Name of the collection that they belong to, or `#` and its number where the catalog does not have it. */
  readonly collection?: string
  /** Of pages of documents: bytes in them that hold none. */
  readonly freeBytes?: number
}

/** A part of a file. */
export interface PageMap {
  readonly pageBytes: number
  /** Pages of the file. */
  readonly pagesCount: number
  /** Number of the last commit that is in it. */
  readonly sequence: number
  readonly runs: readonly PageRun[]
}
