// The judge's part for the update operators of arrays.
//
// Promises: as judge-update.ts. Source: MongoDB manual, "Array Update Operators".

import { judge } from './judge.ts'
import { judgeExpression } from './judge-expression.ts'
import { Refusal } from './judge-paths.ts'
import { isOperators } from './leaves.ts'
import { compareValues, type Fields, isFields } from './values.ts'

/** The operators of arrays. */
export type ArrayLeaf = '$push' | '$addToSet' | '$pop' | '$pull' | '$pullAll'

export function isArrayOperator(operator: string): boolean {
  return ['$push', '$addToSet', '$pop', '$pull', '$pullAll'].includes(operator)
}

/** The new array; undefined leaves what is missing missing. */
export function changeArray(old: unknown, operator: ArrayLeaf, operand: unknown): unknown[] | undefined {
  if (old === undefined && !['$push', '$addToSet'].includes(operator)) return undefined
  if (old !== undefined && !Array.isArray(old)) throw new Refusal('no array')
  const elements: unknown[] = structuredClone(old ?? [])
  switch (operator) {
    case '$push':
      return push(elements, operand)
    case '$addToSet':
      return addToSet(
        elements,
        isFields(operand) && Object.hasOwn(operand, '$each') ? (operand['$each'] as unknown[]) : [operand]
      )
    case '$pop':
      return operand === 1 ? elements.slice(0, -1) : elements.slice(1)
    case '$pull':
      return elements.filter(element => !isPulled(element, operand))
    case '$pullAll':
      return elements.filter(element => !(operand as unknown[]).some(each => compareValues(each, element) === 0))
  }
}

/** Values go in at the position; then all is sorted, then cut. */
function push(elements: readonly unknown[], operand: unknown): unknown[] {
  const isMany = isFields(operand) && Object.hasOwn(operand, '$each')
  const given = isMany ? (operand['$each'] as unknown[]) : [operand]
  const { $position: position = elements.length, $sort: sort, $slice: slice } = isMany ? operand : {}
  const at = Number(position)
  const place = at < 0 ? Math.max(0, elements.length + at) : Math.min(at, elements.length)
  const all = [...elements.slice(0, place), ...structuredClone(given), ...elements.slice(place)]
  if (sort !== undefined) all.sort((left, right) => compareBy(sort, left, right))
  if (slice === undefined) return all
  return Number(slice) < 0 ? all.slice(Number(slice)) : all.slice(0, Number(slice))
}

function compareBy(sort: unknown, left: unknown, right: unknown): number {
  if (!isFields(sort)) return Number(sort) * compareValues(left, right)
  for (const [path, direction] of Object.entries(sort)) {
    const order = compareValues(fieldOf(left, path), fieldOf(right, path)) * Number(direction)
    if (order !== 0) return order
  }
  return 0
}

/** A field of an element that is a document; null for what is missing. */
function fieldOf(element: unknown, path: string): unknown {
  let value: unknown = isFields(element) ? element : undefined
  for (const name of path.split('.')) {
    if (!isFields(value) && !Array.isArray(value)) return null
    value = Object.hasOwn(value, name) ? (value as Fields)[name] : undefined
  }
  return value ?? null
}

function addToSet(elements: unknown[], values: readonly unknown[]): unknown[] {
  for (const value of values) {
    if (!elements.some(element => compareValues(element, value) === 0)) elements.push(structuredClone(value))
  }
  return elements
}

/** Operators are asked of each element, a filter of each document, and every other value has to be equal. */
function isPulled(element: unknown, condition: unknown): boolean {
  if (!isFields(condition)) return compareValues(element, condition) === 0
  const first = Object.keys(condition)[0] ?? ''
  if (isOperators(condition) && !['$and', '$or', '$nor'].includes(first))
    return judge({ element: condition }, { element }, judgeExpression)
  return isFields(element) && judge(condition, element, judgeExpression)
}
