// Random documents and filters for property tests, over few names and few values so that matches happen.
//
// Promises: every filter is a valid one; every document can be stored, and numbers, texts, dates, bytes, maps, arrays
// and arrays of documents all occur, empty ones too. Leaves to others: what they mean (judge.ts).

import fc, { type Arbitrary } from 'fast-check'
import type { Fields } from './values.ts'

const NUMBERS: readonly unknown[] = [
  ...[0, 1, 1, 2, 2, 3, 5, -1, -3, 64, 300, 0.5, -0.5, 1.5, -0, Number.NaN, Number.POSITIVE_INFINITY],
  ...[Number.NEGATIVE_INFINITY, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, 1e300]
]
/** Seldom: where mingo meets one in a filter it throws, and the pair says nothing of mingo. */
const BIGINTS = [2n ** 53n + 1n, 2n ** 63n, -(2n ** 63n), 7n]
const TEXTS = ['', 'a', 'a', 'b', 'ab', 'abc', 'A', 'a.b', 'a\nb', 'é', '\uffee', '\u{1d11e}', '$a']
const OTHERS: readonly unknown[] = [
  ...[null, null, true, false, new Date(0), new Date(1), new Date(-1), new Date(1_600_000_000_000)],
  ...[Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(0, 1), Uint8Array.of(255)]
]
const NAMES = ['a', 'a', 'b', 'b', 'c', '0']
const PATHS = [
  ...['a', 'a', 'a', 'b', 'b', 'c', 'a.b', 'a.b', 'a.c', 'b.a', 'a.b.c', 'b.b.b'],
  ...['a.0', 'a.1', 'b.0', 'a.0.b', 'a.b.0', 'a.0.0', '_id', 'none', 'a.none']
]
const TYPES: readonly unknown[] = [
  ...['double', 'string', 'object', 'array', 'binData', 'bool', 'date', 'null', 'int', 'long', 'number', 'regex'],
  ...[1, 2, 3, 4, 8, 10, 16, 18]
]
/** Patterns that read the same in JavaScript and in MongoDB's dialect, on the texts above. */
const PATTERNS = ['^a', 'b$', 'a.b', '^ab?c?$', '[a-c]', '^$', '(a|b)+', 'A', '\\.', 'é']

/** The size of an array of what is generated inside of filters and documents. */
const FEW = { maxLength: 3 }

/** A value that holds no others. */
export const scalar: Arbitrary<unknown> = fc.oneof(
  { arbitrary: fc.constantFrom(...NUMBERS), weight: 100 },
  { arbitrary: fc.constantFrom(...TEXTS), weight: 60 },
  { arbitrary: fc.constantFrom(...OTHERS), weight: 40 },
  { arbitrary: fc.constantFrom(...BIGINTS), weight: 1 }
)

function fields(value: Arbitrary<unknown>): Arbitrary<Fields> {
  return fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 3, noNullPrototype: true })
}

/** A value of any type, nested up to three levels. */
export const value: Arbitrary<unknown> = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { arbitrary: scalar, weight: 4 },
    { arbitrary: fc.array(scalar, FEW), weight: 1 },
    { arbitrary: fc.array(fields(tie('value')), FEW), weight: 1 },
    { arbitrary: fc.array(tie('value'), FEW), weight: 1 },
    { arbitrary: fields(tie('value')), weight: 2 }
  )
})).value

/** A document without its `_id`. */
export const document: Arbitrary<Fields> = fc
  .tuple(fields(value), fields(value))
  .map(([some, others]) => ({ ...some, ...others }))

/** Documents with the ids 0, 1, …. */
export function documents(count: number): Arbitrary<Fields[]> {
  return fc
    .array(document, { minLength: 1, maxLength: count, size: 'max' })
    .map(all => all.map((fields, index) => ({ _id: index, ...fields })))
}

/** A value that is no map of operators. */
const operand = value

const bits: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(0, 1, 2, 3, 5, 64, 300, 2 ** 31, Uint8Array.of(1), Uint8Array.of(0, 1)),
  fc.uniqueArray(fc.constantFrom(0, 1, 2, 6, 8, 33, 63, 70), FEW)
)

/** One operator with its operand; `$regex` comes with options. */
const simpleOperator: Arbitrary<Fields> = fc
  .oneof(
    { arbitrary: fc.tuple(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte'), operand), weight: 6 },
    { arbitrary: fc.tuple(fc.constantFrom('$in', '$nin'), fc.array(operand, FEW)), weight: 2 },
    { arbitrary: fc.tuple(fc.constant('$all'), fc.array(operand, { minLength: 1, maxLength: 2 })), weight: 1 },
    { arbitrary: fc.tuple(fc.constant('$exists'), fc.boolean()), weight: 1 },
    {
      arbitrary: fc.tuple(
        fc.constant('$type'),
        fc.oneof(fc.constantFrom(...TYPES), fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 2 }))
      ),
      weight: 1
    },
    {
      arbitrary: fc.tuple(fc.constant('$mod'), fc.tuple(fc.constantFrom(1, 2, 3, -2, 2.5), fc.constantFrom(0, 1, -1))),
      weight: 1
    },
    { arbitrary: fc.tuple(fc.constant('$size'), fc.nat(3)), weight: 1 },
    {
      arbitrary: fc.tuple(fc.constantFrom('$bitsAllSet', '$bitsAllClear', '$bitsAnySet', '$bitsAnyClear'), bits),
      weight: 1
    }
  )
  .map(([operator, operand]) => ({ [operator]: operand }))

