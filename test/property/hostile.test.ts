// Filters, updates and documents made to break things: each is refused with a stable code, or does bounded work.
//
// Promises: nothing here is measured in time; the guard of each test only tells a hang from slowness. Where work is
// bounded, its growth is compared with that of a plain query. Leaves to others: damaged bytes (engine, bad_input.rs).

import { type Collection, type Filter, QuireError, type QuireErrorCode } from 'quiredb'
import { expect, test } from 'vitest'
import { opened } from '../unit/temporary.ts'

type Anything = Record<string, unknown> & { _id: number }
type Documents = Collection<Anything>

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** `value` wrapped `count` times. */
function nested(count: number, wrap: (inner: unknown) => unknown, value: unknown): never {
  return range(count).reduce<unknown>(inner => wrap(inner), value) as never
}

function documents(count = 100): Documents {
  const collection: Documents = opened().collection('hostile')
  collection.insertMany(
    range(count).map(index => ({ _id: index, a: index % 7, s: `${'a'.repeat(30)}!`, l: [1, [2, [3]]] }))
  )
  return collection
}

/** The code that a call fails with; what it returns when it does not. */
function outcome(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (error instanceof QuireError) return error.code
    throw error
  }
}

const find = (filter: unknown) => outcome(() => documents().countDocuments(filter as Filter<Anything>))
const update = (change: unknown) => outcome(() => documents().updateOne({ _id: 1 }, change as never).modifiedCount)

test('deep_nesting_is_refused_at_its_bound', () => {
  expect(find(nested(10_000, inner => ({ $and: [inner] }), { a: 1 }))).toBe('UNSUPPORTED_VALUE')
  expect(find(nested(200, inner => ({ $not: inner }), 1))).toBe('UNSUPPORTED_VALUE')
  expect(find({ a: nested(200, inner => [inner], 1) })).toBe('UNSUPPORTED_VALUE')
  expect(find({ $expr: nested(200, inner => ({ $not: [inner] }), '$a') })).toBe('UNSUPPORTED_VALUE')
  expect(find({ [Array(101).fill('a').join('.')]: 1 })).toBe('INVALID_FILTER')
  expect(find({ [`l${'.0'.repeat(9)}`]: 1 })).toBe('INVALID_FILTER')
  expect(update({ $set: { [Array(101).fill('a').join('.')]: 1 } })).toBe('INVALID_UPDATE')
  expect(find(nested(48, inner => ({ $and: [inner] }), { a: 1 }))).toBe(15)
  expect(find({ l: nested(97, inner => ({ $elemMatch: inner }), { $eq: 1 }) })).toBe(0)
})

test('too_many_conditions_are_refused', () => {
  const many = Object.fromEntries(range(100_000).map(index => [`k${index}`, 1]))
  expect(find({ $or: range(1_000_000).map(a => ({ a })) })).toBe('INVALID_FILTER')
  expect(find(many)).toBe('INVALID_FILTER')
  expect(find({ l: { $all: range(100_000) } })).toBe('INVALID_FILTER')
  expect(find(nested(14, inner => ({ $or: [inner, inner] }), { a: 1 }))).toBe('INVALID_FILTER')
  expect(find({ $expr: { $and: range(100_000).map(() => '$a') } })).toBe('INVALID_EXPRESSION')
  expect(update({ $set: many })).toBe('INVALID_UPDATE')
  expect(find({ $or: range(4_000).map(a => ({ a: a + 7 })) })).toBe(0)
})

test('a_regular_expression_takes_no_more_than_linear_time', () => {
  const refused = ['a'.repeat(1 << 20), '(((a{1000}){1000}){1000})', '(?=a)b', '(a)\\1', 'a++', '(?>a)', '(']
  for (const $regex of refused) expect(find({ s: { $regex } })).toBe('INVALID_FILTER')
  expect(find({ $or: range(257).map(index => ({ s: { $regex: `x${index}` } })) })).toBe('INVALID_FILTER')
  const collection: Documents = opened().collection('long')
  collection.insertOne({ _id: 1, s: `${'a'.repeat(10_000_000)}!` })
  for (const $regex of ['(a+)+$', '(a|aa)+$', '(a|a?)+$', '(.*a){20}$', '([a-zA-Z]+)*$', '(a?){500}b$'])
    expect([0, 1]).toContain(collection.countDocuments({ s: { $regex } }))
})

test('expressions_make_and_look_at_no_more_than_their_bounds', () => {
  const loop = (inner: unknown) => ({
    $reduce: { input: { $range: ['$_id', 3000] }, initialValue: 0, in: { $add: ['$$value', inner] } }
  })
  const twice = { $concatArrays: ['$$value', '$$value'] }
  const cases = [
    { $size: { $range: ['$_id', 1_000_000_000] } },
    { $size: { $reduce: { input: { $range: ['$_id', 60] }, initialValue: [1], in: twice } } },
    nested(5, loop, '$a'),
    nested(5, inner => ({ $size: { $map: { input: { $range: ['$_id', 3000] }, in: inner } } }), '$a'),
    nested(5, inner => ({ $size: { $filter: { input: { $range: ['$_id', 3000] }, cond: { $lt: [inner, 0] } } } }), '$a')
  ]
  for (const expression of cases)
    expect(find({ _id: { $lt: 1 }, $expr: { $eq: [expression, -1] } })).toBe('LIMIT_EXCEEDED')
})

