// The command that measures the machine: what it tells, and that it leaves nothing behind.
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { done, quire, refusal, startQuire, temporaryDirectory } from './quire.ts'

const SMALL = ['--documents', '300', '--durable', '5', '--rounds', '2']

test('bench_tells_each_operation_beside_the_least_that_does_it', async () => {
  const directory = temporaryDirectory()
  const { machine, plan, operations } = JSON.parse(await done(directory, ['bench', ...SMALL, '--json']))
  expect(plan).toMatchObject({ documents: 300, durableInserts: 5, rounds: 2 })
  expect(machine.cores).toBeGreaterThan(0)
  const names = operations.map((line: { operation: string }) => line.operation)
  expect(names).toEqual([
    'insert one by one',
    'insert 1000 at a time',
    'read by id',
    'find 10 by an index',
    'update by id',
    'insert, on disk'
  ])
  for (const { perSecond, microseconds, besideMicroseconds, ratio } of operations) {
    for (const figure of [perSecond, microseconds, besideMicroseconds, ratio]) expect(figure).toBeGreaterThan(0)
  }
  expect(readdirSync(directory)).toEqual([])
})

test('bench_has_a_table_for_people', async () => {
  const directory = temporaryDirectory()
  const told = await done(directory, ['bench', '.', ...SMALL])
  for (const part of ['read by id', 'power cut', 'write + fdatasync', 'medians of 2 rounds'])
    expect(told).toContain(part)
})

test('bench_refuses_what_it_cannot_measure', async () => {
  const directory = temporaryDirectory()
  expect(await refusal(directory, ['bench', 'nowhere'])).toMatchObject({ exit: 3, code: 'NOT_FOUND' })
  expect(await refusal(directory, ['bench', '--rounds', '0'])).toMatchObject({ exit: 2, code: 'USAGE' })
  expect((await quire(directory, ['bench', '--documents', 'many'])).code).toBe(2)
})

test.skipIf(process.platform === 'win32')('bench_that_is_interrupted_takes_its_files_away', async () => {
  const directory = temporaryDirectory()
  const child = startQuire(directory, ['bench', '--documents', '20000', '--rounds', '100'])
  const ended = new Promise(resolve => child.once('exit', resolve))
  while (readdirSync(directory).length === 0) await new Promise(resolve => setImmediate(resolve))
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  expect(readdirSync(directory)).toEqual([])
})
