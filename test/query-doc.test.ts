// docs/QUERY.md against the operators that the engine's code knows: each has a row, and each row is one.
//
// When an operator is added, this test asks for its row: what it does other than MongoDB, and where it is tested.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const QUERY = `${ROOT}native/engine/src/query/`
const PAGE = readFileSync(`${ROOT}docs/QUERY.md`, 'utf8')

/** The operators that `pattern` finds in files of native/engine/src/query. */
function inCode(pattern: RegExp, ...files: string[]): string[] {
  const found = files.flatMap(file =>
    [...readFileSync(QUERY + file, 'utf8').matchAll(pattern)].map(match => match[1] ?? '')
  )
  return [...new Set(found)].sort()
}

/** The operators in the first columns of the tables under a heading. */
function inPage(heading: string): string[] {
  const section = PAGE.split(/^#{2,3} /m).find(text => text.startsWith(`${heading}\n`))
  const columns = [...(section ?? '').matchAll(/^\| (.*?) \|/gm)].map(match => match[1] ?? '')
  const names = columns.flatMap(column =>
    [...column.matchAll(/`(\$[A-Za-z][A-Za-z0-9]*)`/g)].map(match => match[1] ?? '')
  )
  expect(names, `${heading}: a row twice`).toEqual([...new Set(names)])
  return names.sort()
}

const BYTES = /b"(\$[A-Za-z]\w*)"/g
const TEXTS = /"(\$[A-Za-z]\w*)"/g
const EXPRESSIONS = /\b(?:eager|lazy|impure|refused)\(\s*"(\$\w+)"/g

test('every_filter_operator_has_a_row', () => {
  expect(inPage('Filters')).toEqual(inCode(BYTES, 'filter/compile.rs', 'filter/refusal.rs'))
})

test('every_update_operator_has_a_row', () => {
  expect(inPage('Update operators')).toEqual(inCode(/b"(\$\w+)" => Operator::/g, 'update/operands.rs'))
})

test('every_expression_operator_has_a_row', () => {
  expect(inPage('Expressions')).toEqual(inCode(EXPRESSIONS, 'expression/operators.rs'))
})

test('every_accumulator_has_a_row', () => {
  expect(inPage('Accumulators')).toEqual(inCode(TEXTS, 'expression/accumulator.rs'))
})

test('every_stage_has_a_row', () => {
  const stages = inCode(/"(\$\w+)"(?= (?:\||=>|if ))/g, 'pipeline/compile.rs', 'expression_stages/compile.rs')
  expect(inPage('Stages')).toEqual(stages)
})

test('every_projection_operator_has_a_row', () => {
  expect(inPage('Projections')).toEqual(inCode(BYTES, 'projection/compile.rs'))
})

test('what_is_said_to_be_absent_is_absent', () => {
  const known = inCode(EXPRESSIONS, 'expression/operators.rs')
  expect(inPage('Not there').filter(name => known.includes(name))).toEqual([])
})
