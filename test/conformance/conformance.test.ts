// The conformance cases on the package, and what they have to cover.
//
// A case that another language reads otherwise is a difference between bindings: README.md has the rules. Promises:
// every error code that a program can raise and every public method has a case, or a reason why it has none.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Collection, Database, Documents, Transaction } from 'quiredb'
import { expect, test } from 'vitest'
import { type Case, OPERATIONS, runCase, type Step } from './runner.ts'

const CASES = process.env['QUIRE_CASES_FOLDER'] ?? fileURLToPath(new URL('cases/', import.meta.url))
const families = readdirSync(CASES).map(file => ({
  name: file.replace('.json', ''),
  cases: (JSON.parse(readFileSync(join(CASES, file), 'utf8')) as { cases: Case[] }).cases
}))
const cases = families.flatMap(family => family.cases)

/** Codes that no case raises, and why. */
const CODES_WITHOUT_CASE: { readonly [code: string]: string } = {
  DISK_FULL: 'needs a full disk: the simulated one, native/engine/tests',
  IO: 'needs a disk that fails: the simulated one, native/engine/tests',
  POISONED: 'follows a disk that fails: the simulated one, native/engine/tests',
  OUT_OF_MEMORY: 'needs a machine without memory',
  SNAPSHOT_TOO_OLD: 'needs 256 MiB of changes under one cursor: native/engine/tests',
  TRANSACTION_TOO_LARGE: 'needs a commit of 1 GiB: native/engine/tests',
  INTERNAL: 'is a bug',
  FORKED: 'needs a process that forks: bindings/c'
}

/** Methods whose operation has another name, and those that have none, with the reason. */
const METHODS: { readonly [method: string]: string } = {
  collection: 'insertOne',
  liveQuery: 'is of TypeScript alone: test/unit/live-query.test.ts',
  kv: 'is of TypeScript alone: test/unit/kv.test.ts',
  namespace: 'is of TypeScript alone: test/unit/namespace.test.ts',
  listNamespaces: 'is of TypeScript alone: test/unit/namespace.test.ts',
  unchecked: 'is internal',
  abandon: 'is internal',
  commitAsync: 'commit off the event loop: test/unit/transaction.test.ts',
  async: 'the same verbs off the event loop: test/unit/async-collection.test.ts',
  closed: 'tells whether close was called: test/unit/database.test.ts',
  active: 'tells whether a transaction is open: test/unit/transaction.test.ts'
}

for (const family of families) {
  for (const one of family.cases) {
    test(`${family.name}/${one.name}`, () => runCase(one))
  }
}

function stepsOf(steps: readonly Step[]): Step[] {
  return steps.flatMap(step => [step, ...stepsOf(step.steps ?? [])])
}

test('there_are_300_cases_with_names_of_their_own', () => {
  const names = cases.map(one => one.name)
  expect(names.length).toBeGreaterThanOrEqual(300)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  expect(names.filter(name => !/^[a-zA-Z0-9_]+$/.test(name))).toEqual([])
})

test('every_error_code_of_the_engine_has_a_case', () => {
  const source = readFileSync(new URL('../../native/engine/src/error.rs', import.meta.url), 'utf8')
  const codes = [...source.matchAll(/^ {4}\w+ = \d+, "([A-Z_]+)"/gm)].map(match => match[1] as string)
  const raised = new Set(cases.flatMap(one => stepsOf(one.steps).flatMap(step => step.error ?? [])))
  expect(codes.filter(code => !raised.has(code) && CODES_WITHOUT_CASE[code] === undefined)).toEqual([])
  expect(Object.keys(CODES_WITHOUT_CASE).filter(code => raised.has(code))).toEqual([])
})

test('every_operation_has_a_case', () => {
  const done = new Set(cases.flatMap(one => stepsOf(one.steps).map(step => step.op)))
  expect(Object.keys(OPERATIONS).filter(op => !done.has(op))).toEqual([])
})

test('every_public_method_has_an_operation', () => {
  const methods = [Documents, Collection, Database, Transaction].flatMap(type =>
    Object.getOwnPropertyNames(type.prototype)
  )
  const wanted = [...new Set(methods)].filter(method => method !== 'constructor')
  expect(wanted.filter(method => OPERATIONS[method] === undefined && METHODS[method] === undefined)).toEqual([])
})

test('every_operation_is_told_of', () => {
  const page = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  expect(Object.keys(OPERATIONS).filter(op => !page.includes(`\`${op}\``))).toEqual([])
})
