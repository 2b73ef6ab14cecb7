// The workloads there are, by the name that --only takes, in the order in which a round runs them:
// what fills the file first, what reads it next, what changes it last.

import type { Workload } from '../workload.ts'
import { batchInsert } from './batch-insert.ts'
import { LOADED_BYTES, WRITTEN_BYTES } from './bytes.ts'
import { remove, update } from './change.ts'
import { count, filter } from './filter.ts'
import { get, getMissing } from './get.ts'
import { group } from './group.ts'
import { indexedFind, indexedInsert, indexedRange } from './indexed.ts'
import { loadAndDie, openCold, openKilled, openWarm } from './open.ts'
import { scan } from './scan.ts'
import { durableInsert, singleInsert } from './single-insert.ts'
import { OF_SIZES } from './sizes.ts'
import { OF_THREADS } from './threads.ts'
import { YCSB } from './ycsb.ts'

/** The workload whose file the others start with. */
export const LOAD = 'batch-insert'

/** The workload whose file those with indexes start with. */
export const INDEXED_LOAD = 'indexed-insert'

/** What leaves the file of those that start after a kill: it ends by SIGKILL. */
export const KILLED_LOAD = 'load-and-die'

/** What only prepares files, and cannot be asked for. */
export const PREPARATIONS: Record<string, Workload> = { [KILLED_LOAD]: loadAndDie }

export const WORKLOADS: Record<string, Workload> = {
  [LOAD]: batchInsert,
  'open-cold': openCold,
  'open-warm': openWarm,
  'point-read': get,
  'missing-read': getMissing,
  scan,
  filter,
  count,
  group,
  ...LOADED_BYTES,
  ...OF_THREADS,
  update,
  delete: remove,
  'single-insert': singleInsert,
  'durable-insert': durableInsert,
  [INDEXED_LOAD]: indexedInsert,
  'indexed-find': indexedFind,
  'indexed-range': indexedRange,
  'open-killed': openKilled,
  ...WRITTEN_BYTES,
  ...YCSB,
  ...OF_SIZES
}
