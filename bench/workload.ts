// What a workload is: one kind of work, timed on a stage that holds the documents and the engine.
// Promises of every implementation: it checks what the engine answered, so that a fast wrong answer is a failure;
// it times nothing but the work its title names.

import type { BenchDocument } from './documents.ts'
import type { Engine, IndexedSession, LaterSession, Session } from './engine.ts'
import type { Unit } from './samples.ts'

/** What a workload is run on. */
export interface Stage {
  engine: Engine
  /** All documents, in the order of insertion. */
  documents: BenchDocument[]
  /** How many single commits to time: all documents, or a few thousand where each waits for the disk. */
  commits: number
  /** The name of the engine in engines/index.ts. */
  engineName: string
  /** Where the database lies. */
  directory: string
  /** Opens the engine: on an empty directory, or where `starts` says so with every document in it. */
  open(): Session
  /** As `open`, of a database with indexes. */
  openIndexed(): IndexedSession
}

/** What a workload is run on where the engine's calls give promises. */
export interface LaterStage extends Pick<Stage, 'documents' | 'commits' | 'directory' | 'engineName'> {
  /** How many single commits are under way at a time: one where each waits for the disk. */
  lanes: number
  /** As of `Stage`. */
  open(): Promise<LaterSession>
}

/** One kind of work. */
export interface Workload {
  title: string
  unit: Exclude<Unit, 'MB'>
  /**
   * `empty`: on a new file. `loaded`, `indexed`: on the file that the load of this round left, without or with indexes,
   * in the order of workloads/index.ts. `killed`: on a file whose process was killed after it had loaded all documents.
   */
  starts: 'empty' | 'loaded' | 'indexed' | 'killed'
  /** Runs on engines of this kind only; all when absent. */
  only?: 'persistent' | 'durable' | 'not durable' | 'indexed' | 'shared'
  /** Whether it asks the system what only Linux tells. */
  isForLinux?: boolean
  /** Whether it is run only when it is asked for by name. */
  isExtra?: boolean
  /** Whether the file must first be dropped from the system's page cache. */
  cold?: boolean
  run(stage: Stage): number | Promise<number>
  /** The same work by promises; absent where no engine of that kind has what it takes. */
  runLater?(stage: LaterStage): Promise<number>
}

/** Refuses a wrong answer. */
export function demand(truth: boolean, what: string): void {
  if (!truth) throw new Error(`wrong answer: ${what}`)
}
