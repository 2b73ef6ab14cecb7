// Random updates for property tests: every operator, over the names and values of documents.ts.
//
// Promises: most updates are valid and touch what documents have; some conflict, have a wrong operand, or change an
// `_id`, for refusals have to agree too. Leaves to others: what they do (judge-update.ts).

import fc, { type Arbitrary } from 'fast-check'
import { condition, document, elementFilter, scalar, value } from './documents.ts'
import type { Fields } from './values.ts'

const PATHS = [
  ...['a', 'a', 'a', 'b', 'b', 'c', 'd', 'a.b', 'a.c', 'a.d', 'b.a', 'a.b.c', 'd.e'],
  ...['a.0', 'a.1', 'a.5', 'b.0', 'a.0.b', 'a.b.0', 'b.1.a']
]
const SELDOM = ['_id', '_id.a', 'a..b', 'a.']

const small = fc.constantFrom<unknown>(0, 1, 7, -2, 0.5, 2 ** 31)

/** Where documents of this file mostly have arrays and numbers. */
const ARRAY_PATHS = ['a', 'a', 'a', 'c.l', 'c.l', 'd', 'c.m']
const NUMBER_PATHS = ['b', 'b', 'b', 'c.n', 'c.n', 'd', 'c.m', 'a.0', 'c.l.1']

const anyPath: Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...PATHS), weight: 60 },
  { arbitrary: fc.constantFrom(...SELDOM), weight: 1 }
)

/** A path at which the operator mostly finds what it can use. */
function pathOf(operator: string): Arbitrary<string> {
  const paths = operator in { $inc: 1, $mul: 1, $bit: 1 } ? NUMBER_PATHS : ARRAY_PATHS
  const isAnywhere = ['$set', '$setOnInsert', '$unset', '$min', '$max', '$rename'].includes(operator)
  return fc.oneof(
    { arbitrary: fc.constantFrom(...paths, ...(isAnywhere ? NUMBER_PATHS : [])), weight: 4 },
    { arbitrary: anyPath, weight: 1 }
  )
}

/** Documents with the ids 0, 1, …, half of them with an array at `a`, a number at `b` and both within `c`. */
export function updatable(count: number): Arbitrary<Fields[]> {
  const list = fc.array(value, { maxLength: 4 })
  const regular = fc.record(
    { a: list, b: fc.oneof(small, scalar), c: fc.record({ n: small, l: list }, { noNullPrototype: true }), e: value },
    { requiredKeys: ['a', 'b'], noNullPrototype: true }
  )
  return fc
    .array(fc.oneof({ arbitrary: regular, weight: 4 }, { arbitrary: document, weight: 1 }), {
      minLength: 1,
      maxLength: count,
      size: 'max'
    })
    .map(all => all.map((fields, index) => ({ _id: index, ...fields })))
}

const number: Arbitrary<unknown> = fc.oneof(
  {
    arbitrary: fc.constantFrom<unknown>(1, 2, -1, 0, 0.5, 10, -3, 2 ** 31, 1e300, Number.NaN, 7n, 2n ** 62n),
    weight: 20
  },
  { arbitrary: scalar, weight: 1 }
)

const few = fc.array(value, { maxLength: 3 })
const direction = fc.constantFrom(1, -1)

const push: Arbitrary<unknown> = fc.oneof(
  value,
  fc.record(
    {
      $each: few,
      $position: fc.constantFrom(0, 1, -1, -9, 9),
      $slice: fc.constantFrom(0, 1, 2, -1, -2, 9, -9),
      $sort: fc.oneof(
        direction,
        fc.dictionary(fc.constantFrom('a', 'b', 'a.b', 'b.0'), direction, {
          minKeys: 1,
          maxKeys: 2,
          noNullPrototype: true
        })
      )
    },
    { requiredKeys: ['$each'], noNullPrototype: true }
  )
)

const bit: Arbitrary<unknown> = fc.oneof(
  {
    arbitrary: fc.dictionary(fc.constantFrom('and', 'or', 'xor'), fc.constantFrom(0, 1, 5, -1, 255, 2 ** 31), {
      minKeys: 1,
      maxKeys: 2,
      noNullPrototype: true
    }),
    weight: 10
  },
  { arbitrary: fc.constantFrom<unknown>({}, { and: 0.5 }, { not: 1 }, 1), weight: 1 }
)

