// Cases of src/patterns.ts: regular expressions of JavaScript in filters, by what they find and where they are refused.

import { expect, test } from 'vitest'
import { withPatterns } from '../../src/patterns.ts'
import { failure, opened } from './temporary.ts'

interface Person {
  _id: number
  name?: string
  tags?: string[]
  home?: { city: string }[]
}

function people() {
  const collection = opened().collection<Person>('people')
  collection.insertMany([
    { _id: 1, name: 'Ada', tags: ['math', 'Engine'], home: [{ city: 'London' }] },
    { _id: 2, name: 'Bo', tags: ['sea'], home: [{ city: 'Oslo' }] },
    { _id: 3, name: 'adam\nb' }
  ])
  return collection
}

test('a_pattern_stands_for_a_field_and_behind_operators', () => {
  const ids = (filter: object) =>
    people()
      .find(filter as never)
      .toArray()
      .map(({ _id }) => _id)
  expect(ids({ name: /^A/ })).toEqual([1])
  expect(ids({ name: /^a/i })).toEqual([1, 3])
  expect(ids({ name: /^a.*B$/is })).toEqual([3])
  expect(ids({ name: { $regex: /^a/, $options: 'i' } })).toEqual([1, 3])
  expect(ids({ name: { $regex: /^a/i, $ne: 'Ada' } })).toEqual([3])
  expect(ids({ name: { $not: /a/ } })).toEqual([2])
  expect(ids({ tags: /^E/ })).toEqual([1])
  expect(ids({ 'home.city': /^O/g })).toEqual([2])
  expect(ids({ $or: [{ name: /^B/ }, { $and: [{ name: /m$/m }] }] })).toEqual([2, 3])
  expect(ids({ home: { $elemMatch: { city: /^L/ } } })).toEqual([1])
  expect(ids({ tags: { $elemMatch: { $regex: /sea/ } } })).toEqual([2])
})

test('a_pattern_asks_wherever_a_request_has_a_filter', () => {
  const collection = people()
  collection.updateOne({ _id: 1 }, { $pull: { tags: /^m/ } } as never)
  expect(collection.get(1)?.tags).toEqual(['Engine'])
  collection.updateOne({ _id: 2 }, { $pull: { home: { city: /^os/i } } } as never, { upsert: true })
  expect(collection.get(2)?.home).toEqual([])
  collection.updateOne({ _id: 1 }, { $set: { 'home.$[h].city': 'L' } }, { arrayFilters: [{ 'h.city': /^Lon/ }] })
  expect(collection.get(1)?.home).toEqual([{ city: 'L' }])
  const { modifiedCount, deletedCount } = collection.bulkWrite([
    { updateMany: { filter: { name: /^A/ }, update: { $pull: { tags: { $regex: /g/ } } } as never } },
    { deleteOne: { filter: { name: /b$/ } } }
  ])
  expect({ modifiedCount, deletedCount }).toEqual({ modifiedCount: 1, deletedCount: 1 })
  expect(collection.findOne({ _id: 1 }, { projection: { home: { $elemMatch: { city: /^L/ } } } })).toEqual({
    _id: 1,
    home: [{ city: 'L' }]
  })
})

test('a_pattern_asks_in_the_pipelines_of_stages', () => {
  const found = [{ $match: { name: /^A/ } }, { $project: { name: 1 } }]
  const last = (stage: object) =>
    people()
      .aggregate([{ $match: { _id: 2 } }, stage, { $project: { name: 1, found: 1 } }] as never)
      .toArray()
      .at(-1)
  expect(last({ $facet: { found } })).toEqual({ found: [] })
  expect(last({ $lookup: { from: 'people', pipeline: found, as: 'found' } })).toMatchObject({
    found: [{ name: 'Ada' }]
  })
  expect(last({ $unionWith: { coll: 'people', pipeline: found } })).toEqual({ _id: 1, name: 'Ada' })
})

