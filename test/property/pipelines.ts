// Random documents and pipelines for the property test of aggregations, over few names and few values.
//
// Promises: every pipeline is a valid one whose results are determined, also in their order. What mingo is known to
// answer other than MongoDB's manual is not generated; aggregate.test.ts lists it. Leaves to others: answers (mingo).

import fc, { type Arbitrary } from 'fast-check'
import type { PipelineStage } from 'quiredb'
import type { Fields } from './values.ts'

/** Paths, of which `c` leads to scalars only. */
const PATHS = ['a', 'a', 'b', 'b', 'c', 'a.b', 'b.a', 'none']
const NAMES = ['a', 'b', 'c']
const FEW = { maxLength: 3 }

const path = fc.constantFrom(...PATHS)
const number = fc.constantFrom(0, 1, 2, 3, 5, 64, 300, -1, -3, 0.5, 1.5, 2 ** 31)
const text = fc.constantFrom('', 'a', 'b', 'ab', 'é', 'A')
const date = fc.constantFrom(new Date(0), new Date(1), new Date(1_600_000_000_000))

const scalar: Arbitrary<unknown> = fc.oneof(
  { arbitrary: number, weight: 6 },
  { arbitrary: text, weight: 3 },
  { arbitrary: fc.boolean(), weight: 1 },
  { arbitrary: date, weight: 1 },
  { arbitrary: fc.constant(null), weight: 1 }
)

function fields(value: Arbitrary<unknown>, maxKeys: number): Arbitrary<Fields> {
  return fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys, noNullPrototype: true })
}

const value: Arbitrary<unknown> = fc.oneof(
  { arbitrary: scalar, weight: 6 },
  { arbitrary: fc.array(scalar, FEW), weight: 2 },
  { arbitrary: fields(scalar, 2), weight: 2 },
  { arbitrary: fc.array(fields(scalar, 2), FEW), weight: 1 }
)

/** Documents with the ids 0, 1, …. */
export const collection: Arbitrary<Fields[]> = fc
  .array(fc.tuple(fields(value, 3), fc.option(scalar, { nil: undefined })), { maxLength: 12, size: 'max' })
  .map(all =>
    all.map(([{ c: _, ...fields }, c], index) => ({ _id: index, ...fields, ...(c === undefined ? {} : { c }) }))
  )

const field = path.map(path => `$${path}`)

/** An expression that gives a value for every document. */
const expression: Arbitrary<unknown> = fc.oneof(
  field,
  number.map($literal => ({ $literal })),
  field.map(field => ({ $ifNull: [field, 0] })),
  fc.tuple(field, text).map(([field, text]) => ({ $cond: [{ $isArray: field }, text, field] })),
  field.map(field => ({ $isArray: field })),
  field.map(field => ({ $cond: [{ $isArray: field }, { $size: { $ifNull: [field, []] } }, -1] }))
)

const topPath = fc.constantFrom('a', 'b', 'c', '_id', 'n')
const condition: Arbitrary<unknown> = fc.oneof(
  scalar,
  number.map(number => ({ $gt: number })),
  number.map(number => ({ $lte: number })),
  fc.array(scalar, { minLength: 1, maxLength: 3 }).map(list => ({ $in: list })),
  fc.boolean().map(truth => ({ $exists: truth })),
  scalar.map(scalar => ({ $ne: scalar }))
)
const filter: Arbitrary<Fields> = fc.oneof(
  fc.dictionary(topPath, condition, { maxKeys: 2, noNullPrototype: true }),
  fc.tuple(topPath, condition, topPath, condition).map(([one, first, other, second]) => ({
    $or: [{ [one]: first }, { [other]: second }]
  })),
  number.map(number => ({ $expr: { $eq: [{ $ifNull: ['$c', 0] }, number] } }))
)

