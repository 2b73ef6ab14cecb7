// Every document decoded in the engine's own order; and the filter that 2.4 % of them pass, by documents looked at.

import { passes } from '../documents.ts'
import { rateRepeated, rateRepeatedLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

export const scan: Workload = {
  title: 'scan decoded',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, open }) {
    const session = open()
    const expected = documents.reduce((sum, document) => sum + document.age, 0)
    const rate = rateRepeated(documents.length, () => {
      const { count, ages } = session.scan()
      demand(count === documents.length && ages === expected, 'a scan meets every document once')
    })
    session.close()
    return rate
  }
}

export const filter: Workload = {
  title: 'filter scan',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, open }) {
    const session = open()
    const expected = documents.filter(passes).length
    const rate = rateRepeated(documents.length, () => {
      demand(session.filter() === expected, 'the filter finds every match')
    })
    session.close()
    return rate
  },
  async runLater({ documents, open }) {
    const session = await open()
    const expected = documents.filter(passes).length
    const rate = await rateRepeatedLater(documents.length, async () => {
      demand((await session.filter()) === expected, 'the filter finds every match')
    })
    await session.close()
    return rate
  }
}
