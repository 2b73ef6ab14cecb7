// The engine's updates against mingo and against the judge, over random documents and updates.
//
// The long form: QUIRE_CASES=100000 npx vitest run test/property/update; a case is a document and an update.
// Promises: in every case the engine makes of the document what MongoDB's manual says, or refuses the update and leaves
// the document as it was; mingo does the same but where a fault of its list applies.

import fc from 'fast-check'
import { type Collection, open, QuireError } from 'quiredb'
import { expect, test } from 'vitest'
import { casesCount, isLongForm, patienceMs, SEED, show } from './cases.ts'
import { judge } from './judge.ts'
import { judgeExpression } from './judge-expression.ts'
import { judgeUpdate } from './judge-update.ts'
import { isOperators } from './leaves.ts'
import { byJudge, byMingo, explainUpdate } from './mingo-update.ts'
import { UPDATE_FAULTS } from './mingo-update-faults.ts'
import { elementQuestion, positional, updatable, update } from './updates.ts'
import { asRead, type Fields, isFields } from './values.ts'

const CASES = casesCount(6_000)
/** Documents that each update is asked of: this many at most, and two thirds on average. */
const DOCUMENTS_MAX = 12
/** Of a hundred cases so many must be compared with mingo, and not be lost to its faults. */
const COMPARED_PERCENT_MIN = 60

type Documents = Collection<Fields & { _id: number }>

/** Updates one document; undefined when the update is refused. */
function modifiedCount(collection: Documents, id: number, update: Fields): number | undefined {
  try {
    return collection.updateOne({ _id: id }, update).modifiedCount
  } catch (error) {
    if (error instanceof QuireError && ['INVALID_UPDATE', 'INVALID_ID'].includes(error.code)) return undefined
    throw error
  }
}

/** Compares the engine with the judge. */
function checkEngine(collection: Documents, id: number, update: Fields): void {
  const document = collection.get(id) as Fields
  const expected = judgeUpdate(update, document)
  const modified = modifiedCount(collection, id, update)
  const [before, after, wanted] = [document, collection.get(id), asRead(expected ?? document)].map(show)
  const what = `${show(update)} on ${before}`
  if ((modified === undefined) !== (expected === undefined))
    throw new Error(`${what} is ${modified === undefined ? '' : 'not '}refused`)
  if (after !== wanted) throw new Error(`${what} gives ${after}, and should give ${wanted}`)
  // Arithmetic may change how a number is stored, and that counts as a change.
  const mayCountMore = '$inc' in update || '$mul' in update
  if (modified !== undefined && modified !== Number(before !== after) && !(mayCountMore && modified === 1))
    throw new Error(`${what} counts ${modified}`)
}

test('engine_updates_do_what_mingo_and_the_manual_say', { timeout: patienceMs(CASES) }, () => {
  const database = open(':memory:')
  const counts = { cases: 0, refused: 0, excused: 0 }
  const excusedBy = new Map<string, number>()
  let name = 0
  const property = fc.property(updatable(DOCUMENTS_MAX), update, (all, update) => {
    const collection: Documents = database.collection(`c${name++}`)
    collection.insertMany(all as (Fields & { _id: number })[])
    for (const document of all) {
      checkEngine(collection, document['_id'] as number, update)
      counts.cases++
      const expected = byJudge(update, document)
      counts.refused += Number(expected === undefined)
      const found = byMingo(update, document)
      if (found === expected) continue
      counts.excused++
      const { faults, unexplained } = explainUpdate(update, document)
      for (const fault of new Set(faults)) excusedBy.set(fault, (excusedBy.get(fault) ?? 0) + 1)
      if (unexplained.length > 0 || faults.length === 0)
        throw new Error(
          `mingo gives ${found} instead of ${expected} for no fault that is listed: ${show(unexplained)} of ${show(update)} on ${show(document)}`
        )
    }
    collection.drop()
  })
  fc.assert(property, { seed: SEED, numRuns: Math.ceil((CASES * 3) / (2 * DOCUMENTS_MAX)) })
  database.close()
  if (isLongForm()) console.log(counts, Object.fromEntries(excusedBy))
  expect((100 * (counts.cases - counts.excused)) / counts.cases).toBeGreaterThan(COMPARED_PERCENT_MIN)
})

