// The single conditions that a filter is made of, so that a difference between two evaluations is traced to one of them.
//
// Promises: a filter's answer follows from those of its leaves by "and", "or" and "not" alone. Leaves to others:
// evaluating (judge.ts), known faults (mingo-faults.ts).

import { type Found, judge, valuesAt } from './judge.ts'
import { judgeExpression } from './judge-expression.ts'
import { type Fields, isFields } from './values.ts'

/** One operator with its operand at one path, asked of one document; `$expr` has no path. */
export interface Leaf {
  readonly path: string
  readonly operator: string
  readonly operand: unknown
  readonly document: Fields
  /** What MongoDB's paths lead to. */
  readonly found: Found
  /** An array stands on the way, before the end of the path. */
  readonly isThroughArray: boolean
  /** The leaf as a filter of its own. */
  readonly filter: Fields
}

/** The leaves of a filter; an `$elemMatch` is one leaf with all that it holds. */
export function leavesOf(filter: Fields, document: Fields): Leaf[] {
  return Object.entries(filter).flatMap(([key, operand]) => {
    if (key === '$and' || key === '$or' || key === '$nor') {
      return (operand as Fields[]).flatMap(branch => leavesOf(branch, document))
    }
    if (key === '$expr') return [leaf('', key, operand, document, { $expr: operand })]
    return fieldLeaves(key, operand, document)
  })
}

function fieldLeaves(path: string, operand: unknown, document: Fields): Leaf[] {
  if (!isOperators(operand)) return [leaf(path, '$eq', operand, document, { [path]: { $eq: operand } })]
  const { $options: options, ...operators } = operand
  return Object.entries(operators).flatMap(([operator, inner]) => {
    if (operator === '$not') return fieldLeaves(path, inner, document)
    const alone =
      operator === '$regex' && options !== undefined ? { $regex: inner, $options: options } : { [operator]: inner }
    return [leaf(path, operator, inner, document, { [path]: alone })]
  })
}

/** True for a map of operators. */
export function isOperators(operand: unknown): operand is Fields {
  return isFields(operand) && Object.keys(operand)[0]?.startsWith('$') === true
}

function leaf(path: string, operator: string, operand: unknown, document: Fields, filter: Fields): Leaf {
  const found = path === '' ? { opened: [], whole: [] } : valuesAt(document, path)
  const names = path.split('.')
  const isThroughArray = names.some((_, count) => count > 0 && meetsArray(document, names.slice(0, count)))
  return { path, operator, operand, document, found, isThroughArray, filter }
}

function meetsArray(document: Fields, names: readonly string[]): boolean {
  return valuesAt(document, names.join('.')).whole.some(Array.isArray)
}

/** What the judge says of a leaf. */
export function judgeLeaf({ filter, document }: Leaf): boolean {
  return judge(filter, document, judgeExpression)
}
