// Queries with options: projections, sort orders, hints, counts and explanations, by every way that takes them.
import { expect, test } from 'vitest'
import type { Collection, Sort } from '../../src/index.ts'
import { failure, opened } from './temporary.ts'

interface City {
  _id: number
  name: string
  country: string
  people: number
}

const COUNTRIES = ['DE', 'FR', 'IN']

function cities(): Collection<City> {
  const cities = opened().collection<City>('cities')
  const all = Array.from({ length: 500 }, (_, _id) => ({
    _id,
    name: `City ${_id}`,
    country: COUNTRIES[_id % 3] as string,
    people: (_id * 7919) % 500
  }))
  cities.insertMany(all)
  return cities
}

const people = (list: Iterable<{ people: number }>) => [...list].map(city => city.people)

test.each<Sort<City>>([
  'people',
  { people: 1 },
  { people: 'asc' },
  [['people', 'ascending']],
  new Map([['people', 1 as const]])
])('%o_is_a_sort_order', sort => {
  const all = cities()
  const upward = Array.from({ length: 500 }, (_, n) => n)
  expect(people(all.find({}, { sort }))).toEqual(upward)
  expect(people(all.find().sort(sort))).toEqual(upward)
})

test('options_and_methods_ask_for_the_same', async () => {
  const all = cities()
  const options = { sort: { country: -1, people: 1 }, skip: 2, limit: 5 } as const
  const wanted = all
    .find()
    .toArray()
    .sort((a, b) => (a.country < b.country ? 1 : a.country > b.country ? -1 : a.people - b.people))
    .slice(2, 7)
  expect(all.find({}, options).toArray()).toEqual(wanted)
  expect(all.find().sort(options.sort).skip(2).limit(5).toArray()).toEqual(wanted)
  expect(await all.async.find({}, options).toArray()).toEqual(wanted)
  expect(await all.async.find().sort(options.sort).skip(2).limit(5).toArray()).toEqual(wanted)
  expect(all.findOne({}, { sort: options.sort, skip: 2 })).toEqual(wanted[0])
  expect(await all.async.findOne({}, { sort: options.sort, skip: 2 })).toEqual(wanted[0])
})

test('projections_come_in_every_batch', async () => {
  const all = cities()
  const wanted = Array.from({ length: 500 }, (_, n) => ({ name: `City ${n}` }))
  expect(all.find({}, { projection: { name: 1, _id: 0 } }).toArray()).toEqual(wanted)
  expect([...all.find().project({ name: 1, _id: 0 })]).toEqual(wanted)
  expect(await all.async.find().project({ name: 1, _id: 0 }).toArray()).toEqual(wanted)
  expect(all.findOne({ _id: 3 }, { projection: { country: 1 } })).toEqual({ _id: 3, country: 'DE' })
  const inside = opened().transaction(tx => {
    const some = tx.collection<City>('some')
    some.insertOne({ _id: 1, name: 'Ulm', country: 'DE', people: 5 })
    return some.find({}, { projection: { people: 1, _id: 0 }, sort: { people: 1 } }).toArray()
  })
  expect(inside).toEqual([{ people: 5 }])
})

test('a_cursor_can_be_sorted_and_left', () => {
  const all = cities()
  const cursor = all.find({}, { sort: { people: -1 } })
  expect([cursor.next()?.people, cursor.next()?.people]).toEqual([499, 498])
  for (const city of cursor) {
    expect(city.people).toBe(497)
    break
  }
  expect(cursor.closed).toBe(true)
})

test('counts_take_skip_limit_and_hint', async () => {
  const all = cities()
  expect(all.countDocuments({ country: 'DE' })).toBe(167)
  expect(all.countDocuments({ country: 'DE' }, { skip: 100 })).toBe(67)
  expect(all.countDocuments({ country: 'DE' }, { skip: 100, limit: 10 })).toBe(10)
  expect(all.countDocuments({}, { skip: 499 })).toBe(1)
  expect(await all.async.countDocuments({}, { limit: 3, hint: { $natural: 1 } })).toBe(3)
})

