// A real process whose n-th call to the operating system fails, for each n: its error has a code, what it holds stays
// readable, a failed sync of the log poisons it, and opened again it has every acknowledged commit.
// QUIRE_CASES sets how many calls from the first on are failed (a sample of 200 by default); faulty.ts has the workload.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryPath } from '../unit/temporary.ts'
import { expectKept, type Faults, faultEnvironment, faultLibrary, mixedPlan, type Run, runPlan } from './faulty.ts'

/** Calls that are failed in the short form, and the step from one to the next: no divisor of a round's calls. */
const CALLS = 200
const SAMPLE_STEP = 13
const longForm = Number(process.env['QUIRE_CASES'] ?? 0)
/** Codes that a failing disk may give, and those of steps that need what a failed one was to make; no other is right. */
const CODES = /^(IO|DISK_FULL|POISONED|COLLECTION_NOT_FOUND|INDEX_NOT_FOUND)$/

const plan = mixedPlan()
const firstOf = (run: Run) => run.steps.findIndex(step => step.code !== '')

/** What is true of a run in which one call failed and then no other: the session of that call alone is touched. */
function expectOneSession(run: Run, when: string): void {
  const sessions = run.steps
    .filter(step => step.code !== '')
    .map(({ number }) => plan.slice(0, number).filter(step => step.call === 'reopen').length)
  expect([when, [...new Set(sessions)].length]).toEqual([when, sessions.length === 0 ? 0 : 1])
  expect([when, run.lines.filter(line => line.startsWith('unread'))]).toEqual([when, []])
  expect([when, run.steps.length]).toEqual([when, plan.length])
}

/** A sync of the log that fails in a commit is the end of its session: nothing but closing is taken until then. */
function expectPoisoned(run: Run, told: string, when: string): void {
  const first = firstOf(run)
  const step = plan[run.steps[first]?.number ?? -1]
  if (!/^sync .*-log\d$/m.test(told) || step === undefined || step.durability !== 'disk') return
  const rest = run.steps.slice(first)
  const end = rest.findIndex(({ number }) => plan[number]?.call === 'reopen')
  const writes = rest.slice(0, end).filter(({ number }) => plan[number]?.does !== 'other')
  expect([when, writes.map(({ code }) => code)]).toEqual([when, writes.map(() => 'POISONED')])
}

/** Runs the workload with one call failing; gives the names of the calls that did. */
async function failCall(faults: Faults, log: 'mapped' | 'write'): Promise<string> {
  const path = temporaryPath()
  const when = `${faults.error} at call ${faults.at}${faults.isForever ? ' and all later ones' : ''}, log: ${log}`
  // Beside the folder whose calls fail, so that telling cannot fail.
  const told = `${dirname(path)}.told`
  const environment = faultEnvironment(`${dirname(path)}/`, told, faults)
  const run = await runPlan(path, plan, { log, ending: faults.at % 2 === 0 ? 'kill' : 'close', environment })
  expect([when, run.stderr]).toEqual([when, ''])
  expect([when, String(run.signal ?? run.code)]).toEqual([when, expect.stringMatching(/^(0|9|SIGKILL)$/)])
  const codes = run.lines.map(line => /^(?:unopened|failed \d+|unread|unclosed) (\w+)/.exec(line)?.[1])
  expect([when, codes.filter(code => code !== undefined && !CODES.test(code))]).toEqual([when, []])
  const names = existsSync(told) ? readFileSync(told, 'utf8') : ''
  rmSync(told, { force: true })
  if (!faults.isForever) {
    expectOneSession(run, when)
    expectPoisoned(run, names, when)
  }
  await expectKept(path, plan, run, when)
  return names
}

const missing = faultLibrary()
const reason = 'missing' in missing ? ` (skipped: ${missing.missing})` : ''

test.skipIf(reason !== '').each([
  ['EIO', 'write'],
  ['EIO', 'mapped'],
  ['ENOSPC', 'write'],
  ['ENOSPC', 'mapped']
] as const)(`every_call_may_fail_with_%s_and_log_%s${reason}`, { timeout: 3_600_000 }, async (error, log) => {
  const kinds = new Map<string, number>()
  const [count, step] = longForm > 0 ? [longForm, 1] : [CALLS, SAMPLE_STEP]
  for (let at = 1; at <= count; at += step) {
    for (const isForever of [false, true]) {
      const [name = ''] = (await failCall({ at, error, isForever }, log)).split(' ')
      if (!isForever) kinds.set(name, (kinds.get(name) ?? 0) + 1)
    }
  }
  console.log(`${error}, log ${log}: failed once`, Object.fromEntries(kinds))
  expect(kinds.get('write')).toBeGreaterThan(0)
  expect(kinds.get('sync')).toBeGreaterThan(0)
  // The workload makes more calls than are failed, so that each was met.
  expect(kinds.get('') ?? 0).toBe(0)
})
