// What the benchmark asks of an engine: one interface, implemented once per engine in engines/.
// Promises of every implementation: a write call is one commit at the engine's stated durability; a read gives
// plain JavaScript values that the caller may keep; each engine is used in the way its own documentation calls fastest.
// Leaves to others: what is run (workloads/), how it is timed (timing.ts), which engines there are (engines/index.ts).

import type { BenchDocument } from './documents.ts'

/** Bytes of memory in which engines keep pages or blocks where they have a setting for it. */
export const CACHE_BYTES = 256 << 20

/** The same of engines that are asked what happens when a database is larger than its cache. */
export const SMALL_CACHE_BYTES = 1 << 20

/** When a write call returns, what its change survives. */
export type Survives =
  | 'nothing'
  | 'all but the last 100 ms'
  | 'process death'
  | 'process death, synced later'
  | 'power cut'

/** An open database with one collection of documents. */
export interface Session {
  /** Inserts the documents in one commit. */
  insertMany(documents: BenchDocument[]): void
  /** Inserts one document in a commit of its own. */
  insert(document: BenchDocument): void
  /** The decoded document, or undefined. */
  get(id: string): BenchDocument | undefined
  /** Decodes every document; gives how many there are and the sum of their ages. */
  scan(): { count: number; ages: number }
  /** Decodes the documents that pass FILTER and gives how many there are. */
  filter(): number
  /** How many documents pass FILTER, without decoding one where the engine can. */
  count(): number
  /** For each city, in any order: how many documents it has, and their mean age. */
  group(): CityGroup[]
  /** Sets one field of one document, in a commit of its own. */
  setAge(id: string, age: number): void
  /** Removes one document, in a commit of its own. */
  delete(id: string): void
  close(): void
}

/** The documents of one city. */
export interface CityGroup {
  city: string
  count: number
  age: number
}

/** A session whose engine keeps an index of `team` and one of `createdAt`. */
export interface IndexedSession extends Session {
  /** The decoded documents of a team. */
  findTeam(team: string): BenchDocument[]
  /** The decoded documents with the `count` least values of `createdAt` from `from` on, in their order. */
  findSince(from: number, count: number): BenchDocument[]
}

/** An open database whose calls give promises; each call is as of `Session`. */
export interface LaterSession {
  insertMany(documents: BenchDocument[]): Promise<void>
  insert(document: BenchDocument): Promise<void>
  get(id: string): Promise<BenchDocument | undefined>
  /** As `get`, at once; absent where the engine cannot. */
  getNow?(id: string): BenchDocument | undefined
  scan(): Promise<{ count: number; ages: number }>
  filter(): Promise<number>
  count(): Promise<number>
  group(): Promise<CityGroup[]>
  setAge(id: string, age: number): Promise<void>
  delete(id: string): Promise<void>
  close(): Promise<void>
}

/** What is told of an engine at one durability. */
export interface EngineFacts {
  /** Its name and setting, as the tables show it. */
  title: string
  survives: Survives
  /** False when closing forgets everything: the documents are then loaded anew in each process. */
  persistent: boolean
  /** Whether several threads may open the same database. */
  isShared?: true
  /** The package whose version the report states, or undefined for the language's own means. */
  package?: string
}

/** One engine at one durability. */
export interface Engine extends EngineFacts {
  /** Opens or makes the database at a path inside an existing empty directory of its own. */
  open(path: string): Session
  /** As `open`, with both indexes from the beginning; absent for what has none. */
  openIndexed?(path: string): IndexedSession
}

/** An engine whose calls give promises: many of them are under way at a time, for a wait each would measure waiting. */
export interface LaterEngine extends EngineFacts {
  openLater(path: string): Promise<LaterSession>
}

export type AnyEngine = Engine | LaterEngine

/** Whether the engine's calls give promises. */
export function isLater(engine: AnyEngine): engine is LaterEngine {
  return 'openLater' in engine
}
