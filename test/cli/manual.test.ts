// The manual, docs/CLI.md: its examples do what they say, and its exit codes are those of the command.
import { execFile } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { EXITS } from '../../src/cli/shared/failure.ts'
import { plainEnvironment, QUIRE, temporaryDirectory } from './quire.ts'

const MANUAL = readFileSync(new URL('../../docs/CLI.md', import.meta.url), 'utf8')

test.skipIf(process.platform === 'win32')('every_example_of_the_manual_runs', { timeout: 120_000 }, async () => {
  const directory = temporaryDirectory()
  const command = join(directory, 'quire')
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${QUIRE}" "$@"\n`)
  chmodSync(command, 0o755)
  const script = [...MANUAL.matchAll(/```sh\n(.*?)```/gs)].map(([, lines]) => lines).join('')
  expect(script.split('\n').filter(line => line.startsWith('quire ')).length).toBeGreaterThan(25)
  const path = `${directory}:${process.env['PATH']}`
  const env = plainEnvironment(directory, { PATH: path })
  const { stdout, stderr } = await promisify(execFile)('sh', ['-euc', script], { cwd: directory, env })
  expect(stderr).toBe('')
  for (const told of ['inserted 2', '"name": "Ada"', 'age_-1', 'Nina Simone', 'imported 1', 'loaded 3', 'is whole']) {
    expect(stdout).toContain(told)
  }
})

test('the_manual_has_every_exit_code', () => {
  for (const { code } of Object.values(EXITS)) expect(MANUAL).toContain(`| ${code} |`)
})
