// Documents by id, decoded, in random order; and ids that are not there.

import { missingIdentifiers, shuffled } from '../documents.ts'
import { rateRepeated } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

export const get: Workload = {
  title: 'get decoded',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, open }) {
    const session = open()
    const chosen = shuffled(documents)
    const expected = chosen.reduce((sum, document) => sum + document.age, 0)
    const ids = chosen.map(document => document._id)
    const rate = rateRepeated(ids.length, () => {
      let ages = 0
      for (const id of ids) ages += session.get(id)?.age ?? 0
      demand(ages === expected, 'every document read has its age')
    })
    session.close()
    return rate
  }
}

export const getMissing: Workload = {
  title: 'get missing',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, open }) {
    const session = open()
    const ids = missingIdentifiers(documents.length)
    const rate = rateRepeated(ids.length, () => {
      let found = 0
      for (const id of ids) if (session.get(id) !== undefined) found++
      demand(found === 0, 'no missing document is found')
    })
    session.close()
    return rate
  }
}
