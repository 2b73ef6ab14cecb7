// The judge's part for updates: which paths an update changes, and which updates are refused whatever the document is.
//
// Promises: as judge-update.ts. Leaves to others: what a change does (judge-update.ts, judge-arrays.ts).

import { type Fields, isFields, isNumber, typeNameOf, wholePart } from './values.ts'

/** One operator at one path. */
export interface Change {
  readonly operator: string
  readonly names: readonly string[]
  readonly operand: unknown
}

/** The update is refused. */
export class Refusal extends Error {}

/** The changes of an update. Throws Refusal when they conflict, change the `_id`, or have a wrong operand. */
export function changesOf(update: Fields): Change[] {
  const changes = Object.entries(update).flatMap(([operator, paths]) =>
    Object.entries(paths as Fields).map(([path, operand]) => ({ operator, names: path.split('.'), operand }))
  )
  const taken: string[][] = []
  for (const { operator, names, operand } of changes) {
    checkOperand(operator, operand)
    const givesId = names.length === 1 && names[0] === '_id' && ['$set', '$setOnInsert'].includes(operator)
    if (names[0] === '_id' && !(givesId && isId(operand))) throw new Refusal('the _id never changes')
    take(names, taken)
    if (operator !== '$rename') continue
    const target = (operand as string).split('.')
    if (target[0] === '_id') throw new Refusal('the _id never changes')
    take(target, taken)
  }
  return changes
}

function take(names: string[], taken: string[][]): void {
  if (names.includes('')) throw new Refusal('an empty name')
  const isWithin = (outer: string[], inner: string[]) => outer.every((name, at) => inner[at] === name)
  if (taken.some(other => isWithin(other, names) || isWithin(names, other))) throw new Refusal('a conflict')
  taken.push(names)
}

function isId(value: unknown): boolean {
  return (
    typeof value === 'string' || value instanceof Uint8Array || wholePart(value) === value || Number.isInteger(value)
  )
}

function checkOperand(operator: string, operand: unknown): void {
  if (!isValid(operator, operand)) throw new Refusal(`a wrong operand of ${operator}`)
}

const isWholeNumber = (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value)
const isDirection = (value: unknown): boolean => value === 1 || value === -1

function isValid(operator: string, operand: unknown): boolean {
  switch (operator) {
    case '$inc':
    case '$mul':
      return isNumber(operand)
    case '$pop':
      return isDirection(operand)
    case '$pullAll':
      return Array.isArray(operand)
    case '$rename':
      return typeof operand === 'string'
    case '$bit':
      return isFields(operand) && Object.keys(operand).length > 0 && Object.entries(operand).every(isBitOperation)
    case '$addToSet':
      return !isFields(operand) || Object.keys(operand)[0] !== '$each' || Array.isArray(operand['$each'])
    case '$push':
      return !isFields(operand) || !Object.hasOwn(operand, '$each') || Object.entries(operand).every(isModifier)
    default:
      return true
  }
}

function isBitOperation([name, operand]: [string, unknown]): boolean {
  return ['and', 'or', 'xor'].includes(name) && ['int', 'long'].includes(typeNameOf(operand))
}

function isModifier([name, operand]: [string, unknown]): boolean {
  if (name === '$each') return Array.isArray(operand)
  if (name === '$sort') return isDirection(operand) || (isFields(operand) && Object.values(operand).every(isDirection))
  return ['$position', '$slice'].includes(name) && isWholeNumber(operand)
}