const accumulator: Arbitrary<unknown> = fc.oneof(
  fc.constant({ $sum: 1 }),
  fc.constant({ $count: {} }),
  fc.tuple(fc.constantFrom('$sum', '$avg'), field).map(([name, field]) => ({ [name]: field })),
  fc.constantFrom('$min', '$max').map(name => ({ [name]: '$c' })),
  field.map(field => ({ $push: { $ifNull: [field, 'none'] } })),
  fc.tuple(fc.constantFrom('$first', '$last'), expression).map(([name, expression]) => ({ [name]: expression }))
)
const outputs = fc.dictionary(fc.constantFrom('n', 'm', 's'), accumulator, { maxKeys: 3, noNullPrototype: true })
const groupKey: Arbitrary<unknown> = fc.oneof(
  field,
  fc.constant(null),
  fc.tuple(field, field).map(([one, other]) => ({ x: one, y: other })),
  field.map(field => ({ $ifNull: [field, 'none'] }))
)

/** Paths of which none leads through another one. */
const apart = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'n'), { minLength: 1, maxLength: 2 })

/** The same without the field of scalars. */
const others = fc.uniqueArray(fc.constantFrom('a', 'b', 'n'), { minLength: 1, maxLength: 2 })

function all(names: readonly string[], value: unknown): Fields {
  return Object.fromEntries(names.map(name => [name, value]))
}

const name = fc.constantFrom('a', 'b')
const direction = fc.constantFrom(1, -1)

/** Sorts by a scalar that is there: mingo orders others by themselves. */
function sorted(direction: number): PipelineStage[] {
  return [{ $set: { k: { $ifNull: ['$c', 0] } } }, { $sort: { k: direction } }]
}

/** One stage, or two where mingo is right about a kind of value only. */
const simple: Arbitrary<PipelineStage[]> = fc.oneof(
  { arbitrary: filter.map($match => [{ $match }]), weight: 4 },
  { arbitrary: direction.map(sorted), weight: 2 },
  { arbitrary: fc.nat(3).map($skip => [{ $skip }]), weight: 1 },
  { arbitrary: fc.integer({ min: 1, max: 6 }).map($limit => [{ $limit }]), weight: 1 },
  { arbitrary: apart.map(names => [{ $project: all(names, 1) }]), weight: 1 },
  { arbitrary: apart.map(names => [{ $project: all(names, 0) }]), weight: 1 },
  { arbitrary: fc.tuple(apart, expression).map(([names, x]) => [{ $project: { ...all(names, 1), x } }]), weight: 2 },
  { arbitrary: fc.tuple(others, expression).map(([names, x]) => [{ $set: all(names, x) }]), weight: 2 },
  { arbitrary: apart.map($unset => [{ $unset }]), weight: 1 },
  { arbitrary: name.map(name => [{ $match: { [name]: { $type: 'array' } } }, { $unwind: `$${name}` }]), weight: 2 },
  { arbitrary: fc.tuple(groupKey, outputs).map(([_id, outputs]) => [{ $group: { _id, ...outputs } }]), weight: 4 },
  { arbitrary: fc.tuple(field, field).map(([x, y]) => [{ $replaceWith: { x, a: y } }]), weight: 1 }
)

const joining: Arbitrary<PipelineStage[]> = fc.oneof(
  fc
    .constantFrom('c', '_id')
    .map(foreignField => [{ $lookup: { from: 'other', localField: 'c', foreignField, as: 'o' } }]),
  simple.map(stages => [
    {
      $lookup: {
        from: 'other',
        let: { v: { $ifNull: ['$c', 0] } },
        pipeline: [{ $match: { $expr: { $eq: ['$_id', '$$v'] } } }, ...stages],
        as: 'o'
      }
    }
  ]),
  simple.map(pipeline => [{ $unionWith: { coll: 'other', pipeline } }]),
  fc.tuple(simple, simple).map(([x, y]) => [{ $facet: { x, y } }])
)

/** Pipelines of one to four stages, some of them double. */
export const pipeline: Arbitrary<PipelineStage[]> = fc
  .array(fc.oneof({ arbitrary: simple, weight: 5 }, { arbitrary: joining, weight: 1 }), { minLength: 1, maxLength: 4 })
  .map(stages => stages.flat())
