// The engine's filters against mingo and against the judge, over random documents and filters.
//
// The long form: QUIRE_CASES=1000000 npx vitest run test/property/filter.test.ts; a case is a document and a filter.
// Promises: the engine answers as MongoDB's manual says in every case, and mingo in every case that no fault of its
// list explains.

import fc from 'fast-check'
import { Query } from 'mingo'
import { open } from 'quiredb'
import { expect, test } from 'vitest'
import { casesCount, isLongForm, patienceMs, SEED, show } from './cases.ts'
import { documents, filter } from './documents.ts'
import { judge } from './judge.ts'
import { judgeExpression } from './judge-expression.ts'
import { explain, mingoFilter } from './mingo.ts'
import { FILTER_FAULTS } from './mingo-faults.ts'
import type { Fields } from './values.ts'

const CASES = casesCount(20_000)
/** Documents that each filter is asked of: this many at most, and two thirds on average. */
const DOCUMENTS_MAX = 24
/** Of a hundred pairs so many must be compared with mingo, and not be lost to its faults. */
const COMPARED_PERCENT_MIN = 90

test('engine_filters_answer_as_mingo_and_the_manual_do', { timeout: patienceMs(CASES) }, () => {
  const database = open(':memory:')
  const counts = { pairs: 0, matches: 0, excused: 0 }
  const excusedBy = new Map<string, number>()
  let name = 0
  const property = fc.property(documents(DOCUMENTS_MAX), filter, (all, filter) => {
    const collection = database.collection<Fields>(`c${name++}`)
    collection.insertMany(all)
    const found = new Set(
      collection
        .find(filter)
        .toArray()
        .map(({ _id }) => _id)
    )
    collection.drop()
    const mingo = mingoFilter(filter)
    for (const document of all) {
      const expected = judge(filter, document, judgeExpression)
      counts.pairs++
      counts.matches += Number(expected)
      if (found.has(document['_id'] as number) !== expected)
        throw new Error(`the engine says ${!expected}, the manual ${expected}: ${show(filter)} on ${show(document)}`)
      if (mingo(document) === expected) continue
      counts.excused++
      const { faults, unexplained } = explain(filter, document)
      for (const fault of new Set(faults)) excusedBy.set(fault, (excusedBy.get(fault) ?? 0) + 1)
      if (unexplained.length > 0 || faults.length === 0)
        throw new Error(
          `mingo says ${mingo(document)} for no fault that is listed: ${show(unexplained.map(leaf => leaf.filter))} of ${show(filter)} on ${show(document)}`
        )
    }
  })
  fc.assert(property, { seed: SEED, numRuns: Math.ceil((CASES * 3) / (2 * DOCUMENTS_MAX)) })
  database.close()
  if (isLongForm()) console.log(counts, Object.fromEntries(excusedBy))
  const compared = (100 * (counts.pairs - counts.excused)) / counts.pairs
  expect(compared).toBeGreaterThan(COMPARED_PERCENT_MIN)
})

test.each(FILTER_FAULTS)('mingo_is_wrong_and_the_engine_right: $name', ({ applies: _, witness, rule }) => {
  const { filter, document, matches } = witness
  expect(rule).not.toBe('')
  expect(judge(filter, document, judgeExpression)).toBe(matches)
  expect(mingoFilter(filter)(document)).not.toBe(matches)
  const database = open(':memory:')
  const collection = database.collection<Fields>('one')
  collection.insertOne(document)
  expect(collection.find(filter).toArray()).toHaveLength(Number(matches))
  database.close()
})

test('a_sound_condition_is_excused_by_no_fault', () => {
  const document = { _id: 1, a: 5, b: { c: 'x' }, d: [1, 2] }
  const sound = { a: { $gt: 4 }, 'b.c': { $regex: 'x' }, d: 2 }
  expect(new Query(sound).test(document)).toBe(true)
  expect(explain(sound, document)).toEqual({ faults: [], unexplained: [] })
})
