// Runs the conformance cases and the runtime's own checks in whichever runtime this is; the last line has the counts.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Case, runCase } from '../../test/conformance/runner.ts'
import { CHECKS } from './checks.ts'

const GIVEN = process.env['QUIRE_CASES_FOLDER']
const CASES = GIVEN ?? fileURLToPath(new URL('../../test/conformance/cases/', import.meta.url))
const counts = { passed: 0, failed: 0 }

async function report(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
    counts.passed++
  } catch (error) {
    counts.failed++
    console.log(`failed: ${name}: ${error instanceof Error ? error.message : error}`)
  }
}

for (const file of readdirSync(CASES)) {
  const { cases } = JSON.parse(readFileSync(join(CASES, file), 'utf8')) as { cases: Case[] }
  for (const one of cases) await report(`${file}/${one.name}`, () => runCase(one))
}
const directory = mkdtempSync(join(tmpdir(), 'quiredb-runtime-'))
const checks = GIVEN === undefined ? Object.entries(CHECKS) : []
for (const [rule, check] of checks) await report(rule, () => check(directory))
rmSync(directory, { recursive: true, force: true })
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1
// With a database open, as a program may end.
const { open } = await import('quiredb')
open(':memory:').collection('a').insertOne({ last: true })