const pattern: Arbitrary<Fields> = fc.oneof(
  fc.record({ $regex: fc.constantFrom(...PATTERNS) }),
  fc.record({ $regex: fc.constantFrom(...PATTERNS), $options: fc.constantFrom('', 'i', 's', 'is') })
)

const path: Arbitrary<string> = fc.constantFrom(...PATHS)

const expressionLeaf: Arbitrary<unknown> = fc.oneof(
  { arbitrary: fc.constantFrom('$a', '$a', '$b', '$c', '$a.b', '$_id', '$none'), weight: 3 },
  { arbitrary: scalar.map(each => ({ $literal: each })), weight: 2 },
  { arbitrary: fc.constantFrom(0, 1, 2, true, null), weight: 1 }
)

/** An expression that fails on no document. */
const expression: Arbitrary<unknown> = fc.letrec<{ expression: unknown }>(tie => {
  const pair = fc.tuple(tie('expression'), tie('expression'))
  const operator = (name: Arbitrary<string>, operand: Arbitrary<unknown>) =>
    fc.tuple(name, operand).map(([name, operand]) => ({ [name]: operand }))
  return {
    expression: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      { arbitrary: expressionLeaf, weight: 3 },
      { arbitrary: operator(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$cmp'), pair), weight: 5 },
      { arbitrary: operator(fc.constantFrom('$and', '$or', '$ifNull'), pair), weight: 2 },
      { arbitrary: operator(fc.constantFrom('$not', '$isArray'), fc.tuple(tie('expression'))), weight: 2 },
      {
        arbitrary: operator(fc.constant('$cond'), fc.tuple(tie('expression'), tie('expression'), tie('expression'))),
        weight: 1
      },
      { arbitrary: operator(fc.constant('$in'), fc.tuple(tie('expression'), fc.array(expressionLeaf, FEW))), weight: 1 }
    )
  }
}).expression

interface Grammar {
  operators: Fields
  filter: Fields
}

const grammar = fc.letrec<Grammar>(tie => ({
  operators: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { arbitrary: simpleOperator, weight: 8 },
    { arbitrary: pattern, weight: 1 },
    { arbitrary: fc.tuple(simpleOperator, simpleOperator).map(([one, two]) => ({ ...one, ...two })), weight: 2 },
    { arbitrary: tie('operators').map(operators => ({ $not: operators })), weight: 1 },
    {
      arbitrary: fc
        .oneof(tie('operators'), tie('filter'))
        .map(inner => ({ $elemMatch: withoutExpression(inner as Fields) })),
      weight: 2
    },
    {
      arbitrary: fc
        .array(tie('operators'), { minLength: 1, maxLength: 2 })
        .map(all => ({ $all: all.map(each => ({ $elemMatch: withoutExpression(each as Fields) })) })),
      weight: 1
    }
  ),
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { arbitrary: fieldCondition(tie), weight: 8 },
    {
      arbitrary: fc.tuple(fieldCondition(tie), fieldCondition(tie)).map(([one, two]) => ({ ...one, ...two })),
      weight: 3
    },
    { arbitrary: expression.map(inner => ({ $expr: inner })), weight: 1 },
    {
      arbitrary: fc
        .tuple(fc.constantFrom('$and', '$or', '$or', '$nor'), fc.array(tie('filter'), { minLength: 1, maxLength: 3 }))
        .map(([operator, branches]) => ({ [operator]: branches })),
      weight: 3
    }
  )
}))

function fieldCondition(tie: (key: 'operators') => Arbitrary<unknown>): Arbitrary<Fields> {
  return fc
    .tuple(path, fc.oneof(operand, tie('operators'), tie('operators')))
    .map(([path, operand]) => ({ [path]: operand }))
}

/** `$expr` is asked of whole documents only: within `$elemMatch` there is none. */
function withoutExpression(filter: Fields): Fields {
  const entries = Object.entries(filter).map(([key, inner]): [string, unknown] => {
    if (key === '$expr') return ['a', 1]
    return Array.isArray(inner) && ['$and', '$or', '$nor'].includes(key)
      ? [key, inner.map(withoutExpression)]
      : [key, inner]
  })
  return Object.fromEntries(entries)
}

/** A filter. */
export const filter: Arbitrary<Fields> = grammar.filter

/** Operators with their operands, as they stand at a path. */
export const condition: Arbitrary<Fields> = grammar.operators

/** A filter that asks no expression. */
export const elementFilter: Arbitrary<Fields> = filter.map(withoutExpression)
