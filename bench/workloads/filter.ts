// The filter that 2.4 % of all documents pass: how many an engine finds by reading them, and how many it counts. Units:
// documents looked at.

import { passes } from '../documents.ts'
import { rateRepeated, rateRepeatedLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

function passing(title: string, verb: 'filter' | 'count', rule: string): Workload {
  return {
    title,
    unit: 'ops/s',
    starts: 'loaded',
    run({ documents, open }) {
      const session = open()
      const expected = documents.filter(passes).length
      const rate = rateRepeated(documents.length, () => demand(session[verb]() === expected, rule))
      session.close()
      return rate
    },
    async runLater({ documents, open }) {
      const session = await open()
      const expected = documents.filter(passes).length
      const rate = await rateRepeatedLater(documents.length, async () =>
        demand((await session[verb]()) === expected, rule)
      )
      await session.close()
      return rate
    }
  }
}

export const filter = passing('filter scan', 'filter', 'the filter finds every match')
export const count = passing('count by filter', 'count', 'the count is that of the filter')
