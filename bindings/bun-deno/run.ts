// Runs the conformance cases and the runtime's own checks in whichever runtime this is; the last line has the counts.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Case, runCase } from '../../test/conformance/runner.ts'
import { CHECKS } from './checks.ts'

const CASES = new URL('../../test/conformance/cases/', import.meta.url)
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
  const { cases } = JSON.parse(readFileSync(new URL(file, CASES), 'utf8')) as { cases: Case[] }
  for (const one of cases) await report(`${file}/${one.name}`, () => runCase(one))
}
const directory = mkdtempSync(join(tmpdir(), 'quiredb-runtime-'))
for (const [rule, check] of Object.entries(CHECKS)) await report(rule, () => check(directory))
rmSync(directory, { recursive: true, force: true })
console.log(`${counts.passed} passed, ${counts.failed} failed`)
// With a database open, as a program may end.
const { open } = await import('quiredb')
open(':memory:').collection('a').insertOne({ last: true })
