// The npm package under Bun and Deno: packed, installed as a user would, its README's program, then run.ts in each.
//
// Prints what failed, and as its last line the counts of both runtimes. Promises: the runtimes are those of
// package-lock.json. Leaves to others: the cases (test/conformance), the checks (checks.ts).

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('../bindings/bun-deno/', import.meta.url))
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BIN = join(HERE, 'node_modules', '.bin')
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
 * @param {string[]} command
 * @param {string} cwd
 */
function run([program = '', ...args], cwd) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 300_000 })
  return { succeeded: status === 0, output: `${stdout ?? ''}${status === 0 ? '' : (stderr ?? '')}` }
}

/**
 * Runs what has to succeed.
 * @param {string[]} command
 * @param {string} cwd
 */
function must(command, cwd) {
  const { succeeded, output } = run(command, cwd)
  if (!succeeded) throw new Error(`${command.join(' ')} failed: ${output}`)
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
const installation = isThere ? { succeeded: true, output: '' } : run(install, HERE)
if (!installation.succeeded) {
  console.log(`Bun and Deno cannot be installed from npm:\n${installation.output}`)
  const isFailure = process.env['CI'] === 'true'
  console.log(isFailure ? '0 passed, 1 failed' : '0 passed, 0 failed, 1 skipped')
  process.exit(isFailure ? 1 : 0)
}
const total = { passed: 0, failed: 0 }
const directory = installed()
for (const { name, start, inRepository } of RUNTIMES) {
  const program = run([...start, join(directory, 'program.ts')], directory)
  const isRight = program.succeeded && /Grace/.test(program.output) && !/Ada/.test(program.output)
  if (!isRight) console.log(`${name}: the README's program: ${program.output}`)
  rmSync(join(directory, 'app.quire'), { force: true })
  const cases = run([...start, ...inRepository, join(HERE, 'run.ts')], ROOT)
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(cases.output)
  if (!cases.succeeded || counts === null || counts[2] !== '0') console.log(`${name}: ${cases.output}`)
  total.passed += Number(isRight) + Number(counts?.[1] ?? 0)
  total.failed += Number(!isRight) + Number(counts?.[2] ?? 0) + Number(!cases.succeeded)
}
rmSync(directory, { recursive: true, force: true })
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1
