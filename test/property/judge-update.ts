// The judge's part for updates: what MongoDB's manual says that an update makes of a document, without care for speed.
//
// Promises: the document given is not changed; undefined says that the update is refused, and then nothing changes.
// Valid operands and their refusal are judged too. Source: MongoDB manual, "Update Operators".

import { type ArrayLeaf, changeArray, isArrayOperator } from './judge-arrays.ts'
import { type Change, changesOf, Refusal } from './judge-paths.ts'
import { checkNames, placed } from './judge-positions.ts'
import { compareValues, type Fields, isFields, isNumber, narrowed, typeNameOf } from './values.ts'

/** What the paths of an update stand for besides names and positions. */
export interface Positions {
  /** What `$` stands for: the position of the element that the filter matched. */
  readonly matched?: number
  /** What `$[name]` stands for: the elements for which these filters hold, each on a field of its name. */
  readonly arrayFilters?: readonly Fields[]
}

/** The document after the update; undefined when the update is refused. */
export function judgeUpdate(update: Fields, document: Fields, positions: Positions = {}): Fields | undefined {
  try {
    const after = structuredClone(document)
    const given = changesOf(update)
    checkNames(given, positions)
    const changes = withoutRenames(placed(given, document, positions), document)
    for (const change of changes) if (!givesId(change, document)) changeAt(after, change.names, change)
    return after
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/** True for a `$set` of the `_id`: it may only give the one that is there. */
function givesId({ names, operand }: Change, document: Fields): boolean {
  if (names[0] !== '_id') return false
  if (compareValues(operand, document['_id']) !== 0) throw new Refusal('another _id')
  return true
}

/** A `$rename` is the removal of one field and the setting of another; of a missing field it is nothing. */
function withoutRenames(changes: readonly Change[], document: Fields): Change[] {
  return changes
    .flatMap(change => {
      if (change.operator !== '$rename') return change.operator === '$setOnInsert' ? [] : [change]
      const target = (change.operand as string).split('.')
      const value = renamed(document, change.names)
      if (value === undefined) return []
      checkTarget(document, target)
      const moved: Change[] = [
        { operator: '$unset', names: change.names, operand: 1 },
        { operator: '$set', names: target, operand: value }
      ]
      return moved
    })
    .sort((left, right) => compareNames(left.names, right.names))
}

function renamed(document: Fields, names: readonly string[]): unknown {
  let value: unknown = document
  for (const name of names) {
    if (Array.isArray(value) && isPosition(name) && Number(name) >= value.length) return undefined
    if (!isFields(value)) throw new Refusal('$rename from something without fields')
    if (!Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function checkTarget(document: Fields, names: readonly string[]): void {
  let value: unknown = document
  for (const name of names) {
    if (Array.isArray(value)) throw new Refusal('$rename into an array')
    if (!isFields(value)) return
    value = value[name]
  }
}

/** Numbers come first and by value, then names by their bytes: the order in which new fields are added. */
function compareNames(left: readonly string[], right: readonly string[]): number {
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const [one = '', other = ''] = [left[at], right[at]]
    const places = [isPosition(one), isPosition(other)]
    if (places[0] && places[1] && one !== other) return Number(one) - Number(other)
    if (places[0] !== places[1]) return places[0] ? -1 : 1
    const order = compareValues(one, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

const isPosition = (name: string): boolean => /^(0|[1-9][0-9]*)$/.test(name)

/** Operators that leave a missing field missing. */
const MAKES_NOTHING = ['$unset', '$pop', '$pull', '$pullAll']

function changeAt(container: unknown, names: readonly string[], change: Change): void {
  const [name = '', ...rest] = names
  const makes = !MAKES_NOTHING.includes(change.operator)
  if (Array.isArray(container)) {
    if (!isPosition(name)) {
      if (makes) throw new Refusal('a name in an array')
      return
    }
    if (Number(name) >= container.length && !makes) return
    while (container.length < Number(name)) container.push(null)
  } else if (!isFields(container)) {
    if (makes) throw new Refusal('a field in a value without fields')
    return
  }
  const fields = container as Fields
  const old = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (rest.length > 0) {
    if (old === undefined && !makes) return
    if (old === undefined) put(fields, name, {})
    changeAt(fields[name], rest, change)
    return
  }
  if (change.operator === '$unset') {
    if (Array.isArray(container)) container[Number(name)] = null
    else delete fields[name]
    return
  }
  const value = changed(old, change)
  if (value !== undefined) put(fields, name, value)
}

function put(fields: Fields, name: string, value: unknown): void {
  fields[name] = value
}

/** The new value; undefined leaves what is missing missing. */
function changed(old: unknown, { operator, operand }: Change): unknown {
  if (isArrayOperator(operator)) return changeArray(old, operator as ArrayLeaf, operand)
  switch (operator) {
    case '$set':
      return structuredClone(operand)
    case '$inc':
      return old === undefined
        ? operand
        : arithmetic(
            old,
            operand,
            (left, right) => left + right,
            (left, right) => left + right
          )
    case '$mul':
      return old === undefined
        ? 0
        : arithmetic(
            old,
            operand,
            (left, right) => left * right,
            (left, right) => left * right
          )
    case '$min':
      return old === undefined || compareValues(operand, old) < 0 ? structuredClone(operand) : old
    case '$max':
      return old === undefined || compareValues(operand, old) > 0 ? structuredClone(operand) : old
    case '$bit':
      return bits(old === undefined ? 0 : old, operand as Record<string, number>)
    default:
      throw new Error(`the judge does not know ${operator}`)
  }
}

type Exact = (left: bigint, right: bigint) => bigint
type Rounded = (left: number, right: number) => number

const isWhole = (value: unknown): value is number | bigint => ['int', 'long'].includes(typeNameOf(value))

function arithmetic(old: unknown, operand: unknown, exact: Exact, rounded: Rounded): unknown {
  if (!isNumber(old) || !isNumber(operand)) throw new Refusal('no number')
  if (!isWhole(old) || !isWhole(operand)) return rounded(Number(old), Number(operand))
  const result = exact(BigInt(old), BigInt(operand))
  const most = BigInt(old) >= 2n ** 63n || BigInt(operand) >= 2n ** 63n ? 2n ** 64n : 2n ** 63n
  if (result < -(2n ** 63n) || result >= most) throw new Refusal('beyond 64 bits')
  return narrowed(result)
}

function bits(old: unknown, operations: Record<string, number>): unknown {
  if (!isWhole(old)) throw new Refusal('no integer')
  let value = BigInt(old)
  for (const [operation, operand] of Object.entries(operations)) {
    const mask = BigInt(operand)
    if (operation === 'and') value &= mask
    else if (operation === 'or') value |= mask
    else value ^= mask
  }
  return narrowed(value)
}
