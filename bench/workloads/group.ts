// The count and mean age of each city. Units: documents looked at.

import type { BenchDocument } from '../documents.ts'
import type { CityGroup } from '../engine.ts'
import { rateRepeated, rateRepeatedLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

/** Gives what checks an engine's groups of the documents. */
function judge(documents: BenchDocument[]): (groups: CityGroup[]) => void {
  const cities = new Set(documents.map(({ city }) => city)).size
  const ages = documents.reduce((sum, { age }) => sum + age, 0)
  return groups => {
    const counted = groups.reduce((sum, group) => sum + group.count, 0)
    const summed = groups.reduce((sum, group) => sum + group.age * group.count, 0)
    const isRight = groups.length === cities && counted === documents.length && Math.abs(summed - ages) < 1
    demand(isRight, 'every document is in the group of its city')
  }
}

export const group: Workload = {
  title: 'group by city',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, open }) {
    const session = open()
    const check = judge(documents)
    const rate = rateRepeated(documents.length, () => check(session.group()))
    session.close()
    return rate
  },
  async runLater({ documents, open }) {
    const session = await open()
    const check = judge(documents)
    const rate = await rateRepeatedLater(documents.length, async () => check(await session.group()))
    await session.close()
    return rate
  }
}
