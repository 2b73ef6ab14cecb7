// One field of one document, and one document removed, each in a commit of its own, in random order.
// The two change the loaded file, so they come last in a round.

import { type BenchDocument, shuffled } from '../documents.ts'
import { inFlight, LANES, rateOnce, rateOnceLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

function someIds(documents: BenchDocument[], count: number): string[] {
  return shuffled(documents)
    .slice(0, count)
    .map(({ _id }) => _id)
}

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
  },
  async runLater({ documents, commits, lanes, open }) {
    const session = await open()
    const chosen = shuffled(documents).slice(0, commits)
    const rate = await rateOnceLater(commits, () =>
      inFlight(chosen, lanes, ({ _id, age }) => session.setAge(_id, age + 100))
    )
    await inFlight(chosen, LANES, async ({ _id, age }) =>
      demand((await session.get(_id))?.age === age + 100, 'an update is there')
    )
    await session.close()
    return rate
  }
}

export const remove: Workload = {
  title: 'delete',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, commits, open }) {
    const session = open()
    const ids = someIds(documents, commits)
    const rate = rateOnce(commits, () => {
      for (const id of ids) session.delete(id)
    })
    demand(session.scan().count === documents.length - commits, 'what was deleted is gone')
    session.close()
    return rate
  },
  async runLater({ documents, commits, lanes, open }) {
    const session = await open()
    const ids = someIds(documents, commits)
    const rate = await rateOnceLater(commits, () => inFlight(ids, lanes, id => session.delete(id)))
    demand((await session.scan()).count === documents.length - commits, 'what was deleted is gone')
    await session.close()
    return rate
  }
}