test('elements_that_paths_select_are_changed_as_the_manual_says', { timeout: patienceMs(CASES) }, () => {
  const database = open(':memory:')
  let name = 0
  const property = fc.property(updatable(DOCUMENTS_MAX), positional, (all, { update, arrayFilters }) => {
    const collection: Documents = database.collection(`p${name++}`)
    collection.insertMany(all as (Fields & { _id: number })[])
    for (const document of all) {
      const expected = judgeUpdate(update, document, { arrayFilters })
      const found = updated(collection, { _id: document['_id'] }, update, arrayFilters)
      const wanted = expected === undefined ? undefined : show(asRead(expected))
      const after = show(collection.get(document['_id'] as number))
      if ((found === undefined) !== (wanted === undefined) || after !== (wanted ?? show(asRead(document))))
        throw new Error(
          `${show(update)} where ${show(arrayFilters)} on ${show(document)} gives ${found === undefined ? 'a refusal' : after}, and should give ${wanted ?? 'one'}`
        )
    }
    collection.drop()
  })
  fc.assert(property, { seed: SEED, numRuns: Math.ceil(CASES / DOCUMENTS_MAX) })
  database.close()
})

test('the_element_that_a_filter_matched_is_changed_as_the_manual_says', { timeout: patienceMs(CASES) }, () => {
  const database = open(':memory:')
  let name = 0
  const property = fc.property(updatable(DOCUMENTS_MAX), elementQuestion, (all, asked) => {
    const collection: Documents = database.collection(`m${name++}`)
    collection.insertMany(all as (Fields & { _id: number })[])
    for (const document of all) {
      const list = document['a']
      const matched = Array.isArray(list) ? list.findIndex(each => judgeElementOf(asked, each)) : -1
      const filter = { _id: document['_id'], ...asked }
      const isFound = judge(filter, document, judgeExpression)
      const found = updated(collection, filter, { $set: { 'a.$': 'met' } }, undefined)
      const after = collection.get(document['_id'] as number) as Fields
      const wanted = structuredClone(document)
      if (isFound && matched >= 0) (wanted['a'] as unknown[])[matched] = 'met'
      const isRight = show(after) === show(asRead(wanted)) && (found === undefined) === (isFound && matched < 0)
      if (!isRight)
        throw new Error(`a.$ by ${show(filter)} of ${show(document)} gives ${show(after)}, element ${matched}`)
    }
    collection.drop()
  })
  fc.assert(property, { seed: SEED, numRuns: Math.ceil(CASES / DOCUMENTS_MAX) })
  database.close()
})

/** Whether one element meets what a filter asks of the array `a`. */
function judgeElementOf(asked: Fields, element: unknown): boolean {
  const [[path = '', condition] = []] = Object.entries(asked)
  const inner = isFields(condition) ? condition['$elemMatch'] : undefined
  if (inner !== undefined) return judge({ a: { $elemMatch: inner } }, { a: [element] }, judgeExpression)
  if (path === 'a')
    return judge(
      { a: { $elemMatch: isOperators(condition) ? condition : { $eq: condition } } },
      { a: [element] },
      judgeExpression
    )
  return isFields(element) && judge({ [path.slice(2)]: condition }, element, judgeExpression)
}

/** How many documents were changed; undefined when the update is refused. */
function updated(collection: Documents, filter: object, update: Fields, arrayFilters: readonly Fields[] | undefined) {
  try {
    const options = arrayFilters === undefined ? undefined : { arrayFilters }
    return collection.updateOne(filter as never, update as never, options as never).modifiedCount
  } catch (error) {
    if (error instanceof QuireError && error.code === 'INVALID_UPDATE') return undefined
    throw error
  }
}

test.each(UPDATE_FAULTS)('mingo_is_wrong_and_the_engine_right: $name', ({ rule, witness }) => {
  const { update, document, after } = witness
  const given = { _id: 1, ...document }
  const wanted = after === undefined ? undefined : { _id: 1, ...after }
  expect(rule).not.toBe('')
  expect(judgeUpdate(update, given)).toEqual(wanted)
  expect(byMingo(update, given)).not.toBe(byJudge(update, given))
  const database = open(':memory:')
  const collection: Documents = database.collection('one')
  collection.insertOne(given)
  expect(modifiedCount(collection, 1, update) === undefined).toBe(after === undefined)
  expect(collection.get(1)).toEqual(wanted ?? given)
  database.close()
})
