// Questions about all documents that are answered with few values: how many pass the filter, and the count and mean
// age of each city. Units: documents looked at.

import { passes } from '../documents.ts'
import { rateRepeated, rateRepeatedLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

export const count: Workload = {
  title: 'count by filter',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, open }) {
    const session = open()
    const expected = documents.filter(passes).length
    const rate = rateRepeated(documents.length, () => {
      demand(session.count() === expected, 'the count is that of the filter')
    })
    session.close()
    return rate
  },
  async runLater({ documents, open }) {
    const session = await open()
    const expected = documents.filter(passes).length
    const rate = await rateRepeatedLater(documents.length, async () => {
      demand((await session.count()) === expected, 'the count is that of the filter')
    })
    await session.close()
    return rate
  }
}

export const group: Workload = {
  title: 'group by city',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, open }) {
    const session = open()
    const cities = new Set(documents.map(({ city }) => city)).size
    const ages = documents.reduce((sum, { age }) => sum + age, 0)
    const rate = rateRepeated(documents.length, () => {
      const groups = session.group()
      const counted = groups.reduce((sum, group) => sum + group.count, 0)
      const summed = groups.reduce((sum, group) => sum + group.age * group.count, 0)
      const isRight = groups.length === cities && counted === documents.length && Math.abs(summed - ages) < 1
      demand(isRight, 'every document is in the group of its city')
    })
    session.close()
    return rate
  }
}