test('a_pattern_stands_in_the_operators_of_expressions_that_take_one', () => {
  const collection = people()
  const isA = { $regexMatch: { input: '$name', regex: /^a/i } }
  const ids = [{ _id: 1 }, { _id: 3 }]
  expect(collection.find({ $expr: isA }, { projection: { _id: 1 } }).toArray()).toEqual(ids)
  expect(collection.find({ $and: [{ $expr: { $not: [isA] } }] }, { projection: { _id: 1 } }).toArray()).toEqual([
    { _id: 2 }
  ])
  expect(collection.aggregate([{ $match: { $expr: isA } }, { $project: { _id: 1 } }]).toArray()).toEqual(ids)
  expect(collection.findOne({ _id: 1 }, { projection: { isA, _id: 0 } as never })).toEqual({ isA: true })
  const shown = { $regexFind: { input: '$name', regex: /d./ } }
  const all = { $regexFindAll: { input: '$name', regex: /A/, options: 'i' } }
  const stages = [
    { $match: { _id: 1 } },
    { $set: { shown, list: [isA], count: { $size: all } } },
    { $lookup: { from: 'people', let: { a: isA }, pipeline: [{ $match: { $expr: isA } }], as: 'both' } },
    { $project: { _id: 0, shown: 1, list: 1, count: 1, both: { $size: '$both' } } }
  ]
  expect(collection.aggregate(stages).toArray()).toEqual([
    { shown: { match: 'da', idx: 1, captures: [] }, list: [true], count: 2, both: 2 }
  ])
  collection.updateMany({}, [{ $set: { tags: { $cond: [isA, ['a'], ['b']] } } }])
  expect(
    collection
      .find()
      .toArray()
      .map(({ tags }) => tags)
  ).toEqual([['a'], ['b'], ['a']])
})

test('a_pattern_in_an_expression_has_its_options_once_and_stands_nowhere_else', () => {
  const code = (expression: object) => failure(() => people().countDocuments({ $expr: expression } as never)).code
  expect(code({ $regexMatch: { input: '$name', regex: /a/i, options: 'm' } })).toBe('INVALID_EXPRESSION')
  for (const refused of [
    { $regexMatch: { input: /a/, regex: 'a' } },
    { $regexMatch: { input: '$name', regex: /a/y } },
    { $eq: ['$name', /a/] },
    { $literal: { $regexMatch: { input: '$name', regex: /a/ } } }
  ]) {
    expect([refused, code(refused)]).toEqual([refused, 'UNSUPPORTED_VALUE'])
  }
})

test('a_pattern_asks_in_a_live_query', () => {
  const collection = people()
  using live = collection.liveQuery({ name: /^B/ })
  collection.insertOne({ _id: 7, name: 'Bea' })
  expect(live.documents.map(({ _id }) => _id)).toEqual([2, 7])
})

test('a_pattern_is_refused_where_nothing_is_asked_of_a_field', () => {
  const filters = [
    { tags: { $in: [/x/] } },
    { tags: { $all: [/x/] } },
    { home: { city: /x/ } },
    { tags: [/x/] },
    { name: /x/y }
  ]
  for (const filter of filters) {
    expect(failure(() => people().countDocuments(filter as never)).code).toBe('UNSUPPORTED_VALUE')
  }
  expect(failure(() => people().insertOne({ _id: 9, name: /x/ } as never)).code).toBe('UNSUPPORTED_VALUE')
})

test('a_filter_with_patterns_stays_as_it_was', () => {
  const filter = Object.freeze({
    name: Object.freeze({ $regex: /^a/i }),
    $or: Object.freeze([Object.freeze({ a: /b/ })])
  })
  expect(withPatterns(filter, 'filter')).toEqual({
    name: { $regex: '^a', $options: 'i' },
    $or: [{ a: { $regex: 'b', $options: '' } }]
  })
  expect(people().countDocuments(filter as never)).toBe(0)
})

test('a_filter_that_contains_itself_is_left_to_the_copier', () => {
  const filter: { $and: object[] } = { $and: [] }
  filter.$and.push(filter)
  expect(failure(() => people().countDocuments(filter as never)).code).toBe('UNSUPPORTED_VALUE')
})
