// Every example runs and does what it says: here the demo, which the README's first command starts.
// It uses the built package (dist/), as a user's program does; scripts/test.mjs has built it.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

test('the_demo_loses_no_acknowledged_insert', { timeout: 120_000 }, () => {
  execFileSync('npx', ['tsc', '-p', 'examples'], { cwd: ROOT, shell: process.platform === 'win32' })
  const output = execFileSync(process.execPath, ['build/examples/demo.js'], { cwd: ROOT, encoding: 'utf8' })
  expect(output).toMatch(/acknowledged before the kill, 0 of those are lost/)
  expect(output).toContain('cities are there again')
  expect(output).not.toMatch(/NOT ROLLED BACK|STILL THERE/)
})
