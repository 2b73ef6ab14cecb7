// Where mingo 7.2.7 answers a filter other than MongoDB's manual says: each fault with the rule, a witness, and exactly
// the conditions that it touches.
//
// Promises: each witness is tested: mingo gives the wrong answer and the engine the documented one, so a fault that a
// later mingo mends has to leave the list. `applies` looks at one condition and one document, never at an answer.
// Leaves to others: tracing a difference to a condition (mingo.ts).

import { isOperators, type Leaf, leavesOf } from './leaves.ts'
import { type Fields, isFields, rankOf, wholePart } from './values.ts'

/** One fault of mingo. */
export interface Fault {
  readonly name: string
  /** What MongoDB's manual says, and on which page. */
  readonly rule: string
  readonly applies: (leaf: Leaf) => boolean
  /** A case of it, with the documented answer. */
  readonly witness: { readonly filter: Fields; readonly document: Fields; readonly matches: boolean }
}

const ORDERS = ['$gt', '$gte', '$lt', '$lte']
const BITS = ['$bitsAllSet', '$bitsAllClear', '$bitsAnySet', '$bitsAnyClear']
const EQUALITIES = ['$eq', '$ne']
const SETS = ['$in', '$nin']
const is = (names: readonly string[], { operator }: Leaf): boolean => names.includes(operator)

/** True when `test` holds for the value or for anything in it. */
export function holdsWithin(value: unknown, test: (value: unknown) => boolean): boolean {
  if (test(value)) return true
  if (Array.isArray(value)) return value.some(each => holdsWithin(each, test))
  return isFields(value) && Object.values(value).some(each => holdsWithin(each, test))
}

/** The values that the path leads to, arrays unopened. */
const wholes = ({ found }: Leaf): readonly unknown[] => found.whole
/** Operands that are compared one by one. */
const operands = (leaf: Leaf): readonly unknown[] =>
  is([...SETS, '$all'], leaf) && Array.isArray(leaf.operand) ? leaf.operand : [leaf.operand]
const isNestedArray = (value: unknown): boolean => Array.isArray(value) && value.some(Array.isArray)