const OPERANDS: Readonly<Record<string, Arbitrary<unknown>>> = {
  $set: value,
  $setOnInsert: value,
  $unset: fc.constantFrom<unknown>('', 1, true),
  $inc: number,
  $mul: number,
  $min: value,
  $max: value,
  $rename: fc.oneof({ arbitrary: anyPath, weight: 20 }, { arbitrary: fc.constantFrom<unknown>(1, null), weight: 1 }),
  $push: push,
  $addToSet: fc.oneof(
    value,
    few.map(each => ({ $each: each }))
  ),
  $pop: fc.oneof({ arbitrary: direction, weight: 20 }, { arbitrary: fc.constantFrom<unknown>(0, 2, 'x'), weight: 1 }),
  $pull: fc.oneof(value, condition, elementFilter),
  $pullAll: fc.oneof({ arbitrary: few, weight: 20 }, { arbitrary: scalar, weight: 1 }),
  $bit: bit
}

const change: Arbitrary<Fields> = fc
  .constantFrom(...Object.keys(OPERANDS))
  .chain(operator =>
    fc
      .tuple(pathOf(operator), OPERANDS[operator] ?? value)
      .map(([path, operand]) => ({ [operator]: { [path]: operand } }))
  )

/** An update of one or two changes. */
export const update: Arbitrary<Fields> = fc.array(change, { minLength: 1, maxLength: 2 }).map(changes => {
  const all: Record<string, Fields> = {}
  for (const change of changes) {
    for (const [operator, paths] of Object.entries(change)) all[operator] = { ...all[operator], ...(paths as Fields) }
  }
  return all
})

/** An update whose paths name elements, with what the names stand for. */
export interface Positional {
  readonly update: Fields
  readonly arrayFilters: readonly Fields[]
}

/** No two of them select elements of elements: what meets there conflicts by rules of its own (update::tests). */
const POSITIONAL_PATHS = [
  'a.$[]',
  'a.$[x]',
  'a.$[x]',
  'a.$[x].b',
  'a.$[].b',
  'a.$[y]',
  'c.l.$[]',
  'c.l.$[x]',
  'b.$[]',
  'd.$[x]'
]

const arrayFilter = (name: string): Arbitrary<Fields> =>
  fc.oneof(
    fc.oneof(value, condition).map(asked => ({ [name]: asked })),
    fc.oneof(scalar, condition).map(asked => ({ [`${name}.b`]: asked })),
    fc.tuple(scalar, scalar).map(([one, other]) => ({ $or: [{ [name]: one }, { [name]: other }] }))
  )

const positionalChange: Arbitrary<[string, string, unknown]> = fc
  .constantFrom('$set', '$set', '$unset', '$inc', '$mul', '$max', '$push', '$pull', '$addToSet', '$pop')
  .chain(operator => fc.tuple(fc.constant(operator), fc.constantFrom(...POSITIONAL_PATHS), OPERANDS[operator] ?? value))

/** One or two changes of elements, mostly with exactly the filters that their paths name. */
export const positional: Arbitrary<Positional> = fc
  .tuple(fc.array(positionalChange, { minLength: 1, maxLength: 2 }), arrayFilter('x'), arrayFilter('y'), fc.nat(20))
  .map(([changes, x, y, oddity]) => {
    const update: Record<string, Fields> = {}
    for (const [operator, path, operand] of changes) update[operator] = { ...update[operator], [path]: operand }
    const names = Object.values(update)
      .flatMap(paths => Object.keys(paths))
      .join(' ')
    const named = [...(names.includes('$[x]') ? [x] : []), ...(names.includes('$[y]') ? [y] : [])]
    return { update, arrayFilters: oddity === 0 ? [x] : named }
  })

/** One question that a filter asks of the elements of the array `a`, such that `$` stands for one. */
export const elementQuestion: Arbitrary<Fields> = fc.oneof(
  scalar.map(each => ({ a: each })),
  fc
    .tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte', '$eq'), scalar)
    .map(([operator, each]) => ({ a: { [operator]: each } })),
  scalar.map(each => ({ 'a.b': each })),
  scalar.map(each => ({ a: { $elemMatch: { b: each } } })),
  scalar.map(each => ({ a: { $elemMatch: { $gte: each } } }))
)
