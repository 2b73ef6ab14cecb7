// The judge between the engine and mingo: what MongoDB's manual says of a filter and a document, as plainly as it can
// be written, without any care for speed.
//
// Promises: it shares no code with either of the two. Valid filters only. `$expr` is not judged here: whoever asks
// says what it gives. Source: MongoDB manual, "Query Predicates", "Query an Array", "Query for Null or Missing Fields".

import { compareValues, type Fields, isFields, isNumber, rankOf, typeNameOf, wholePart } from './values.ts'

/** What an `$expr` gives for a document. */
export type ExpressionValue = (expression: unknown, document: Fields) => boolean

const TYPE_NUMBERS: Readonly<Record<number, string>> = {
  1: 'double',
  2: 'string',
  3: 'object',
  4: 'array',
  5: 'binData',
  6: 'undefined',
  8: 'bool',
  9: 'date',
  10: 'null',
  16: 'int',
  18: 'long'
}
const isPosition = (name: string): boolean => /^(0|[1-9][0-9]*)$/.test(name)

/** Whether the document matches the filter. */
export function judge(filter: Fields, document: Fields | readonly unknown[], expression: ExpressionValue): boolean {
  return Object.entries(filter).every(([key, operand]) => {
    const branches = () => (operand as Fields[]).map(branch => judge(branch, document, expression))
    switch (key) {
      case '$and':
        return branches().every(Boolean)
      case '$or':
        return branches().some(Boolean)
      case '$nor':
        return !branches().some(Boolean)
      case '$comment':
        return true
      case '$expr':
        return expression(operand, document as Fields)
      default:
        return judgeField(valuesAt(document, key), operand, expression)
    }
  })
}

/** The values that a path leads to: those with an array at its end opened, and those with it whole. */
export interface Found {
  readonly opened: readonly unknown[]
  readonly whole: readonly unknown[]
}

export function valuesAt(document: unknown, path: string): Found {
  const names = path.split('.')
  return { opened: [...reach(document, names, true)], whole: [...reach(document, names, false)] }
}

/** A document is gone into by name; an array by name into each document in it, and by position. */
function* reach(value: unknown, names: readonly string[], opens: boolean): Generator<unknown> {
  const [name, ...rest] = names
  if (name === undefined) {
    if (opens && Array.isArray(value)) yield* value
    yield value
  } else if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      if (isFields(element)) yield* reach(element, names, opens)
      if (isPosition(name) && Number(name) === index) yield* reachAt(element, rest, opens)
    }
  } else if (isFields(value) && Object.hasOwn(value, name)) {
    yield* reach(value[name], rest, opens)
  } else {
    yield undefined
  }
}

/** What a position leads to: a value at the end of a path is not opened, and nothing is missing from what is no map. */
function* reachAt(element: unknown, rest: readonly string[], opens: boolean): Generator<unknown> {
  if (rest.length === 0) yield element
  else if (isFields(element) || Array.isArray(element)) yield* reach(element, rest, opens)
}

function judgeField(found: Found, operand: unknown, expression: ExpressionValue): boolean {
  if (!isFields(operand) || !Object.keys(operand)[0]?.startsWith('$'))
    return judgeOperator(found, '$eq', operand, {}, expression)
  return Object.entries(operand).every(([operator, inner]) =>
    judgeOperator(found, operator, inner, operand, expression)
  )
}

function judgeOperator(
  found: Found,
  operator: string,
  operand: unknown,
  operators: Fields,
  expression: ExpressionValue
): boolean {
  const { opened, whole } = found
  switch (operator) {
    case '$options':
      return true
    case '$ne':
    case '$nin':
      return !judgeOperator(found, operator === '$ne' ? '$eq' : '$in', operand, operators, expression)
    case '$not':
      return !judgeField(found, operand, expression)
    case '$exists':
      return whole.some(value => value !== undefined) === Boolean(operand)
    case '$size':
      return whole.some(value => Array.isArray(value) && value.length === Number(operand))
    case '$elemMatch':
      return whole.some(
        value => Array.isArray(value) && value.some(element => judgeElement(element, operand as Fields, expression))
      )
    case '$all':
      return judgeAll(found, operand as unknown[], expression)
    case '$regex': {
      const pattern = new RegExp(operand as string, operators['$options'] as string | undefined)
      return opened.some(value => typeof value === 'string' && pattern.test(value))
    }
    default:
      return opened.some(value => judgeValue(value, operator, operand))
  }
}

