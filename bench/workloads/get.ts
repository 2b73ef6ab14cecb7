// Documents by id, decoded, in random order; and ids that are not there.

import { type BenchDocument, missingIdentifiers, shuffled } from '../documents.ts'
import { inFlight, LANES, rateRepeated, rateRepeatedLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

/** Reads by the ids that `idsOf` gives, the sum of whose ages is `agesOf`; a document that is not there has the age 0. */
function reading(
  title: string,
  idsOf: (documents: BenchDocument[]) => string[],
  agesOf: (documents: BenchDocument[]) => number,
  rule: string
): Workload {
  return {
    title,
    unit: 'ops/s',
    starts: 'loaded',
    run({ documents, open }) {
      const session = open()
      const ids = idsOf(documents)
      const expected = agesOf(documents)
      const rate = rateRepeated(ids.length, () => {
        let ages = 0
        for (const id of ids) ages += session.get(id)?.age ?? 0
        demand(ages === expected, rule)
      })
      session.close()
      return rate
    },
    async runLater({ documents, open }) {
      const session = await open()
      const ids = idsOf(documents)
      const expected = agesOf(documents)
      const rate = await rateRepeatedLater(ids.length, async () => {
        let ages = 0
        if (session.getNow !== undefined) for (const id of ids) ages += session.getNow(id)?.age ?? 0
        else
          await inFlight(ids, LANES, async id => {
            const age = (await session.get(id))?.age
            ages += age ?? 0
          })
        demand(ages === expected, rule)
      })
      await session.close()
      return rate
    }
  }
}

export const get = reading(
  'get decoded',
  documents => shuffled(documents).map(({ _id }) => _id),
  documents => documents.reduce((sum, { age }) => sum + age, 0),
  'every document read has its age'
)

export const getMissing = reading(
  'get missing',
  documents => missingIdentifiers(documents.length),
  () => 0,
  'no missing document is found'
)
