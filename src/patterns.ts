// Regular expressions of JavaScript in filters and expressions: spelled out as a text and its options.
//
// Promises: only where something is asked of a field, in filters and in what holds some: `$pull`, array filters,
// operations of bulk writes, pipelines within stages; and in the operators of expressions that take a pattern. A
// pattern anywhere else stays, and is refused like any other value that cannot be stored (plain.ts). What was given is
// not changed. Leaves to others: what a pattern means and which ones there are (the engine).

import { types } from 'node:util'
import { QuireError } from './errors.ts'

type Fields = Record<string, unknown>

/** Levels that are looked into; deeper filters are refused (plain.ts), and so are those that contain themselves. */
const DEPTH_MAX = 100

/** Flags that the engine has, and those that say nothing about whether a text matches. */
const FLAGS = 'imsu'
const SILENT_FLAGS = 'dg'

/** Where a request asks something of documents, by the names of its fields; other fields stay. */
const READERS: { readonly [field: string]: (value: unknown, depth: number) => unknown } = {
  filter: filterIn,
  matching: filterIn,
  arrayFilters: (filters, depth) => listOf(filters, depth, filterIn),
  update: updateOf,
  projection: projectionOf,
  pipeline: pipelineOf,
  operations: (operations, depth) => listOf(operations, depth, operationOf)
}

/** The operators of expressions that take a pattern, in their field `regex`. */
const PATTERN_OPERATORS: ReadonlySet<string> = new Set(['$regexMatch', '$regexFind', '$regexFindAll'])

/** Stages that have a pipeline or a filter among their fields. */
const STAGES_WITH_MORE = ['$lookup', '$unionWith', '$graphLookup', '$merge']

/** What these stages take: pipelines and filters, by the names of fields; other fields are expressions. */
const STAGE_READERS: { readonly [field: string]: (value: unknown, depth: number) => unknown } = {
  pipeline: pipelineOf,
  whenMatched: pipelineOf,
  restrictSearchWithMatch: filterIn
}

/**
 * The value with its patterns spelled out: a filter, an update, or a request that holds some.
 * @internal
 */
export function withPatterns(value: object, what: string): object {
  if (what === 'filter') return filterIn(value, 0) as object
  if (what === 'update') return updateOf(value) as object
  return what === 'request' && isFields(value) ? readBy(READERS, value, 0, asGiven) : value
}

/** The fields that have a reader, read; the others as `other` reads them. */
function readBy(
  readers: typeof READERS,
  fields: Fields,
  depth: number,
  other: (value: unknown, depth: number) => unknown
): Fields {
  return mapped(fields, (value, key) => (Object.hasOwn(readers, key) ? (readers[key] ?? asGiven) : other)(value, depth))
}

function asGiven(value: unknown): unknown {
  return value
}

function listOf(list: unknown, depth: number, read: (element: unknown, depth: number) => unknown): unknown {
  return Array.isArray(list) ? list.map(element => read(element, depth)) : list
}

function filterIn(filter: unknown, depth: number): unknown {
  return isFields(filter) ? filterOf(filter, depth) : filter
}

/** An operation of `bulkWrite`: a map of its name and its fields. */
function operationOf(operation: unknown, depth: number): unknown {
  if (!isFields(operation)) return operation
  return mapped(operation, fields => (isFields(fields) ? readBy(READERS, fields, depth, asGiven) : fields))
}

/** An update: stages, or operators, of which `$pull` asks something of elements. */
function updateOf(update: unknown): unknown {
  if (Array.isArray(update)) return pipelineOf(update, 0)
  if (!isFields(update) || !isFields(update['$pull'])) return update
  const $pull = mapped(update['$pull'], asked =>
    isFields(asked) && !startsWithOperator(asked) ? filterOf(asked, 0) : conditionOf(asked, 0)
  )
  return mapped(update, (operand, operator) => (operator === '$pull' ? $pull : operand))
}

/** A projection: expressions, and `$elemMatch`, which asks something of elements. */
function projectionOf(projection: unknown): unknown {
  if (!isFields(projection)) return projection
  return mapped(projection, shown =>
    isFields(shown) && '$elemMatch' in shown ? conditionOf(shown, 0) : expressionOf(shown, 0)
  )
}

/** An expression, or what holds some: the patterns of operators that take one. */
function expressionOf(expression: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) return expression
  if (Array.isArray(expression)) return expression.map(element => expressionOf(element, depth + 1))
  if (!isFields(expression)) return expression
  return mapped(expression, (operand, key) => {
    if (key === '$literal') return operand
    const inner = expressionOf(operand, depth + 1)
    return PATTERN_OPERATORS.has(key) && isFields(inner) ? matchingOf(inner, key) : inner
  })
}

/**
 * What an operator takes, its pattern spelled out.
 * @throws QuireError `INVALID_EXPRESSION` for options both in the pattern and beside it, as in MongoDB
 */
function matchingOf(operand: Fields, operator: string): Fields {
  const pattern = operand['regex']
  const operators = types.isRegExp(pattern) ? spelled(pattern) : undefined
  if (operators === undefined) return operand
  const { $regex: regex, $options } = operators
  if ($options === '') return { ...operand, regex }
  if (operand['options'] != null) {
    throw new QuireError(
      'INVALID_EXPRESSION',
      `${operator}: options stand both in the pattern ${pattern} and beside it`
    )
  }
  return { ...operand, regex, options: $options }
}

function pipelineOf(pipeline: unknown, depth: number): unknown {
  return depth > DEPTH_MAX ? pipeline : listOf(pipeline, depth + 1, stageOf)
}

function stageOf(stage: unknown, depth: number): unknown {
  if (!isFields(stage)) return stage
  return mapped(stage, (operand, name) => {
    if (!isFields(operand)) return expressionOf(operand, 0)
    if (name === '$match') return filterOf(operand, 0)
    if (name === '$facet') return mapped(operand, pipeline => pipelineOf(pipeline, depth))
    return STAGES_WITH_MORE.includes(name)
      ? readBy(STAGE_READERS, operand, depth, expressionOf)
      : expressionOf(operand, 0)
  })
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
    if (key === '$expr') return expressionOf(operand, depth + 1)
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