function judgeAll(found: Found, wanted: readonly unknown[], expression: ExpressionValue): boolean {
  if (wanted.length === 0) return false
  return wanted.every(each => {
    const isElement = isFields(each) && Object.hasOwn(each, '$elemMatch')
    return isElement ? judgeField(found, each, expression) : found.opened.some(value => judgeValue(value, '$eq', each))
  })
}

/** Operators are asked of the element as it is, not of what is in it; a filter is asked of a document or an array. */
function judgeElement(element: unknown, condition: Fields, expression: ExpressionValue): boolean {
  const first = Object.keys(condition)[0]
  if (first?.startsWith('$') && !['$and', '$or', '$nor', '$comment'].includes(first))
    return judgeField({ opened: [element], whole: [element] }, condition, expression)
  if (isFields(element)) return judge(condition, element, expression)
  return Array.isArray(element) && judge(condition, Object.fromEntries(Object.entries(element)), expression)
}

function judgeValue(value: unknown, operator: string, operand: unknown): boolean {
  switch (operator) {
    case '$eq':
      return isEqual(value, operand)
    case '$in':
      return (operand as unknown[]).some(each => isEqual(value, each))
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return isOrdered(value, operator, operand)
    case '$type':
      return (Array.isArray(operand) ? operand : [operand]).some(type => isOfType(value, type))
    case '$mod': {
      const [divisor, remainder] = (operand as unknown[]).map(wholePart)
      const whole = wholePart(value)
      return divisor !== undefined && whole !== undefined && whole % divisor === remainder
    }
    case '$bitsAllSet':
    case '$bitsAllClear':
    case '$bitsAnySet':
    case '$bitsAnyClear':
      return hasBits(value, operator, operand)
    default:
      throw new Error(`the judge does not know ${operator}`)
  }
}

function isEqual(value: unknown, operand: unknown): boolean {
  if (operand === null) return value === undefined || value === null
  return value !== undefined && compareValues(value, operand) === 0
}

/** Values of the operand's type only; what is no number is equal to itself and neither above nor below anything. */
function isOrdered(value: unknown, operator: string, operand: unknown): boolean {
  const takesEqual = operator.endsWith('e')
  if (operand === null) return takesEqual && isEqual(value, null)
  if (rankOf(value) !== rankOf(operand)) return false
  const order = compareValues(value, operand)
  if (order === 0) return takesEqual
  if (Number.isNaN(value) || Number.isNaN(operand)) return false
  return operator.startsWith('$g') ? order > 0 : order < 0
}

function isOfType(value: unknown, type: unknown): boolean {
  if (value === undefined) return false
  const name = isNumber(type) ? TYPE_NUMBERS[Number(type)] : type
  return name === 'number' ? isNumber(value) : typeNameOf(value) === name
}

/** Negative integers go on upwards with ones, binary with zeros. */
function hasBits(value: unknown, operator: string, operand: unknown): boolean {
  const bits = bitsOf(value)
  if (bits === undefined) return false
  const isSet = positionsOf(operand)
    .map(position => (bits >> BigInt(position)) & 1n)
    .map(Boolean)
  switch (operator) {
    case '$bitsAllSet':
      return isSet.every(set => set)
    case '$bitsAllClear':
      return isSet.every(set => !set)
    case '$bitsAnySet':
      return isSet.some(set => set)
    default:
      return isSet.some(set => !set)
  }
}

function bitsOf(value: unknown): bigint | undefined {
  if (value instanceof Uint8Array) {
    return value.reduce((bits, byte, index) => bits | (BigInt(byte) << BigInt(8 * index)), 0n)
  }
  const whole = wholePart(value)
  return typeof value === 'bigint' || Number.isInteger(value) ? whole : undefined
}

function positionsOf(operand: unknown): number[] {
  if (Array.isArray(operand)) return operand.map(Number)
  const bits = bitsOf(operand) ?? 0n
  return Array.from({ length: bits.toString(2).length }, (_, position) => position).filter(
    position => ((bits >> BigInt(position)) & 1n) === 1n
  )
}
