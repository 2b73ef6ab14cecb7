// What mingo makes of a document by an update, and what its faults explain.
//
// Promises: as mingo.ts, for single changes in the place of single conditions.

import { update as mingoUpdate } from 'mingo'
import { show } from './cases.ts'
import { changesOf, Refusal } from './judge-paths.ts'
import { judgeUpdate } from './judge-update.ts'
import { leavesOf } from './leaves.ts'
import { FILTER_FAULTS } from './mingo-faults.ts'
import { type Touch, UPDATE_FAULTS } from './mingo-update-faults.ts'
import { asRead, type Fields, isFields } from './values.ts'

/** The document after the update, its fields in the order of their names; undefined where mingo refuses it. */
export function byMingo(update: Fields, document: Fields): string | undefined {
  const after = structuredClone(document)
  try {
    mingoUpdate(after, structuredClone(update) as never, [], {}, { cloneMode: 'deep' })
  } catch {
    return undefined
  }
  return shownSorted(after)
}

/** As `byMingo`, by the judge. */
export function byJudge(update: Fields, document: Fields): string | undefined {
  const after = judgeUpdate(update, document)
  return after === undefined ? undefined : shownSorted(after)
}

function shownSorted(value: unknown): string {
  return show(sorted(asRead(value)))
}

/** Fields in the order of their names, and no zero with a sign: mingo tells neither apart. */
function sorted(value: unknown): unknown {
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(sorted)
  if (!isFields(value)) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]))
}

/** Why mingo may differ: names of faults, and the changes for which there are none. */
export function explainUpdate(update: Fields, document: Fields): { faults: string[]; unexplained: Fields[] } {
  const singles = Object.entries(update).flatMap(([operator, paths]) =>
    Object.entries(paths as Fields).map(([path, operand]) => ({ operator, path, operand }))
  )
  const faults: string[] = []
  const unexplained: Fields[] = []
  for (const { operator, path, operand } of singles) {
    const single = { [operator]: { [path]: operand } }
    if (byMingo(single, document) === byJudge(single, document)) continue
    const touch: Touch = {
      operator,
      path,
      operand,
      document,
      old: valueAt(document, path.split('.')),
      isRefused: isValid(single) && judgeUpdate(single, document) === undefined,
      isFilterTouched: isFilterTouched(operand, valueAt(document, path.split('.')))
    }
    const fault = UPDATE_FAULTS.find(each => each.applies(touch))
    if (fault === undefined) unexplained.push(single)
    else faults.push(fault.name)
  }
  return { faults, unexplained }
}

function isValid(update: Fields): boolean {
  try {
    changesOf(update)
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

function valueAt(value: unknown, names: readonly string[]): unknown {
  const [name, ...rest] = names
  if (name === undefined) return value
  if (!isFields(value) && !Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? valueAt((value as Fields)[name], rest) : undefined
}

function isFilterTouched(condition: unknown, array: unknown): boolean {
  if (!Array.isArray(array)) return false
  return array.some(element =>
    leavesOf({ k: condition }, { k: element }).some(leaf => FILTER_FAULTS.some(fault => fault.applies(leaf)))
  )
}
