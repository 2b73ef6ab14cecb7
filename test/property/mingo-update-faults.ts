// Where mingo 7.2.7 makes of a document what MongoDB's manual does not say: each fault of its updates with the rule, a
// witness, and the changes that it touches.
//
// Promises: as mingo-faults.ts. The order of new fields is not compared with mingo, which adds them as they are
// written; MongoDB adds them in the order of their names, and the judge checks it. Leaves to others: mingo-update.ts.

import { holdsWithin, isPlainWhole } from './mingo-faults.ts'
import { type Fields, isFields, isNumber, rankOf } from './values.ts'

/** One operator at one path, on one document. */
export interface Touch {
  readonly operator: string
  readonly path: string
  readonly operand: unknown
  readonly document: Fields
  /** What the path leads to, by names and positions; undefined for what is missing. */
  readonly old: unknown
  /** The manual refuses the change for what the document holds. */
  readonly isRefused: boolean
  /** mingo's filters have a fault for what `$pull` asks. */
  readonly isFilterTouched: boolean
}

/** One fault of mingo's updates. */
export interface UpdateFault {
  readonly name: string
  readonly rule: string
  readonly applies: (touch: Touch) => boolean
  /** A case of it; what the document becomes, undefined where the update is refused. */
  readonly witness: { readonly update: Fields; readonly document: Fields; readonly after: Fields | undefined }
}

const is = (names: readonly string[], { operator }: Touch): boolean => names.includes(operator)
const hasModifiers = (operand: unknown): operand is Fields => isFields(operand) && Object.hasOwn(operand, '$each')

