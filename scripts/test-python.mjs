// Runs the tests of bindings/python: builds the C library, makes a virtual environment that git ignores, installs what
// requirements-test.txt names, runs pytest. Ends with "N passed, N failed, N skipped".
//
// Promises: without a Python of 3.9 or newer, a virtual environment or the packages, the suite is skipped in plain words;
// under CI=true that is a failure. Leaves to others: building the library (build-capi.mjs), the tests (pytest).

import { existsSync, rmSync } from 'node:fs'
import { finish, library, PYTHON, ROOT, run, skipSuite } from './suite.mjs'

const BINDING = `${ROOT}bindings/python`
const ENVIRONMENT = `${ROOT}build/python`
/** The words of pytest's last line, and what they count as. */
const COUNTED = { passed: 'passed', failed: 'failed', error: 'failed', errors: 'failed', skipped: 'skipped' }

/** The first Python that is new enough, PYTHON before the usual names. */
function findPython() {
  const candidates = [process.env['PYTHON'], 'python3', 'python'].filter(name => name !== undefined)
  const isNewEnough = ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']
  return candidates.find(python => run([python, ...isNewEnough]).isDone)
}

/** Makes the environment and puts the packages into it. */
function prepare() {
  const python = findPython() ?? skipSuite('there is no Python of 3.9 or newer on the PATH')
  const isUsable = existsSync(PYTHON) && run([PYTHON, '-m', 'pip', '--version']).isDone
  if (!isUsable) {
    rmSync(ENVIRONMENT, { recursive: true, force: true })
    const made = run([python, '-m', 'venv', ENVIRONMENT])
    if (!made.isDone) skipSuite(`${python} makes no virtual environment: ${made.words.trim()}`)
  }
  const packages = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements-test.txt']
  const installed = run([PYTHON, ...packages], { cwd: BINDING })
  if (!installed.isDone) skipSuite(`pip cannot install what the tests need: ${installed.words.trim()}`)
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
  console.log(built.words)
  finish({ passed: 0, failed: 1, skipped: 0 })
  process.exit()
}
const pytest = [PYTHON, '-m', 'pytest', '-q', '-rs', '--color=no', ...process.argv.slice(2)]
const { isDone, words, output } = run(pytest, { cwd: BINDING, env: { QUIRE_LIBRARY: library() } })
console.log(words)
const counts = countPytest(output)
if (!isDone && counts.failed === 0) counts.failed = 1
finish(counts)
