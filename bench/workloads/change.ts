// One field of one document, and one document removed, each in a commit of its own, in random order.
// The two change the loaded file, so they come last in a round.

import { shuffled } from '../documents.ts'
import { rateOnce } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

export const update: Workload = {
  title: 'update a field',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, commits, open }) {
    const session = open()
    const chosen = shuffled(documents).slice(0, commits)
    const rate = rateOnce(commits, () => {
      for (const document of chosen) session.setAge(document._id, document.age + 100)
    })
    for (const document of chosen) demand(session.get(document._id)?.age === document.age + 100, 'an update is there')
    session.close()
    return rate
  }
}

export const remove: Workload = {
  title: 'delete',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, commits, open }) {
    const session = open()
    const ids = shuffled(documents)
      .slice(0, commits)
      .map(document => document._id)
    const rate = rateOnce(commits, () => {
      for (const id of ids) session.delete(id)
    })
    demand(session.scan().count === documents.length - commits, 'what was deleted is gone')
    session.close()
    return rate
  }
}
