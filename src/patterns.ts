// Regular expressions of JavaScript in filters: spelled out as `$regex` and `$options`.
//
// Promises: only where a filter asks something of a field; a pattern anywhere else stays, and is refused like any other
// value that cannot be stored (plain.ts). The filter that was given is not changed. Leaves to others: what a pattern
// means and which ones there are (the engine).

import { types } from 'node:util'

type Fields = Record<string, unknown>

/** Levels that are looked into; deeper filters are refused (plain.ts), and so are those that contain themselves. */
const DEPTH_MAX = 100

/** Flags that the engine has, and those that say nothing about whether a text matches. */
const FLAGS = 'imsu'
const SILENT_FLAGS = 'dg'

/**
 * The value with its patterns spelled out: a filter, or a request that holds some.
 * @internal
 */
export function withPatterns(value: object, what: string): object {
  if (what === 'filter') return isFields(value) ? filterOf(value, 0) : value
  if (what !== 'request' || !isFields(value)) return value
  const { filter, pipeline } = value
  return {
    ...value,
    ...(isFields(filter) ? { filter: filterOf(filter, 0) } : {}),
    ...(Array.isArray(pipeline) ? { pipeline: pipeline.map(stageOf) } : {})
  }
}

function stageOf(stage: unknown): unknown {
  return isFields(stage) && isFields(stage['$match']) ? { ...stage, $match: filterOf(stage['$match'], 0) } : stage
}

/** A map of paths and connectives. */
function filterOf(filter: Fields, depth: number): Fields {
  if (depth > DEPTH_MAX) return filter
  return mapped(filter, (operand, key) => {
    if (key === '$and' || key === '$or' || key === '$nor') {
      return Array.isArray(operand)
        ? operand.map(branch => (isFields(branch) ? filterOf(branch, depth + 1) : branch))
        : operand
    }
    return key.startsWith('$') ? operand : conditionOf(operand, depth + 1)
  })
}

/** What is asked of a field: a pattern, a map of operators, or a value. */
function conditionOf(condition: unknown, depth: number): unknown {
  if (types.isRegExp(condition)) return spelled(condition) ?? condition
  if (!isFields(condition) || !startsWithOperator(condition) || depth > DEPTH_MAX) return condition
  const spelledOut = mapped(condition, (operand, operator) => {
    if (operator === '$not') return conditionOf(operand, depth + 1)
    if (operator !== '$elemMatch' || !isFields(operand)) return operand
    return startsWithOperator(operand) ? conditionOf(operand, depth + 1) : filterOf(operand, depth + 1)
  })
  const pattern = condition['$regex']
  if (!types.isRegExp(pattern)) return spelledOut
  const operators = spelled(pattern)
  return operators === undefined ? condition : { ...spelledOut, ...operators, ...optionsOf(condition) }
}

/** Options that are given apart hold in the place of the pattern's own. */
function optionsOf({ $options }: Fields): Fields {
  return $options === undefined ? {} : { $options }
}

function spelled({ source, flags }: RegExp): Fields | undefined {
  const known = [...flags].filter(flag => !SILENT_FLAGS.includes(flag))
  return known.every(flag => FLAGS.includes(flag)) ? { $regex: source, $options: known.join('') } : undefined
}

function startsWithOperator(fields: Fields): boolean {
  const first = Object.keys(fields)[0] ?? ''
  return first.startsWith('$') && !['$and', '$or', '$nor'].includes(first)
}

function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A copy without a prototype, so that a key `__proto__` stays one and is refused. */
function mapped(fields: Fields, change: (value: unknown, key: string) => unknown): Fields {
  const copy = Object.create(null) as Fields
  for (const key of Object.keys(fields)) copy[key] = change(fields[key], key)
  return copy
}
