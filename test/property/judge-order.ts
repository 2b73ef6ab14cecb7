// The judge's part for orders: what MongoDB's manual says of sorting.
//
// Promises: as judge.ts. Source: MongoDB manual, "cursor.sort()", "Comparison/Sort Order".

import { compareValues, type Fields, isFields } from './values.ts'

/** The documents in the order that `sort` asks for; those that compare equal stay in theirs. */
export function judgeOrder<D extends Fields>(documents: readonly D[], sort: Readonly<Record<string, 1 | -1>>): D[] {
  const fields = Object.entries(sort)
  return [...documents].sort((left, right) => {
    for (const [path, direction] of fields) {
      const order = compareKeys(keyOf(left, path, direction), keyOf(right, path, direction)) * direction
      if (order !== 0) return order
    }
    return 0
  })
}

/** An array stands for its least element, falling for its greatest; an array without elements for nothing at all. */
function keyOf(document: Fields, path: string, direction: 1 | -1): readonly unknown[] {
  const [first = [null], ...others] = keysAt(document, path.split('.'))
  return others.reduce((best, other) => (compareKeys(other, best) * direction < 0 ? other : best), first)
}

/** The values at a path of names, each in a list; what an array holds besides documents has null there. */
function keysAt(value: unknown, names: readonly string[]): (readonly unknown[])[] {
  const [name, ...rest] = names
  if (Array.isArray(value)) {
    if (name === undefined) return value.length === 0 ? [[]] : value.map(element => [element])
    if (value.length > 0) return value.flatMap(element => (isFields(element) ? keysAt(element, names) : [[null]]))
  }
  if (name === undefined) return [[value ?? null]]
  return isFields(value) && Object.hasOwn(value, name) ? keysAt(value[name], rest) : [[null]]
}

/** No value at all comes before null. */
function compareKeys(left: readonly unknown[], right: readonly unknown[]): number {
  if (left.length !== right.length) return left.length - right.length
  return left.length === 0 ? 0 : compareValues(left[0] ?? null, right[0] ?? null)
}
