// All documents into an empty database, 1,000 in a commit. The file it leaves is what the other workloads start with.

import type { BenchDocument } from '../documents.ts'
import type { LaterSession, Session } from '../engine.ts'
import { rateOnce, rateOnceLater } from '../timing.ts'
import type { Workload } from '../workload.ts'

/** Documents in one commit. */
const BATCH = 1_000

/** Inserts the documents in batches. */
export function load(session: Session, documents: BenchDocument[]): void {
  for (let start = 0; start < documents.length; start += BATCH)
    session.insertMany(documents.slice(start, start + BATCH))
}

/** As `load`, waiting for each batch. */
export async function loadLater(session: Session | LaterSession, documents: BenchDocument[]): Promise<void> {
  for (let start = 0; start < documents.length; start += BATCH) {
    await session.insertMany(documents.slice(start, start + BATCH))
  }
}

/** Documents a second, inserted in batches into `session`, which is closed then. */
export function insertAll(session: Session, documents: BenchDocument[]): number {
  const rate = rateOnce(documents.length, () => load(session, documents))
  session.close()
  return rate
}

export const batchInsert: Workload = {
  title: 'batch insert',
  unit: 'ops/s',
  starts: 'empty',
  run: ({ documents, open }) => insertAll(open(), documents),
  async runLater({ documents, open }) {
    const session = await open()
    const rate = await rateOnceLater(documents.length, () => loadLater(session, documents))
    await session.close()
    return rate
  }
}
