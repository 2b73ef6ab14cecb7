// What the page map draws: pages gathered into cells, and sums of what they hold.
//
// Promises: every page is in one cell and one sum. Leaves to others: drawing (views/pages.tsx), the pages (the server).

import type { PageKind, PageRun } from '../server/page-runs.ts'

/** By what pages are told apart. */
export type Grouping = 'kind' | 'collection'

/** What kinds of pages are called. */
export const KIND_NAMES: Readonly<Record<PageKind, string>> = {
  header: 'File header',
  documents: 'Documents',
  documentMap: 'Maps of documents',
  largeDocuments: 'Large documents',
  idIndex: 'Id index',
  idDirectory: 'Id index, directory',
  index: 'Ordered indexes',
  catalog: 'Catalog',
  freeList: 'Free list',
  free: 'Free',
  unknown: 'Unknown'
}

/** Pages that hold the same, all over the file. */
export interface Group {
  readonly name: string
  readonly isFree: boolean
  pagesCount: number
  /** How many runs of neighbouring pages they are in. */
  runsCount: number
  /** Bytes in pages of documents that hold none. */
  freeBytes: number
  /** Pages of documents among them. */
  documentPagesCount: number
}

/** The name of the group that a run is in. */
export function groupOf(run: PageRun, grouping: Grouping): string {
  if (run.kind === 'free') return KIND_NAMES.free
  if (grouping === 'collection') return run.collection ?? 'The file itself'
  return KIND_NAMES[run.kind]
}

/** The groups, the largest first and free pages last. */
export function groupsOf(runs: readonly PageRun[], grouping: Grouping): Group[] {
  const groups = new Map<string, Group>()
  let before = ''
  for (const run of runs) {
    const name = groupOf(run, grouping)
    const isFree = run.kind === 'free'
    const group = groups.get(name) ?? { name, isFree, pagesCount: 0, runsCount: 0, freeBytes: 0, documentPagesCount: 0 }
    groups.set(name, group)
    group.pagesCount += run.count
    group.runsCount += name === before ? 0 : 1
    group.freeBytes += run.freeBytes ?? 0
    group.documentPagesCount += run.kind === 'documents' ? run.count : 0
    before = name
  }
  return [...groups.values()].sort((a, b) => Number(a.isFree) - Number(b.isFree) || b.pagesCount - a.pagesCount)
}

/** The group that most pages of each cell are in, as its place in `groups`. */
export function cellsOf(
  runs: readonly PageRun[],
  groups: readonly Group[],
  grouping: Grouping,
  pagesPerCell: number
): number[] {
  const places = new Map(groups.map(({ name }, place) => [name, place]))
  const cells: number[] = []
  let counts = new Map<number, number>()
  let filled = 0
  const close = () => {
    const [most] = [...counts].sort(([, a], [, b]) => b - a)
    if (most !== undefined) cells.push(most[0])
    counts = new Map()
    filled = 0
  }
  for (const run of runs) {
    const place = places.get(groupOf(run, grouping)) ?? 0
    for (let left = run.count; left > 0; ) {
      const taken = Math.min(left, pagesPerCell - filled)
      counts.set(place, (counts.get(place) ?? 0) + taken)
      filled += taken
      left -= taken
      if (filled === pagesPerCell) close()
    }
  }
  if (filled > 0) close()
  return cells
}
