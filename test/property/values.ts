// The order and the types of values, as MongoDB documents them, in the plainest form: for the judge of filters.
//
// Promises: nothing here is taken from the engine or from mingo. Numbers compare by exact value whatever they are
// stored as. Source: MongoDB manual, "Comparison/Sort Order" and "BSON Types".

/** A document, or a map within one. */
export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return rankOf(value) === 4
}

export function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** The place of a value's type in the order of types; 0 is a missing field. */
export function rankOf(value: unknown): number {
  if (value === undefined) return 0
  if (value === null) return 1
  if (isNumber(value)) return 2
  if (typeof value === 'string') return 3
  if (Array.isArray(value)) return 5
  if (value instanceof Uint8Array) return 6
  if (typeof value === 'boolean') return 7
  return value instanceof Date ? 8 : 4
}

/** Negative, zero or positive as `left` comes before, with or after `right`. */
export function compareValues(left: unknown, right: unknown): number {
  const rank = rankOf(left)
  if (rank !== rankOf(right)) return rank - rankOf(right)
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right)
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right))
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(left, right, compareValues)
  if (left instanceof Uint8Array && right instanceof Uint8Array)
    return left.length - right.length || Buffer.compare(left, right)
  if (typeof left === 'boolean') return Number(left) - Number(right)
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime()
  if (isFields(left) && isFields(right)) return compareLists(Object.entries(left), Object.entries(right), compareFields)
  return 0
}

function compareNumbers(left: number | bigint, right: number | bigint): number {
  const isNan = [Number.isNaN(left), Number.isNaN(right)]
  if (isNan[0] || isNan[1]) return Number(isNan[1]) - Number(isNan[0])
  // JavaScript compares a bigint with a number by their exact values.
  return left < right ? -1 : Number(left > right)
}

function compareFields([leftKey, left]: [string, unknown], [rightKey, right]: [string, unknown]): number {
  return rankOf(left) - rankOf(right) || compareValues(leftKey, rightKey) || compareValues(left, right)
}

function compareLists<E>(left: readonly E[], right: readonly E[], compare: (left: E, right: E) => number): number {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compare(left[index] as E, right[index] as E)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** The name that `$type` has for a value. A whole number of 32 bits is stored as an integer, others by JavaScript's type. */
export function typeNameOf(value: unknown): string {
  if (isNumber(value)) {
    if (typeof value === 'number' && (Object.is(value, -0) || (value >>> 0 !== value && value >> 0 !== value)))
      return 'double'
    return Number(value) >= -(2 ** 31) && Number(value) < 2 ** 31 ? 'int' : 'long'
  }
  return ['undefined', 'null', '', 'string', 'object', 'array', 'binData', 'bool', 'date'][rankOf(value)] ?? ''
}

/** A number without what follows its point; undefined when that is beyond 64 bits, or the value is no number. */
export function wholePart(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  const whole = BigInt(Math.trunc(value))
  return whole >= -(2n ** 63n) && whole < 2n ** 63n ? whole : undefined
}

/** A value as it is read back: an integer comes as a number where that holds it exactly. */
export function asRead(value: unknown): unknown {
  if (typeof value === 'bigint') return narrowed(value)
  if (Array.isArray(value)) return value.map(asRead)
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, asRead(inner)]))
}

/** An integer as a number, where that holds it exactly. */
export function narrowed(value: bigint): number | bigint {
  return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value
}
