// The types of what a database tells about itself.
//
// Promises: types only, in the shape in which native code makes the objects (native/node/src/databases.rs).

/** How documents without an `_id` get one: a ULID string, or the next integer. */
export type IdKind = 'ulid' | 'integer'

/** Options of `createCollection`. */
export interface CreateCollectionOptions {
  /** How documents without an `_id` get one; `ulid` by default. */
  ids?: IdKind
}

/** A collection and its size. */
export interface CollectionInfo {
  readonly name: string
  readonly ids: IdKind
  readonly documentsCount: number
  /** Bytes of the documents as they are stored. */
  readonly documentsBytes: number
  /** Pages of 4 KB that hold documents, without those of large documents. */
  readonly pagesCount: number
  /** Bytes of the id index when all of it is in memory. */
  readonly indexBytes: number
  /** Record structures: shapes whose keys are stored once. */
  readonly structuresCount: number
  /** Lookups of an id that visited a document of another id, since the database was opened. */
  readonly falseVisitsCount: number
}

/** Counts and sizes of an open database. */
export interface Stats {
  readonly collections: readonly CollectionInfo[]
  /** Pages of the data file, as the next checkpoint leaves it. */
  readonly pagesCount: number
  readonly freePagesCount: number
  /** Bytes of pages in memory. */
  readonly cacheBytes: number
  /** Of these, bytes changed since they were last written to the data file. */
  readonly dirtyBytes: number
  /** Bytes of older pages kept for open cursors and transactions. */
  readonly versionBytes: number
  /** Bytes of log that a recovery would read. */
  readonly logBytes: number
  /** Number of the last commit since the file was made. */
  readonly sequence: number
  /** Commits since the database was opened. */
  readonly commitsCount: number
  /** Checkpoints since the database was opened. */
  readonly checkpointsCount: number
  /** Pages read from the data file since the database was opened. */
  readonly pageLoadsCount: number
}

/** What a backup holds. */
export interface BackupReport {
  /** Pages of the new file. */
  readonly pagesCount: number
  /** Bytes of the new file; its free pages may take no room on the disk. */
  readonly bytes: number
  readonly collectionsCount: number
  readonly documentsCount: number
  /** Number of the last commit in it; `stats().sequence` is that of the database. */
  readonly sequence: number
}

/** What a compaction did. */
export interface CompactReport {
  /** Bytes of the data file before. */
  readonly bytesBefore: number
  /** Bytes after. */
  readonly bytesAfter: number
  /** Names of the collections that were put into new pages. */
  readonly moved: readonly string[]
  /**
   * Names of those that were left as they are: a transaction holds them, they do not fit half of `cacheSize`, or an
   * open cursor or transaction needs the pages that they would be put into.
   */
  readonly left: readonly string[]
}

/** What `salvage` found. */
export interface SalvageReport {
  /** Documents that are in the new file. */
  readonly documentsCount: number
  /** How many things could not be read. */
  readonly problemsCount: number
  /** The first thousand of them, each with its page where it is known. */
  readonly problems: readonly Problem[]
}

/** What `check` found. */
export interface CheckReport {
  /** Nothing is wrong. */
  readonly isClean: boolean
  readonly pagesCount: number
  readonly documentsCount: number
  /** How many things are wrong. */
  readonly problemsCount: number
  /** The first thousand of them, each with its page where it is known. */
  readonly problems: readonly Problem[]
}

/** One thing that is wrong. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly page?: number
}
