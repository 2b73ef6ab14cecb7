// The judge's part for `$`, `$[]` and `$[name]` in the paths of updates: which positions they stand for.
//
// Promises: as judge-update.ts. Source: MongoDB manual, "$ (update)", "$[]", "$[<identifier>]".

import { judge } from './judge.ts'
import { judgeExpression } from './judge-expression.ts'
import { type Change, Refusal } from './judge-paths.ts'
import type { Positions } from './judge-update.ts'
import { type Fields, isFields } from './values.ts'

const isDynamic = (name: string): boolean => name.startsWith('$')

/** Refuses filters without use, names without a filter, and names beside `$[]` or `$[name]` of one array. */
export function checkNames(changes: readonly Change[], { arrayFilters = [] }: Positions): void {
  const used = new Set(changes.flatMap(({ names }) => names.map(nameWithin)))
  const given = arrayFilters.map(nameOf)
  if (given.some((name, at) => !used.has(name) || given.indexOf(name) !== at)) throw new Refusal('a filter without use')
  for (const { names } of changes) {
    if (names.map(nameWithin).some(name => name !== '' && !given.includes(name))) throw new Refusal('no such filter')
  }
  for (const one of changes) for (const other of changes) checkMixed(one.names, other.names)
}

/** The name of `$[name]`; empty for what is none. */
function nameWithin(name: string): string {
  return /^\$\[(.+)\]$/.exec(name)?.[1] ?? ''
}

/** The one name whose elements a filter is asked of. */
function nameOf(filter: Fields): string {
  const [[first = '', operand] = []] = Object.entries(filter)
  if (first === '$or') return nameOf((operand as Fields[])[0] ?? {})
  return first.split('.')[0] ?? ''
}

function checkMixed(one: readonly string[], other: readonly string[]): void {
  const at = one.findIndex((name, index) => name !== other[index])
  const [left = '', right = ''] = [one[at], other[at]]
  if (left === '' || right === '') return
  if (left.startsWith('$[') !== right.startsWith('$[')) throw new Refusal('names beside selected elements')
}

/** The changes with a position in the place of each `$`, `$[]` and `$[name]`. */
export function placed(changes: readonly Change[], document: Fields, positions: Positions): Change[] {
  const all = changes.flatMap(change => pathsOf(document, change.names, positions).map(names => ({ ...change, names })))
  const dynamic = changes.some(({ names }) => names.some(isDynamic))
  if (dynamic) checkConflicts(all)
  return all
}

function checkConflicts(changes: readonly Change[]): void {
  const paths = changes.map(({ names }) => names.join('.'))
  const meets = (one: string, other: string) => one === other || other.startsWith(`${one}.`)
  const isTwice = paths.some((one, at) => paths.some((other, place) => at !== place && meets(one, other)))
  if (isTwice) throw new Refusal('a conflict')
}

function pathsOf(value: unknown, names: readonly string[], positions: Positions): string[][] {
  const [name, ...rest] = names
  if (name === undefined) return [[]]
  const below = (at: string) => pathsOf(child(value, at), rest, positions).map(path => [at, ...path])
  if (!isDynamic(name)) return below(name)
  if (name === '$') {
    if (positions.matched === undefined) throw new Refusal('$ stands for nothing')
    return below(String(positions.matched))
  }
  if (!Array.isArray(value)) throw new Refusal('no array')
  return value.flatMap((element, index) => (isSelected(element, name, positions) ? below(String(index)) : []))
}

function child(value: unknown, name: string): unknown {
  const hasFields = isFields(value) || Array.isArray(value)
  return hasFields && Object.hasOwn(value, name) ? (value as Fields)[name] : undefined
}

function isSelected(element: unknown, name: string, { arrayFilters = [] }: Positions): boolean {
  const wanted = nameWithin(name)
  if (wanted === '') return true
  const filter = arrayFilters.find(each => nameOf(each) === wanted) ?? {}
  return judge(filter, { [wanted]: element }, judgeExpression)
}
