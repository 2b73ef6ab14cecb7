// Runs the tests of bindings/python: builds the C library, makes a virtual environment that git ignores, installs what
// requirements-test.txt names, runs pytest. Ends with "N passed, N failed, N skipped".
//
// Promises: without a Python of 3.9 or newer, a virtual environment or the packages, the suite is skipped in plain words;
// under CI=true that is a failure. Leaves to others: building the library (build-capi.mjs), the tests (pytest).

import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BINDING = `${ROOT}bindings/python`
const ENVIRONMENT = `${ROOT}build/python`
const LIBRARY = `${ROOT}native/dist/capi`
const ON_WINDOWS = process.platform === 'win32'
const PYTHON = ON_WINDOWS ? `${ENVIRONMENT}/Scripts/python.exe` : `${ENVIRONMENT}/bin/python`
const LIBRARY_NAMES = { darwin: 'libquire.dylib', win32: 'quire.dll' }
/** The words of pytest's last line, and what they count as. */
const COUNTED = { passed: 'passed', failed: 'failed', error: 'failed', errors: 'failed', skipped: 'skipped' }

/**
 * Runs a program to its end.
 * @param {string[]} command
 * @param {Record<string, string>} [environment]
 */
function run([program = '', ...args], environment = {}) {
  const env = { ...process.env, ...environment }
  const child = spawnSync(program, args, { cwd: BINDING, env, encoding: 'utf8', maxBuffer: 1 << 28 })
  const words = `${child.stdout ?? ''}${child.stderr ?? ''}${child.error === undefined ? '' : child.error.message}`
  return { isDone: child.status === 0, output: child.stdout ?? '', words }
}

/**
 * Ends with a skip and its reason; a failure where nobody would read it.
 * @param {string} reason
 * @returns {never}
 */
function skip(reason) {
  const isFailure = process.env['CI'] === 'true'
  console.log(`the suite of Python is skipped: ${reason}`)
  console.log(isFailure ? '0 passed, 1 failed' : '0 passed, 0 failed, 1 skipped')
  process.exit(isFailure ? 1 : 0)
}

/** The first Python that is new enough, PYTHON before the usual names. */
function findPython() {
  const candidates = [process.env['PYTHON'], 'python3', 'python'].filter(name => name !== undefined)
  const isNewEnough = ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']
  return candidates.find(python => run([python, ...isNewEnough]).isDone)
}

/** Makes the environment and puts the packages into it. */
function prepare() {
  const python = findPython() ?? skip('there is no Python of 3.9 or newer on the PATH')
  const isUsable = existsSync(PYTHON) && run([PYTHON, '-m', 'pip', '--version']).isDone
  if (!isUsable) {
    rmSync(ENVIRONMENT, { recursive: true, force: true })
    const made = run([python, '-m', 'venv', ENVIRONMENT])
    if (!made.isDone) skip(`${python} makes no virtual environment: ${made.words.trim()}`)
  }
  const packages = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements-test.txt']
  const installed = run([PYTHON, ...packages])
  if (!installed.isDone) skip(`pip cannot install what the tests need: ${installed.words.trim()}`)
}

/**
 * The counts of pytest's last line, such as "3 failed, 700 passed, 1 skipped in 9.30s".
 * @param {string} output
 */
function countPytest(output) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  for (const [, count, word = ''] of line.matchAll(/(\d+) (\w+)/g)) {
    const kind = /** @type {keyof counts | undefined} */ (COUNTED[/** @type {keyof typeof COUNTED} */ (word)])
    if (kind !== undefined) counts[kind] += Number(count)
  }
  return counts
}

prepare()
const built = run(['node', `${ROOT}scripts/build-capi.mjs`])
if (!built.isDone) {
  console.log(`${built.words}\n0 passed, 1 failed`)
  process.exit(1)
}
const name = LIBRARY_NAMES[/** @type {keyof typeof LIBRARY_NAMES} */ (process.platform)] ?? 'libquire.so'
const pytest = [PYTHON, '-m', 'pytest', '-q', '-rs', '--color=no', ...process.argv.slice(2)]
const { isDone, words, output } = run(pytest, { QUIRE_LIBRARY: `${LIBRARY}/${name}` })
console.log(words)
const counts = countPytest(output)
if (!isDone && counts.failed === 0) counts.failed = 1
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed === 0 ? 0 : 1
