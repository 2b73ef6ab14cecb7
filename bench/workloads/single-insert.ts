// Documents one by one into an empty database, each in a commit of its own: a workload for engines that return before
// the disk has it, and one, with fewer documents, for those that wait for the disk.

import { inFlight, rateOnce, rateOnceLater } from '../timing.ts'
import { demand, type LaterStage, type Stage, type Workload } from '../workload.ts'

function run({ documents, commits, open }: Stage): number {
  const session = open()
  const chosen = documents.slice(0, commits)
  const rate = rateOnce(commits, () => {
    for (const document of chosen) session.insert(document)
  })
  demand(session.scan().count === commits, 'every inserted document is there')
  session.close()
  return rate
}

async function runLater({ documents, commits, lanes, open }: LaterStage): Promise<number> {
  const session = await open()
  const chosen = documents.slice(0, commits)
  const rate = await rateOnceLater(commits, () => inFlight(chosen, lanes, document => session.insert(document)))
  demand((await session.scan()).count === commits, 'every inserted document is there')
  await session.close()
  return rate
}

export const singleInsert: Workload = {
  title: 'single insert',
  unit: 'ops/s',
  starts: 'empty',
  only: 'not durable',
  run,
  runLater
}

export const durableInsert: Workload = {
  title: 'durable insert',
  unit: 'ops/s',
  starts: 'empty',
  only: 'durable',
  run,
  runLater
}
