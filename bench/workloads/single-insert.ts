// Documents one by one into an empty database, each in a commit of its own: a workload for engines that return before
// the disk has it, and one, with fewer documents, for those that wait for the disk.

import { rateOnce } from '../timing.ts'
import type { Stage, Workload } from '../workload.ts'
import { demand } from '../workload.ts'

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

export const singleInsert: Workload = {
  title: 'single insert',
  unit: 'ops/s',
  starts: 'empty',
  only: 'not durable',
  run
}

export const durableInsert: Workload = {
  title: 'durable insert',
  unit: 'ops/s',
  starts: 'empty',
  only: 'durable',
  run
}
