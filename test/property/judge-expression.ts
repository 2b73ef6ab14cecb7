// The judge's part for `$expr`: the few expression operators that the generated filters use.
//
// Promises: as judge.ts. Leaves to others: all other expression operators (native/engine/src/query/expression).
// Source: MongoDB manual, "Aggregation Operators", "Field Paths".

import { compareValues, type Fields, isFields, isNumber } from './values.ts'

/** Whether the expression is true of the document. */
export function judgeExpression(expression: unknown, document: Fields): boolean {
  return isTrue(resultOf(expression, document))
}

function isTrue(value: unknown): boolean {
  const isZero = isNumber(value) && Number(value) === 0
  return value !== undefined && value !== null && value !== false && !isZero
}

function resultOf(expression: unknown, document: Fields): unknown {
  if (typeof expression === 'string' && expression.startsWith('$'))
    return fieldAt(document, expression.slice(1).split('.'))
  if (Array.isArray(expression)) return expression.map(each => resultOf(each, document) ?? null)
  if (!isFields(expression)) return expression
  const [operator = '', operand] = Object.entries(expression)[0] ?? []
  if (operator === '$literal') return operand
  const given = (Array.isArray(operand) ? operand : [operand]).map(each => resultOf(each, document))
  return apply(operator, given)
}

/** A path goes by names only; through an array it leads to the array of what its documents have there. */
function fieldAt(value: unknown, names: readonly string[]): unknown {
  const [name, ...rest] = names
  if (name === undefined) return value
  if (Array.isArray(value)) {
    return value
      .filter(isFields)
      .map(each => fieldAt(each, names))
      .filter(found => found !== undefined)
  }
  return isFields(value) && Object.hasOwn(value, name) ? fieldAt(value[name], rest) : undefined
}

function apply(operator: string, given: readonly unknown[]): unknown {
  const [first, second, third] = given
  switch (operator) {
    case '$eq':
      return compareValues(first, second) === 0
    case '$ne':
      return compareValues(first, second) !== 0
    case '$gt':
      return compareValues(first, second) > 0
    case '$gte':
      return compareValues(first, second) >= 0
    case '$lt':
      return compareValues(first, second) < 0
    case '$lte':
      return compareValues(first, second) <= 0
    case '$cmp':
      return Math.sign(compareValues(first, second))
    case '$and':
      return given.every(isTrue)
    case '$or':
      return given.some(isTrue)
    case '$not':
      return !isTrue(first)
    case '$cond':
      return isTrue(first) ? second : third
    case '$ifNull':
      return given.find(each => each !== undefined && each !== null) ?? given.at(-1)
    case '$isArray':
      return Array.isArray(first)
    case '$in':
      return (second as unknown[]).some(each => compareValues(each, first) === 0)
    default:
      throw new Error(`the judge does not know the expression ${operator}`)
  }
}