export const UPDATE_FAULTS: readonly UpdateFault[] = [
  {
    name: 'what a document holds is never refused',
    rule: 'An operator that cannot use the value it finds, or a path through a value without fields, is an error and nothing changes ($inc, $push, $set, Dot Notation).',
    applies: touch => touch.isRefused,
    witness: { update: { $inc: { a: 1 } }, document: { a: 'x' }, after: undefined }
  },
  {
    name: 'there is no $setOnInsert',
    rule: '$setOnInsert does nothing to a document that is there ($setOnInsert).',
    applies: ({ operator }) => operator === '$setOnInsert',
    witness: { update: { $setOnInsert: { a: 1 } }, document: { b: 1 }, after: { b: 1 } }
  },
  {
    name: 'the same _id is refused',
    rule: 'An update that leaves the _id as it is is allowed (Update Documents, _id Field).',
    applies: ({ path }) => path === '_id',
    witness: { update: { $set: { _id: 1 } }, document: { _id: 1 }, after: { _id: 1 } }
  },
  {
    name: 'holes in arrays',
    rule: 'A position beyond the end of an array fills what is between with null (Dot Notation).',
    applies: ({ path, document }) => leadsBeyondArray(document, path.split('.')),
    witness: { update: { $set: { 'a.2': 1 } }, document: { a: [0] }, after: { a: [0, null, 1] } }
  },
  {
    name: 'an empty name is a name',
    rule: 'A path has no empty names (Field Names).',
    applies: ({ path, operator, operand }) => hasEmptyName(path) || (operator === '$rename' && hasEmptyName(operand)),
    witness: { update: { $set: { 'a..b': 1 } }, document: {}, after: undefined }
  },
  {
    name: 'bigints are no numbers',
    rule: 'Numbers are one type, whatever they are stored as (Comparison/Sort Order, $inc).',
    applies: ({ old, operand }) => holdsWithin([old, operand], each => typeof each === 'bigint'),
    witness: { update: { $inc: { a: 7n } }, document: { a: 1 }, after: { a: 8 } }
  },
  {
    name: 'NaN is no number',
    rule: 'Arithmetic takes every number ($inc, $mul); NaN comes before all others ($min, $max).',
    applies: touch => is(['$inc', '$mul', '$min', '$max'], touch) && [touch.old, touch.operand].some(Number.isNaN),
    witness: { update: { $inc: { a: Number.NaN } }, document: { a: 1 }, after: { a: Number.NaN } }
  },
  {
    name: 'integers are rounded beyond 53 bits',
    rule: 'Integers of 64 bits are exact ($inc, $mul).',
    applies: touch => is(['$inc', '$mul'], touch) && [touch.old, touch.operand].every(Number.isInteger),
    witness: {
      update: { $mul: { a: 2 ** 31 + 1 } },
      document: { a: 2 ** 31 + 1 },
      after: { a: (2n ** 31n + 1n) ** 2n }
    }
  },
  {
    name: '$min and $max look into arrays and sort what they compare',
    rule: 'Values compare whole, in the order of types ($min, $max; Comparison/Sort Order).',
    applies: touch =>
      is(['$min', '$max'], touch) &&
      [touch.old, touch.operand].some(each => [4, 5, 6].includes(rankOf(each)) || isLateText(each)),
    witness: { update: { $max: { a: 5 } }, document: { a: [1] }, after: { a: [1] } }
  },
  {
    name: '$push does not sort, place or cut as it says',
    rule: "A missing array is made with all modifiers applied; $sort takes all fields and MongoDB's order ($push, $sort, $slice).",
    applies: ({ operator, operand }) =>
      operator === '$push' &&
      hasModifiers(operand) &&
      ['$sort', '$slice', '$position'].some(name => Object.hasOwn(operand, name)),
    witness: { update: { $push: { a: { $each: [1, 2], $slice: 1 } } }, document: {}, after: { a: [1] } }
  },
  {
    name: '$addToSet drops what was there twice, and keeps what comes twice',
    rule: 'Only new elements are left out; those that are there stay as they are ($addToSet).',
    applies: ({ operator }) => operator === '$addToSet',
    witness: { update: { $addToSet: { a: 2 } }, document: { a: [1, 1] }, after: { a: [1, 1, 2] } }
  },
  {
    name: '$pull asks as its filters do, and of whole documents only by a query',
    rule: 'A value is removed where an element equals it, arrays unopened and fields in their order; a filter is asked of documents ($pull).',
    applies: touch => touch.operator === '$pull' && (touch.isFilterTouched || isOddlyPulled(touch)),
    witness: { update: { $pull: { a: 1 } }, document: { a: [[1], 1] }, after: { a: [[1]] } }
  },
  {
    name: '$pullAll is $pull of $in',
    rule: 'An element is removed when it equals one of the values, arrays unopened and fields in their order ($pullAll).',
    applies: ({ operator, old, operand }) =>
      operator === '$pullAll' &&
      [...list(old), ...list(operand)].some(each => typeof each === 'object' && each !== null),
    witness: { update: { $pullAll: { a: [1] } }, document: { a: [[1], 1] }, after: { a: [[1]] } }
  },
  {
    name: '$bit has one operation of 32 bits',
    rule: 'Several operations are done in their order, on integers of 64 bits ($bit).',
    applies: ({ operator, operand, old }) =>
      operator === '$bit' &&
      (Object.keys(operand as Fields).length !== 1 ||
        [old ?? 0, ...Object.values(operand as Fields)].some(
          each => !isPlainWhole(each) || (each as number) >> 0 !== each
        )),
    witness: { update: { $bit: { a: { and: 5, or: 8 } } }, document: { a: 7 }, after: { a: 13 } }
  }
]

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function leadsBeyondArray(value: unknown, names: readonly string[]): boolean {
  const [name = '', ...rest] = names
  if (Array.isArray(value) && Number(name) > value.length) return true
  if (typeof value !== 'object' || value === null || rest.length === 0) return false
  return leadsBeyondArray((value as Fields)[name], rest)
}

function hasEmptyName(path: unknown): boolean {
  return typeof path === 'string' && path.split('.').includes('')
}

function isLateText(value: unknown): boolean {
  return typeof value === 'string' && /[\ue000-\uffff]|[\ud800-\udfff]/.test(value)
}

/** An element or a condition that `$pull` treats by other rules than a filter does. */
function isOddlyPulled({ old, operand }: Touch): boolean {
  return (
    list(old).some(element => typeof element === 'object' && element !== null) ||
    isFields(operand) ||
    Array.isArray(operand) ||
    (isNumber(operand) && Number.isNaN(operand))
  )
}
