// All documents into an empty database, 1,000 in a commit. The file it leaves is what the other workloads start with.

import { rateOnce } from '../timing.ts'
import type { Workload } from '../workload.ts'

/** Documents in one commit. */
export const BATCH = 1_000

export const batchInsert: Workload = {
  title: 'batch insert',
  unit: 'ops/s',
  starts: 'empty',
  run({ documents, open }) {
    const session = open()
    const rate = rateOnce(documents.length, () => {
      for (let start = 0; start < documents.length; start += BATCH) {
        session.insertMany(documents.slice(start, start + BATCH))
      }
    })
    session.close()
    return rate
  }
}
