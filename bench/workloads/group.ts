// The count and mean age of each city. Units: documents looked at.

import { rateRepeated } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

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
