// From the call of open to the first document in hand, in a fresh process that has loaded the library but used nothing.
// Cold: the database's file is not in the system's page cache (the library is). Warm: it is. After a kill: the process that
// loaded the documents was killed before it could close the file, so what opening repairs is part of the time.

import type { BenchDocument } from '../documents.ts'
import { demand, type LaterStage, type Stage, type Workload } from '../workload.ts'
import { load, loadLater } from './batch-insert.ts'

function middleOf(documents: BenchDocument[]): BenchDocument {
  const wanted = documents[documents.length >> 1]
  if (wanted === undefined) throw new Error('there are no documents')
  return wanted
}

const ALL_RULE = 'a kill loses nothing that was acknowledged'

function run({ documents, open }: Stage, isWhole?: boolean): number {
  const wanted = middleOf(documents)
  const start = performance.now()
  const session = open()
  const document = session.get(wanted._id)
  const elapsed = performance.now() - start
  demand(document?.email === wanted.email, 'the first document read is the one asked for')
  if (isWhole) demand(session.scan().count === documents.length, ALL_RULE)
  session.close()
  return elapsed
}

async function runLater({ documents, open }: LaterStage, isWhole?: boolean): Promise<number> {
  const wanted = middleOf(documents)
  const start = performance.now()
  const session = await open()
  const document = await session.get(wanted._id)
  const elapsed = performance.now() - start
  demand(document?.email === wanted.email, 'the first document read is the one asked for')
  if (isWhole) demand((await session.scan()).count === documents.length, ALL_RULE)
  await session.close()
  return elapsed
}

export const openCold: Workload = {
  title: 'open cold',
  unit: 'ms',
  starts: 'loaded',
  only: 'persistent',
  cold: true,
  run: stage => run(stage),
  runLater: stage => runLater(stage)
}

export const openWarm: Workload = {
  title: 'open warm',
  unit: 'ms',
  starts: 'loaded',
  only: 'persistent',
  run: stage => run(stage),
  runLater: stage => runLater(stage)
}

export const openKilled: Workload = {
  title: 'open after kill',
  unit: 'ms',
  starts: 'killed',
  only: 'persistent',
  isExtra: true,
  run: stage => run(stage, true),
  runLater: stage => runLater(stage, true)
}

/** Loads all documents and then kills its own process: what `openKilled` starts with. */
export const loadAndDie: Workload = {
  title: 'load and die',
  unit: 'ops/s',
  starts: 'empty',
  run({ documents, open }) {
    load(open(), documents)
    process.kill(process.pid, 'SIGKILL')
    throw new Error('a killed process runs on')
  },
  async runLater({ documents, open }) {
    await loadLater(await open(), documents)
    process.kill(process.pid, 'SIGKILL')
    throw new Error('a killed process runs on')
  }
}
