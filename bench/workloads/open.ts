// From the call of open to the first document in hand, in a fresh process that has loaded the library but used nothing.
// Cold: the database's file is not in the system's page cache (the library is). Warm: it is.

import type { BenchDocument } from '../documents.ts'
import { demand, type LaterStage, type Stage, type Workload } from '../workload.ts'

function middleOf(documents: BenchDocument[]): BenchDocument {
  const wanted = documents[documents.length >> 1]
  if (wanted === undefined) throw new Error('there are no documents')
  return wanted
}

function run({ documents, open }: Stage): number {
  const wanted = middleOf(documents)
  const start = performance.now()
  const session = open()
  const document = session.get(wanted._id)
  const elapsed = performance.now() - start
  demand(document?.email === wanted.email, 'the first document read is the one asked for')
  session.close()
  return elapsed
}

async function runLater({ documents, open }: LaterStage): Promise<number> {
  const wanted = middleOf(documents)
  const start = performance.now()
  const session = await open()
  const document = await session.get(wanted._id)
  const elapsed = performance.now() - start
  demand(document?.email === wanted.email, 'the first document read is the one asked for')
  await session.close()
  return elapsed
}

export const openCold: Workload = {
  title: 'open cold',
  unit: 'ms',
  starts: 'loaded',
  only: 'persistent',
  cold: true,
  run,
  runLater
}

export const openWarm: Workload = {
  title: 'open warm',
  unit: 'ms',
  starts: 'loaded',
  only: 'persistent',
  run,
  runLater
}
