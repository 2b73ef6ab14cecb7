// All documents into an empty database, 1,000 in a commit. The file it leaves is what the other workloads start with.

import type { BenchDocument } from '../documents.ts'
import type { Session } from '../engine.ts'
import { rateOnce } from '../timing.ts'
import type { Workload } from '../workload.ts'

/** Documents in one commit. */
export const BATCH = 1_000

/** Documents a second, inserted in batches into `session`, which is closed then. */
export function insertAll(session: Session, documents: BenchDocument[]): number {
  const rate = rateOnce(documents.length, () => {
    for (let start = 0; start < documents.length; start += BATCH) {
      session.insertMany(documents.slice(start, start + BATCH))
    }
  })
  session.close()
  return rate
}

export const batchInsert: Workload = {
  title: 'batch insert',
  unit: 'ops/s',
  starts: 'empty',
  run: ({ documents, open }) => insertAll(open(), documents)
}
