// The engine's aggregations against mingo, over random documents and pipelines of one to four stages.
//
// Not generated, because mingo answers other than MongoDB's manual: $count and $bucket of nothing, $bucketAuto of
// nothing, $unwind of what is no array, $push of a missing field, $min, $max, $sort, $lookup and comparisons in
// expressions over arrays, missing fields and values of two types, null behind an array of documents in filters, $set
// of an object over an array. Those are cases of native/engine/src/query/pipeline/tests. The order of fields is not
// compared: mingo moves `_id`. The long form: QUIRE_CASES=100000 npx vitest run test/property/aggregate.test.ts.
// Promises: results are equal in values and in the order of documents; both refuse, or none does.

import fc from 'fast-check'
import { Aggregator } from 'mingo'
import { open, type PipelineStage } from 'quiredb'
import { expect, test } from 'vitest'
import { casesCount, patienceMs, SEED, show } from './cases.ts'
import { collection, pipeline } from './pipelines.ts'
import type { Fields } from './values.ts'

const CASES = casesCount(1500)

/** Results, or the message of what was thrown. */
type Answer = Fields[] | string

function ask(run: () => Fields[]): Answer {
  try {
    return run()
  } catch (error) {
    return (error as Error).message
  }
}

/** A value with its fields in the order of their names; what mingo left undefined is missing. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(element => normal(element) ?? null)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(
    kept.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, inner]) => [key, normal(inner)])
  )
}

function mingo(documents: Fields[], other: Fields[], stages: readonly PipelineStage[]): Answer {
  return ask(
    () =>
      normal(
        new Aggregator(structuredClone(stages) as Fields[], {
          collectionResolver: () => structuredClone(other)
        }).run<Fields>(structuredClone(documents))
      ) as Fields[]
  )
}

test('the_engine_aggregates_as_mingo_does', { timeout: patienceMs(CASES) }, () => {
  const database = open(':memory:')
  const main = database.collection<Fields>('main')
  const others = database.collection<Fields>('other')
  const counts = { compared: 0, refused: 0, results: 0 }
  const property = fc.property(collection, collection, pipeline, (documents, other, stages) => {
    main.clear()
    others.clear()
    main.insertMany(documents)
    others.insertMany(other)
    const found = ask(() => normal(main.aggregate<Fields>(stages).toArray()) as Fields[])
    const expected = mingo(documents, other, stages)
    counts.compared++
    const case_ = `${show(stages)} over ${show(documents)} and ${show(other)}`
    if (typeof found === 'string' || typeof expected === 'string') {
      counts.refused++
      if (typeof found !== typeof expected)
        throw new Error(`the engine: ${show(found)}, mingo: ${show(expected)}: ${case_}`)
      return
    }
    counts.results += expected.length
    if (show(found) !== show(expected))
      throw new Error(`the engine: ${show(found)}, mingo: ${show(expected)}: ${case_}`)
  })
  fc.assert(property, { seed: SEED, numRuns: CASES })
  database.close()
  expect(counts.results).toBeGreaterThan(counts.compared)
  expect(counts.refused).toBeLessThan(counts.compared / 10)
})