export const FILTER_FAULTS: readonly Fault[] = [
  {
    name: 'bigints are no numbers',
    rule: 'Numbers compare by value, whatever their type (Comparison/Sort Order).',
    applies: leaf =>
      [leaf.operand, ...wholes(leaf), ...(leaf.path === '' ? [leaf.document] : [])].some(value =>
        holdsWithin(value, each => typeof each === 'bigint')
      ),
    witness: { filter: { a: { $eq: 7n } }, document: { a: 7 }, matches: true }
  },
  {
    name: 'an array on the way is one value',
    rule: 'A path asks each document in an array by itself; one without the field is a null there, and what is no document says nothing (Query an Array of Embedded Documents).',
    applies: leaf => leaf.isThroughArray,
    witness: { filter: { 'a.b': null }, document: { a: [{ b: 1 }, {}] }, matches: true }
  },
  {
    name: 'bytes have positions',
    rule: 'Only arrays have positions (Dot Notation).',
    applies: ({ path, document }) => leadsIntoBytes(document, path.split('.')),
    witness: { filter: { 'a.0': { $exists: true } }, document: { a: Uint8Array.of(1) }, matches: false }
  },
  {
    name: 'a path with a dot opens arrays in arrays',
    rule: 'A value equals an array or an element of it, not an element of an element (Query an Array).',
    applies: leaf => is([...EQUALITIES, '$all'], leaf) && leaf.path.includes('.') && wholes(leaf).some(isNestedArray),
    witness: { filter: { 'a.b': 1 }, document: { a: { b: [[1]] } }, matches: false }
  },
  {
    name: 'fields have no order',
    rule: 'Documents are equal when their fields are, in the same order (Query on Embedded/Nested Documents).',
    applies: leaf =>
      is([...EQUALITIES, ...SETS, '$all'], leaf) && operands(leaf).some(each => holdsWithin(each, isFields)),
    witness: { filter: { a: { b: 1, c: 2 } }, document: { a: { c: 2, b: 1 } }, matches: false }
  },
  {
    name: '$in looks at no whole array',
    rule: '$in matches an array that equals one of the values ($in).',
    applies: leaf => is(SETS, leaf) && operands(leaf).some(Array.isArray),
    witness: { filter: { a: { $in: [[1, 2]] } }, document: { a: [1, 2] }, matches: true }
  },
  {
    name: 'null is not in order with what is missing',
    rule: '$gte and $lte of null match null and missing fields (Comparison/Sort Order).',
    applies: leaf => is(['$gte', '$lte'], leaf) && leaf.operand === null,
    witness: { filter: { a: { $gte: null } }, document: {}, matches: true }
  },
  {
    name: 'what is no number equals every number',
    rule: 'NaN equals NaN only, and is in no order with other numbers (Comparison/Sort Order; type bracketing).',
    applies: leaf => is(ORDERS, leaf) && [leaf.operand, ...leaf.found.opened].some(value => Number.isNaN(value)),
    witness: { filter: { a: { $gte: Number.NaN } }, document: { a: 5 }, matches: false }
  },
  {
    name: 'texts compare by UTF-16',
    rule: 'Texts compare by their bytes in UTF-8 (Comparison/Sort Order, Strings).',
    applies: leaf =>
      is(ORDERS, leaf) &&
      holdsWithin(leaf.operand, hasLateText) &&
      wholes(leaf).some(value => holdsWithin(value, hasLateText)),
    witness: { filter: { a: { $gt: '\uffee' } }, document: { a: '\u{1d11e}' }, matches: true }
  },
  {
    name: 'bytes compare before their length',
    rule: 'Binary data compares by length first (Comparison/Sort Order, BinData).',
    applies: leaf => is(ORDERS, leaf) && leaf.operand instanceof Uint8Array,
    witness: { filter: { a: { $gt: Uint8Array.of(1) } }, document: { a: Uint8Array.of(0, 1) }, matches: true }
  },
  {
    name: 'arrays and documents are sorted before they compare',
    rule: 'Arrays compare element by element and documents field by field, in their order; a whole array is compared too (Comparison/Sort Order).',
    applies: leaf => is(ORDERS, leaf) && rankOf(leaf.operand) >= 4 && rankOf(leaf.operand) <= 5,
    witness: { filter: { a: { $gt: [1] } }, document: { a: [2] }, matches: true }
  },
  {
    name: '$all takes nothing but arrays',
    rule: '$all: [x] is the same as {$and: [{a: x}]}, so a value or a whole array that equals x matches ($all, Behavior).',
    applies: leaf => leaf.operator === '$all' && wholes(leaf).some(value => !Array.isArray(value)),
    witness: { filter: { a: { $all: [1] } }, document: { a: 1 }, matches: true }
  },
  {
    name: '$all looks at no whole array',
    rule: '$all: [[x]] matches the array [x] itself ($all, Nested Array).',
    applies: leaf => leaf.operator === '$all' && operands(leaf).some(Array.isArray),
    witness: { filter: { a: { $all: [[1, 2]] } }, document: { a: [1, 2] }, matches: true }
  },
  {
    name: '$elemMatch goes its own ways',
    rule: 'Operators are asked of an element as it is, arrays unopened; a filter is asked of documents, and of arrays by position ($elemMatch).',
    applies: leaf =>
      elementConditions(leaf).some(condition => wholes(leaf).some(value => isElementTouched(condition, value))),
    witness: { filter: { a: { $elemMatch: { $eq: 1 } } }, document: { a: [[1]] }, matches: false }
  },
  {
    name: 'bits are those of 32-bit numbers',
    rule: 'Whole numbers of 64 bits and binary data, and nothing else, match; an array by its elements ($bitsAllSet).',
    applies: leaf => is(BITS, leaf) && (!isSmallMask(leaf.operand) || !wholes(leaf).every(isSmallNumber)),
    witness: { filter: { a: { $bitsAllClear: 1 } }, document: { a: 'x' }, matches: false }
  },
  {
    name: '$mod takes a remainder of anything',
    rule: 'Numbers without what follows their point, of 64 bits, and nothing else ($mod).',
    applies: leaf =>
      leaf.operator === '$mod' &&
      ((leaf.operand as unknown[]).some(each => !Number.isInteger(each)) ||
        leaf.found.opened.some(value => !isPlainWhole(value))),
    witness: { filter: { a: { $mod: [2, 1] } }, document: { a: 3.5 }, matches: true }
  },
  {
    name: '$type knows one kind of number and no bytes',
    rule: 'int, long and double are different types, NaN is a double, and binData is a type ($type).',
    applies: leaf =>
      leaf.operator === '$type' &&
      leaf.found.opened.some(value => value instanceof Uint8Array || typeof value === 'number'),
    witness: { filter: { a: { $type: 'double' } }, document: { a: 1 }, matches: false }
  },
  {
    name: '$type looks at no elements',
    rule: '$type matches an array when an element is of the type ($type, Arrays).',
    applies: leaf => leaf.operator === '$type' && wholes(leaf).some(Array.isArray),
    witness: { filter: { a: { $type: 'string' } }, document: { a: ['x'] }, matches: true }
  },
  {
    name: '$regex opens arrays in arrays',
    rule: 'A pattern is asked of a text or of the texts in an array ($regex).',
    applies: leaf => leaf.operator === '$regex' && wholes(leaf).some(isNestedArray),
    witness: { filter: { a: { $regex: 'x' } }, document: { a: [['x']] }, matches: false }
  },
  {
    name: '$expr compares values of one type only',
    rule: 'In expressions all values are in one order: missing, null, numbers, texts, documents, arrays, … ($lt, aggregation).',
    applies: leaf => leaf.operator === '$expr' && hasOperator(leaf.operand, ['$eq', '$ne', '$cmp', '$in', ...ORDERS]),
    witness: { filter: { $expr: { $lt: ['$a', 'x'] } }, document: { a: 1 }, matches: true }
  },
  {
    name: '$expr takes NaN for false',
    rule: 'Only false, null, missing and 0 are false (Aggregation, boolean expressions).',
    applies: leaf =>
      leaf.operator === '$expr' &&
      [leaf.operand, leaf.document].some(each => holdsWithin(each, value => Number.isNaN(value))),
    witness: { filter: { $expr: '$a' }, document: { a: Number.NaN }, matches: true }
  },
  {
    name: '$not takes the empty text for false',
    rule: 'Only false, null, missing and 0 are false ($not, aggregation).',
    applies: leaf =>
      leaf.operator === '$expr' &&
      hasOperator(leaf.operand, ['$not']) &&
      [leaf.operand, leaf.document].some(each => holdsWithin(each, value => value === '')),
    witness: { filter: { $expr: { $not: ['$a'] } }, document: { a: '' }, matches: false }
  }
]

