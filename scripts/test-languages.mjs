// One file, many languages: each binding writes documents of every type into one database, then each reads those of all.
//
// Every language runs a conformance case of its own, made here, by its runner: first the writers one after the other,
// then the readers, which compare document by document and leave a mark, so that one that ran nothing fails. Prints a
// line for each and ends with "N passed, N failed" (and ", N skipped").
// Promises: a language that is not on this machine is skipped by name, and under CI=true fails. Leaves to others:
// installing languages (test-python.mjs, test-bun-deno.mjs, which run before), the C library (build-capi.mjs).

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'quiredb'
import { finish, IS_CI, isOnPath, LIBRARY_FOLDER, library, PYTHON, ROOT, run } from './suite.mjs'

const BIN = join(ROOT, 'bindings/bun-deno/node_modules/.bin')
const work = mkdtempSync(join(tmpdir(), 'quire-languages-'))
const database = join(work, 'shared.quire')
const counts = { passed: 0, failed: 0, skipped: 0 }

/** @typedef {{ name: string, command: () => string[] | undefined, cwd?: string, env?: Record<string, string> }} Language */

const RUN_TS = join(ROOT, 'bindings/bun-deno/run.ts')
const DENO = ['run', '--no-lock', '--allow-all', '--config', join(ROOT, 'bindings/bun-deno/deno.json'), RUN_TS]
// The features of the suite "engine (cargo)", so that nothing is built twice.
const RUST = [
  ...['test', '--quiet', '--manifest-path', 'native/Cargo.toml', '--workspace', '--test', 'conformance'],
  ...['--features', 'quire-engine/planted-bugs']
]

/** @type {Language[]} */
const LANGUAGES = [
  { name: 'typescript', command: () => ['npx', 'vitest', 'run', 'test/conformance', '-t', 'shared/'] },
  { name: 'c', command: compiled },
  {
    name: 'rust',
    command: () => (isOnPath('cargo') ? ['cargo', ...RUST, 'every_case_gives_what_it_says'] : undefined)
  },
  {
    name: 'python',
    command: () =>
      existsSync(PYTHON) ? [PYTHON, '-m', 'pytest', '-q', 'tests/test_conformance.py', '-k', 'shared'] : undefined,
    cwd: join(ROOT, 'bindings/python')
  },
  {
    name: 'go',
    command: () =>
      isOnPath('go', 'version') ? ['go', 'test', '-count=1', '-run', '^TestConformance$', '.'] : undefined,
    cwd: join(ROOT, 'bindings/go'),
    env: { CGO_ENABLED: '0' }
  },
  { name: 'bun', command: () => (existsSync(join(BIN, 'bun')) ? [join(BIN, 'bun'), RUN_TS] : undefined) },
  { name: 'deno', command: () => (existsSync(join(BIN, 'deno')) ? [join(BIN, 'deno'), ...DENO] : undefined) }
]

/** The C runner, compiled; undefined where it cannot be. */
function compiled() {
  const binary = join(work, 'conformance')
  const cc = process.env['CC'] ?? 'cc'
  const source = join(ROOT, 'bindings/c/tests/conformance.c')
  const flags = ['-std=c11', '-D_POSIX_C_SOURCE=200809L', `-I${join(ROOT, 'bindings/c/include')}`, '-pthread']
  const link = [`-L${LIBRARY_FOLDER}`, '-lquire', '-lm', `-Wl,-rpath,${LIBRARY_FOLDER}`]
  const made = run([cc, ...flags, source, '-o', binary, ...link])
  if (!made.isDone) console.log(`the C runner does not compile: ${made.words}`)
  return made.isDone ? [binary] : undefined
}