test('explain_tells_the_plan_and_what_was_read', async () => {
  const all = cities()
  const cursor = all.find({ people: { $lt: 10 } }).sort({ people: 1 })
  const { queryPlanner, executionStats } = cursor.explain()
  expect(queryPlanner.namespace).toBe('cities')
  expect(queryPlanner.winningPlan).toMatchObject({ stage: 'SORT', inputStage: { stage: 'COLLSCAN' } })
  expect(executionStats).toMatchObject({ nReturned: 10, totalDocsExamined: 500, totalKeysExamined: 0 })
  expect(cursor.toArray()).toHaveLength(10)
  const byId = await all.async.find({ _id: 5 }).explain()
  expect(byId.queryPlanner.winningPlan).toMatchObject({ stage: 'FETCH', inputStage: { stage: 'IDHACK' } })
})

test('what_an_index_tells_is_read_from_no_document', async () => {
  const all = cities()
  all.createIndex({ country: 1, people: 1 })
  const names = all.find({ country: 'IN' }).project({ country: 1 }).hint({ country: 1, people: 1 })
  const { queryPlanner, executionStats } = names.explain()
  expect(queryPlanner.winningPlan).toMatchObject({ stage: 'PROJECTION_COVERED', inputStage: { stage: 'IXSCAN' } })
  expect(executionStats).toMatchObject({ nReturned: 166, totalDocsExamined: 0, totalKeysExamined: 166 })
  const wanted = all.find({ country: 'IN' }).toArray()
  expect(names.toArray()).toEqual(expect.arrayContaining(wanted.map(({ _id, country }) => ({ _id, country }))))
  const ids = all.async.find({ country: { $gt: 'DE' } }, { projection: { _id: 1 } })
  expect((await ids.explain()).executionStats).toMatchObject({ nReturned: 333, totalDocsExamined: 0 })
  expect(await ids.toArray()).toHaveLength(333)
  const numbers = all.find(
    { country: 'IN' },
    { projection: { people: 1, _id: 0 }, sort: { people: 1 }, hint: 'country_1_people_1' }
  )
  expect(numbers.explain().executionStats.totalDocsExamined).toBe(166)
  expect(people(numbers as Iterable<{ people: number }>)).toEqual(
    wanted.map(({ people }) => people).sort((a, b) => a - b)
  )
})

test('wrong_options_are_refused_by_name', async () => {
  const all = cities()
  const code = (call: () => unknown) => failure(call).code
  expect(code(() => all.find({}, { order: 1 } as never))).toBe('INVALID_ARGUMENT')
  expect(code(() => all.findOne({}, { limit: 1 } as never))).toBe('INVALID_ARGUMENT')
  expect(code(() => all.countDocuments({}, { sort: { people: 1 } } as never))).toBe('INVALID_ARGUMENT')
  expect(code(() => all.find({}, { sort: 5 as never }))).toBe('INVALID_SORT')
  expect(code(() => all.find({}, { sort: { people: 'up' as never } }).toArray())).toBe('INVALID_SORT')
  expect(code(() => all.find({}, { projection: { a: 1, b: 0 } as never }).toArray())).toBe('INVALID_PROJECTION')
  expect(code(() => all.find().hint('people_1').toArray())).toBe('INDEX_NOT_FOUND')
  expect(code(() => all.find().hint({ $natural: -1 }).toArray())).toBe('INVALID_ARGUMENT')
  const read = all.find()
  read.next()
  for (const change of [() => read.sort('people'), () => read.project({ people: 1 }), () => read.hint('x')]) {
    expect(code(change)).toBe('INVALID_ARGUMENT')
  }
  await expect(all.async.find().hint('people_1').toArray()).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' })
})

test('a_projection_is_an_object_and_no_array_of_paths', () => {
  const collection = cities()
  const listed = ['name'] as never
  for (const ask of [
    () => collection.find({}, { projection: listed }).toArray(),
    () => collection.find().project(listed).toArray(),
    () => collection.findOne({}, { projection: listed })
  ]) {
    const { code, message } = failure(ask)
    expect(code).toBe('INVALID_PROJECTION')
    expect(message).toMatch(/not an array of paths/)
  }
})