function leadsIntoBytes(value: unknown, names: readonly string[]): boolean {
  const [name, ...rest] = names
  if (name === undefined) return false
  if (value instanceof Uint8Array) return true
  if (Array.isArray(value)) return value.some(each => leadsIntoBytes(each, names) || leadsIntoBytes(each, rest))
  return isFields(value) && leadsIntoBytes(value[name], rest)
}

/** Characters whose order is another one in UTF-16 than in UTF-8. */
function hasLateText(value: unknown): boolean {
  return typeof value === 'string' && /[\ue000-\uffff]|[\ud800-\udfff]/.test(value)
}

function isSmallMask(mask: unknown): boolean {
  if (Array.isArray(mask)) return mask.length > 0 && mask.every(position => position < 31)
  return isSmallNumber(mask) && mask !== 0
}

function isSmallNumber(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value >> 0 === value
}

export function isPlainWhole(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && wholePart(value) !== undefined
}

/** The conditions that a leaf asks of elements of arrays. */
function elementConditions({ operator, operand }: Leaf): Fields[] {
  if (operator === '$elemMatch') return [operand as Fields]
  if (operator !== '$all') return []
  return (operand as unknown[]).flatMap(each =>
    isFields(each) && isFields(each['$elemMatch']) ? [each['$elemMatch']] : []
  )
}

/** True when mingo may answer wrongly for an element of the array. */
function isElementTouched(condition: Fields, array: unknown): boolean {
  if (!Array.isArray(array)) return false
  const isOnElement = isOperators(condition) && !['$and', '$or', '$nor'].includes(Object.keys(condition)[0] ?? '')
  return array.some(element => {
    if (Array.isArray(element)) return true
    if (!isOnElement && !isFields(element)) return true
    const leaves = isOnElement
      ? leavesOf({ field: condition }, { field: element })
      : leavesOf(condition, element as Fields)
    return leaves.some(leaf => FILTER_FAULTS.some(fault => fault.applies(leaf)))
  })
}

function hasOperator(expression: unknown, names: readonly string[]): boolean {
  return holdsWithin(expression, value => isFields(value) && Object.keys(value).some(key => names.includes(key)))
}