/** Documents of every type that all languages know, as conformance cases have them. */
function documents() {
  const values = [
    null,
    true,
    false,
    '',
    'plain',
    'ä€😀 \u0000 \u2028',
    'x'.repeat(70_000),
    0,
    -1,
    127,
    128,
    -32_769,
    2 ** 31,
    { $numberLong: '9007199254740993' },
    { $numberLong: '-9223372036854775808' },
    { $numberLong: '18446744073709551615' },
    0.1,
    { $numberDouble: 'NaN' },
    { $numberDouble: '-Infinity' },
    { $numberDouble: '-0.0' },
    { $numberDouble: '5.0' },
    { $date: '2024-02-29T12:34:56.789Z' },
    { $date: { $numberLong: '-1' } },
    { $binary: { base64: 'AP8QgA==', subType: '00' } },
    { $binary: { base64: '', subType: '00' } },
    [],
    [[], [null, [1, 'a', { b: [] }]]],
    {},
    { a: { b: { c: { d: 'deep' } } }, ä: 1, '': 2 }
  ]
  const ids = [7, -7, 'text', { $binary: { base64: 'AQI=', subType: '00' } }, { $numberLong: '9007199254740993' }]
  const byValue = values.map((value, at) => ({ _id: 1_000 + at, kind: at % 3, value }))
  return [...byValue, ...ids.map(_id => ({ _id, kind: 'by its id', value: _id }))]
}

/**
 * Runs a case in one language and counts whether its runner was content.
 * @param {Language} language
 * @param {string[]} command
 * @param {string} name of the case
 * @param {object[]} steps
 */
function runCase({ name: language, cwd = ROOT, env = {} }, command, name, steps) {
  const folder = join(work, `${language}-${name}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'shared.json'), JSON.stringify({ cases: [{ name, storage: database, steps }] }))
  const chosen = {
    QUIRE_CASES_FOLDER: folder,
    QUIRE_CASES_CHOSEN: '1',
    QUIRE_TEST_FOLDER: folder,
    QUIRE_LIBRARY: library()
  }
  const { isDone, words } = run(command, { cwd, env: { ...chosen, ...env } })
  counts[isDone ? 'passed' : 'failed']++
  console.log(`${isDone ? 'ok' : 'not ok'} - ${language} ${name}`)
  if (!isDone) console.log(words)
}

/** @type {{ language: Language, command: string[] }[]} */
const present = []
for (const language of LANGUAGES) {
  const command = language.command()
  if (command !== undefined) present.push({ language, command })
  else {
    console.log(`skipped - ${language.name}: it is not on this machine, or its own suite has not run`)
    counts[IS_CI ? 'failed' : 'skipped']++
  }
}
const written = documents()
const ofKind = written.filter(({ kind }) => kind === 1)
for (const { language, command } of present) {
  const collection = language.name
  runCase(language, command, 'writes', [
    { op: 'createIndex', collection, arguments: { keys: { kind: 1 } } },
    { op: 'insertMany', collection, arguments: { documents: written } },
    { op: 'check', result: { $some: { isClean: true } } }
  ])
}
for (const { language, command } of present) {
  const steps = present.flatMap(({ language: { name: collection } }) => [
    { op: 'find', collection, result: { $unordered: written } },
    ...written.map(document => ({ op: 'get', collection, arguments: { id: document._id }, result: document })),
    { op: 'find', collection, arguments: { filter: { kind: 1 }, hint: { kind: 1 } }, result: { $unordered: ofKind } }
  ])
  const mark = { op: 'insertOne', collection: 'readers', arguments: { document: { _id: language.name } } }
  runCase(language, command, 'reads_what_all_wrote', [...steps, mark])
}
const db = open(database, { readOnly: true })
const marks = new Set(db.collection('readers').distinct('_id'))
for (const { language } of present) {
  const isThere = marks.has(language.name) && db.collection(language.name).countDocuments() === written.length
  counts[isThere ? 'passed' : 'failed']++
  if (!isThere) console.log(`not ok - ${language.name} ran its cases`)
}
db.close()
rmSync(work, { recursive: true, force: true })
finish(counts)
