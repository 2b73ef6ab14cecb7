// A real process on a real disk that becomes full, in each phase of its work: it says DISK_FULL, what it holds stays
// readable, half-made files are gone, it goes on once there is room, and opened again, on the full disk and with room,
// it has every acknowledged commit.
//
// The disk is a tmpfs of its own, which a superuser can mount. Each phase is begun with more and more pages free until
// it ends well, so that the room runs out in its first write, its last, and between. QUIRE_CASES sets the step from one
// number of pages to the next; without it each is twice the one before.
// Leaves to others: single calls that are refused (faults.test.ts), the workload and its judge (faulty.ts).

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { open } from '../../src/index.ts'
import { expectKept, other, type Run, runPlan, type Step, write } from './faulty.ts'

const STEP_PAGES = Number(process.env['QUIRE_CASES'] ?? 0)
const DISK_SIZE = '24m'
/** Room that is enough for each phase. */
const FREE_PAGES_MAX = 4000

/** What stands before the disk is full, and what meets the full disk. */
interface Phase {
  before: Step[]
  work: Step[]
  /** Ends without closing before the full disk is met: what meets it is the next opening. */
  isOpening?: boolean
}

/** How a process writes its log, and whether it ends while the disk is full. */
interface Form {
  log: 'mapped' | 'write'
  isKilled: boolean
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
/** A commit of `count` documents of `text` bytes. */
const many = (name: string, count: number, value: number, text: number) =>
  write(
    'many',
    numbers(count).map(n => `items/${name}${n}`),
    value,
    text
  )
const put = (name: string, value: number, text: number, durability: Step['durability'] = 'process') =>
  write('put', [`items/${name}`], value, text, durability)

const filled = [many('kept', 300, 1, 900), put('big', 2, 60_000), write('pair', ['left/n', 'right/n'], 3)]
const changed = [...numbers(100).map(n => put(`kept${n * 3}`, 4, 1200)), put('big', 5, 90_000)]
const PHASES: Record<string, Phase> = {
  'write of the log': {
    before: filled,
    work: [
      put('one', 10, 100),
      put('synced', 11, 3000, 'disk'),
      write('pair', ['left/n', 'right/n'], 12, 40_000),
      many('more', 100, 13, 3000),
      put('large', 14, 1_000_000, 'disk'),
      put('last', 15, 10)
    ]
  },
  'checkpoint of new pages': { before: filled, work: [other('checkpoint')] },
  'checkpoint with a journal': { before: [...filled, other('checkpoint'), ...changed], work: [other('checkpoint')] },
  backup: { before: [...filled, other('checkpoint'), ...changed], work: [other('backup')] },
  compaction: {
    before: [
      ...filled,
      other('index'),
      other('checkpoint'),
      ...numbers(270).map(n => write('delete', [`items/kept${n}`], 0)),
      ...numbers(30).map(n => put(`kept${n + 270}`, 6, 2000))
    ],
    work: [other('compact'), other('checkpoint')]
  },
  'making of an index': { before: [...filled, other('checkpoint')], work: [other('index'), other('checkpoint')] },
  salvage: { before: [...filled, other('checkpoint'), other('backup')], work: [other('salvage')] },
  closing: { before: [...filled, other('checkpoint'), ...changed], work: [other('reopen')] },
  recovery: { before: [...filled, other('checkpoint'), ...changed], work: [], isOpening: true }
}

/** A disk of its own, given back at the end of the test. */
function mountDisk(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quiredb-disk-'))
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE}`, 'quire', folder])
  if (status !== 0) throw new Error(String(stderr))
  return folder
}

/** Why this machine cannot mount a disk, or nothing. */
function reasonToSkip(): string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'mounting a tmpfs needs a superuser on Linux'
  const folder = mkdtempSync(join(tmpdir(), 'quiredb-disk-'))
  const { status, error, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'quire', folder])
  if (status === 0) spawnSync('umount', ['-l', folder])
  rmSync(folder, { recursive: true, force: true })
  return status === 0 ? '' : `mount: ${error?.message ?? String(stderr).trim()}`
}

const codesOf = (run: Run) =>
  run.lines.flatMap(line => /^(?:unopened|failed \d+|unread|unclosed) (\w+)/.exec(line)?.[1] ?? [])

/** What is true of each process: it ended by itself or was killed as planned, said nothing else, and lacked room alone. */
function expectOnlyFull(run: Run, when: string): void {
  expect([when, run.stderr]).toEqual([when, ''])
  expect([when, String(run.signal ?? run.code)]).toEqual([when, expect.stringMatching(/^(0|9|SIGKILL)$/)])
  expect([when, codesOf(run).filter(code => code !== 'DISK_FULL')]).toEqual([when, []])
  expect([when, run.lines.filter(line => line.startsWith('unread'))]).toEqual([when, []])
}

/** Half-made backups are gone; what a salvage could write into its new database is kept, and is whole. */
async function expectNothingHalf(folder: string, number: number, when: string): Promise<void> {
  const names = readdirSync(folder).filter(
    name => name.includes(`.backup${number}`) || name.includes(`.salvaged${number}`)
  )
  const salvaged = `test.quire.salvaged${number}`
  expect([when, names.filter(name => !name.startsWith(salvaged))]).toEqual([when, []])
  if (!names.includes(salvaged)) return
  const database = open(join(folder, salvaged))
  expect([when, (await database.check()).problems]).toEqual([when, []])
  database.close()
}

/** Does a phase with `free` pages on the disk; gives whether there was room for all of it. */
async function meetFullDisk(phase: Phase, free: number, { log, isKilled }: Form, when: string): Promise<boolean> {
  const folder = mountDisk()
  const path = join(folder, 'test.quire')
  const met = [...phase.before, other('fill', free), ...phase.work]
  const after = [put('after', 20, 10), other('empty'), put('again', 21, 5000, 'disk'), other('checkpoint')]
  // Who is killed leaves the disk full; the others find room again, and must be able to use it.
  const plan = isKilled ? met : [...met, ...after]
  const run = await runPlan(path, plan, { log, ending: isKilled ? 'kill' : 'close' })
  expectOnlyFull(run, when)
  const failed = run.steps.filter(step => step.code !== '').map(step => step.number)
  const isToldAll = run.steps.length === plan.length
  if (isToldAll) expect([when, failed.filter(number => number > met.length)]).toEqual([when, []])
  let isOpened = true
  if (isKilled || !isToldAll) {
    const second = await runPlan(path, [other('read')], { log, ending: 'close' })
    expectOnlyFull(second, `${when}, opened on the full disk`)
    isOpened = codesOf(second).length === 0
    run.lines.push(...second.lines.filter(line => line.startsWith('state ')))
  }
  rmSync(join(folder, 'ballast'), { force: true })
  await expectKept(path, plan, run, when)
  for (const number of failed) await expectNothingHalf(folder, number, when)
  return failed.every(number => number >= met.length) && isToldAll && isOpened
}

const reason = reasonToSkip()
const told = reason === '' ? '' : ` (skipped: ${reason})`

test.skipIf(reason !== '').each(Object.entries(PHASES))(
  `disk_that_is_full_in_the_%s_is_told_and_loses_nothing${told}`,
  { timeout: 3_600_000 },
  async (name, phase) => {
    let [free, runs] = [0, 0]
    for (; free < FREE_PAGES_MAX; runs++) {
      const form: Form = {
        log: runs % 4 < 2 ? 'write' : 'mapped',
        isKilled: phase.isOpening === true || runs % 2 === 1
      }
      const when = `${name}, ${free} pages free, ${JSON.stringify(form)}`
      if (await meetFullDisk(phase, free, form, when)) break
      free = STEP_PAGES > 0 ? free + STEP_PAGES : 2 * free + 1
    }
    console.log(`${name}: full ${runs} times, enough with ${free} pages`)
    expect(runs).toBeGreaterThan(0)
    expect(free).toBeLessThan(FREE_PAGES_MAX)
  }
)
