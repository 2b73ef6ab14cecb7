// Every document decoded, in the engine's own order. Units: documents read.

import { rateRepeated } from '../timing.ts'
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
