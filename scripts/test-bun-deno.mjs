// The npm package under Bun and Deno: packed, installed as a user would, its README's program, then run.ts in each.
//
// Prints what failed, and as its last line the counts of both runtimes. Promises: the runtimes are those of
// package-lock.json. Leaves to others: the cases (test/conformance), the checks (checks.ts).

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finish, ROOT, run, skipSuite } from './suite.mjs'

const HERE = join(ROOT, 'bindings/bun-deno')
const BIN = join(HERE, 'node_modules', '.bin')
/** Longest time of one program. */
const PROGRAM_MS_MAX = 300_000
/** @type {{ name: string, start: string[], inRepository: string[] }[]} */
const RUNTIMES = [
  { name: 'Bun', start: [join(BIN, 'bun')], inRepository: [] },
  {
    name: 'Deno',
    start: [
      join(BIN, 'deno'),
      'run',
      '--no-lock',
      '--allow-ffi',
      '--allow-read',
      '--allow-write',
      '--allow-env',
      '--allow-sys'
    ],
    inRepository: ['--config', join(HERE, 'deno.json')]
  }
]

/**
 * Runs what has to succeed.
 * @param {string[]} command
 * @param {string} cwd
 */
function must(command, cwd) {
  const { isDone, output, words } = run(command, { cwd, timeout: PROGRAM_MS_MAX })
  if (!isDone) throw new Error(`${command.join(' ')} failed: ${words}`)
  return output
}

/** A directory with the packed package installed, and the README's program in it. */
function installed() {
  const directory = mkdtempSync(join(tmpdir(), 'quiredb-packed-'))
  const packed = must(['npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', directory], ROOT)
  const file = packed.trim().split('\n').at(-1) ?? ''
  writeFileSync(join(directory, 'package.json'), '{ "type": "module", "private": true }')
  must(['npm', 'install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', `./${file}`], directory)
  const program = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(HERE, 'README.md'), 'utf8'))?.[1] ?? ''
  writeFileSync(join(directory, 'program.ts'), program)
  return directory
}

const install = ['npm', 'ci', '--no-audit', '--no-fund', '--prefer-offline']
const isThere = existsSync(join(BIN, 'deno')) && existsSync(join(BIN, 'bun'))
const installation = isThere ? undefined : run(install, { cwd: HERE, timeout: PROGRAM_MS_MAX })
if (installation?.isDone === false) skipSuite(`Bun and Deno cannot be installed from npm:\n${installation.words}`)
const total = { passed: 0, failed: 0, skipped: 0 }
const directory = installed()
for (const { name, start, inRepository } of RUNTIMES) {
  const program = run([...start, join(directory, 'program.ts')], { cwd: directory, timeout: PROGRAM_MS_MAX })
  const isRight = program.isDone && /Grace/.test(program.output) && !/Ada/.test(program.output)
  if (!isRight) console.log(`${name}: the README's program: ${program.words}`)
  rmSync(join(directory, 'app.quire'), { force: true })
  const cases = run([...start, ...inRepository, join(HERE, 'run.ts')], { timeout: PROGRAM_MS_MAX })
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(cases.output)
  if (!cases.isDone || counts === null || counts[2] !== '0') console.log(`${name}: ${cases.words}`)
  total.passed += Number(isRight) + Number(counts?.[1] ?? 0)
  total.failed += Number(!isRight) + Number(counts?.[2] ?? 0) + Number(!cases.isDone)
}
rmSync(directory, { recursive: true, force: true })
finish(total)
