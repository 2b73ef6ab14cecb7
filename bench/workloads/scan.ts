// Every document decoded, in the engine's own order. Units: documents read.

import type { BenchDocument } from '../documents.ts'
import { rateRepeated, rateRepeatedLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

/** Gives what checks an engine's scan of the documents. */
function judge(documents: BenchDocument[]): (met: { count: number; ages: number }) => void {
  const expected = documents.reduce((sum, { age }) => sum + age, 0)
  return ({ count, ages }) =>
    demand(count === documents.length && ages === expected, 'a scan meets every document once')
}

export const scan: Workload = {
  title: 'scan decoded',
  unit: 'ops/s',
  starts: 'loaded',
  run({ documents, open }) {
    const session = open()
    const check = judge(documents)
    const rate = rateRepeated(documents.length, () => check(session.scan()))
    session.close()
    return rate
  },
  async runLater({ documents, open }) {
    const session = await open()
    const check = judge(documents)
    const rate = await rateRepeatedLater(documents.length, async () => check(await session.scan()))
    await session.close()
    return rate
  }
}