test('a_long_list_costs_no_more_per_document_than_a_short_one', () => {
  const long = range(300_000).map(index => index + 10)
  expect(find({ a: { $in: long } })).toBe(0)
  expect(find({ a: { $nin: long } })).toBe(100)
  expect(find({ _id: { $in: range(300_000) } })).toBe(100)
  expect(find({ a: { $in: range(100_000).map(x => ({ x })) } })).toBe(0)
  expect(find({ a: { $bitsAllSet: range(10_000) } })).toBe(0)
})

test('long_texts_and_names_are_only_long', () => {
  const long = 'x'.repeat(10_000_000)
  expect(find({ s: long })).toBe(0)
  expect(find({ s: { $gt: long } })).toBe(0)
  expect(find({ [long]: 1 })).toBe(0)
  expect(update({ $set: { s: long } })).toBe(1)
  expect(update({ $set: { s: long.repeat(2) } })).toBe('DOCUMENT_TOO_LARGE')
  expect(update({ $set: { 'l.2000000': 1 } })).toBe('INVALID_UPDATE')
  expect(update({ $push: { l: { $each: range(100_000), $sort: -1, $slice: 3 } } })).toBe(1)
})

test('what_contains_itself_is_refused', () => {
  const map: Record<string, unknown> = { a: 1 }
  map['b'] = map
  const list: unknown[] = [1]
  list.push({ list })
  expect(find(map)).toBe('UNSUPPORTED_VALUE')
  expect(find({ a: { $in: list } })).toBe('UNSUPPORTED_VALUE')
  expect(update({ $set: { a: list } })).toBe('UNSUPPORTED_VALUE')
})

test('an_array_of_holes_is_refused_before_it_is_walked', () => {
  expect(find({ a: new Array(2 ** 32 - 1) })).toBe('UNSUPPORTED_VALUE')
  expect(update({ $set: { a: Object.assign([], { 4000000000: 1 }) } })).toBe('UNSUPPORTED_VALUE')
})

test('a_getter_that_throws_or_comes_back_leaves_everything_sound', () => {
  const collection = documents()
  const throwing = {
    get a(): number {
      throw new RangeError('no a')
    }
  }
  expect(() => collection.countDocuments(throwing)).toThrow(RangeError)
  expect(() => collection.insertOne({ x: 1, inner: throwing } as never)).toThrow(RangeError)
  expect(() => collection.countDocuments(new Proxy({}, { ownKeys: () => ['a', 'a'] }))).toThrow(TypeError)
  const returning = {
    get a(): unknown {
      return collection.findOne({ _id: 3 })?.['a']
    }
  }
  expect(collection.countDocuments(returning as never)).toBe(14)
  expect(collection.countDocuments({ a: 3 })).toBe(14)
})

test('names_of_the_language_are_names_like_others', () => {
  const own = JSON.parse('{"__proto__": {"polluted": true}}')
  expect(find(own)).toBe('UNSUPPORTED_VALUE')
  expect(update({ $set: { a: own } })).toBe('UNSUPPORTED_VALUE')
  const collection = documents()
  const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'length', 'then', 'toJSON']
  for (const name of names) expect(collection.countDocuments({ [name]: { $exists: true } })).toBe(0)
  collection.updateOne({ _id: 1 }, {
    $set: { 'constructor.prototype.polluted': true, '__proto__.polluted': true }
  } as never)
  collection.updateOne({ _id: 1 }, { $rename: { a: 'toString' } } as never)
  const document = collection.get(1) as Anything
  expect(document['constructor']).toEqual({ prototype: { polluted: true } })
  expect(collection.countDocuments({ toString: 1 } as never)).toBe(1)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(Object.getPrototypeOf(document)).toBe(Object.prototype)
})

test('a_refused_query_changes_nothing_and_the_next_one_runs', () => {
  const collection = documents()
  const before = collection.find().toArray()
  const codes: QuireErrorCode[] = ['INVALID_FILTER', 'INVALID_UPDATE', 'UNSUPPORTED_VALUE']
  expect(codes).toContain(outcome(() => collection.updateMany({ $or: [] } as never, { $set: { a: 1 } })))
  expect(codes).toContain(outcome(() => collection.updateMany({}, { $inc: { s: 1 } } as never)))
  expect(codes).toContain(outcome(() => collection.deleteMany({ a: { $unknown: 1 } } as never)))
  expect(collection.find().toArray()).toEqual(before)
})
