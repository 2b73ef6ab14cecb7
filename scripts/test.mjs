// Runs every test suite of the repository and ends with one line: "N passed, N failed" (and ", N skipped" if any are).
// A suite is a row of SUITES: a command whose output is streamed, and a function that counts its tests.
// Promises: exit status 0 only when every suite ran tests and none failed. A suite whose program is not on this
// machine is skipped with its reason; under CI=true that is a failure, because nobody would read the reason.
// Where there is a cargo, the package is built first, so that no test meets an addon older than its source.

import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { IS_CI, isOnPath, ON_WINDOWS, ROOT, sentence } from './suite.mjs'

/** @typedef {import('./suite.mjs').Counts} Counts */

/**
 * @typedef {object} Suite
 * @property {string} name what the summary calls it
 * @property {string} [needs] a program that must be on the PATH; without it the suite is skipped
 * @property {string[]} command program and arguments, run at the repository's root
 * @property {(output: string) => Counts} count reads the tests' counts from what the command wrote to stdout
 */

const VITEST_REPORT = `${ROOT}build/vitest.json`

/** @type {Suite[]} */
const SUITES = [
  {
    name: 'engine and Rust binding (cargo)',
    needs: 'cargo',
    // The simulated disk, and the bugs that planted_bugs.rs switches on in its own process. The addon that the
    // other suites load is built without either.
    command: [
      ...['cargo', 'test', '--manifest-path', 'native/Cargo.toml', '--workspace', '--no-fail-fast'],
      ...['--features', 'quire-engine/planted-bugs']
    ],
    count: countCargo
  },
  {
    name: 'package (vitest)',
    command: ['npx', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${VITEST_REPORT}`],
    count: countVitest
  },
  {
    name: 'C (bindings/c)',
    needs: 'cc',
    command: ['node', 'scripts/test-c.mjs'],
    count: countLastLine
  },
  {
    name: 'Go (bindings/go)',
    command: ['node', 'scripts/test-go.mjs'],
    count: countLastLine
  },
  {
    name: 'Python (bindings/python)',
    command: ['node', 'scripts/test-python.mjs'],
    count: countLastLine
  },
  {
    name: 'server (schemathesis)',
    command: ['node', 'scripts/test-server.mjs'],
    count: countLastLine
  },
  {
    name: 'console (Chromium)',
    command: ['node', 'scripts/test-console.mjs'],
    count: countLastLine
  },
  {
    name: 'Bun and Deno',
    command: ['node', 'scripts/test-bun-deno.mjs'],
    count: countLastLine
  },
  {
    // Behind the suites that install the languages.
    name: 'one file, many languages',
    command: ['node', 'scripts/test-languages.mjs'],
    count: countLastLine
  }
]

/**
 * Sums the result line that each test program of a cargo run prints; one that began and ended without it crashed,
 * and is one failure.
 * @param {string} output
 * @returns {Counts}
 */
function countCargo(output) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const match of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    counts.passed += Number(match[1])
    counts.failed += Number(match[2])
    counts.skipped += Number(match[3])
  }
  const begun = output.match(/^running \d+ tests?$/gm)?.length ?? 0
  const ended = output.match(/^test result: /gm)?.length ?? 0
  counts.failed += Math.max(0, begun - ended)
  return counts
}

/** @returns {Counts} from the report file, which vitest writes even when tests fail */
function countVitest() {
  const report = JSON.parse(readFileSync(VITEST_REPORT, 'utf8'))
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests
  }
}

/**
 * The counts line with which our own test scripts end.
 * @param {string} output
 * @returns {Counts}
 */
function countLastLine(output) {
  const line = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1)
  if (line === undefined) throw new Error('the last line is not "N passed, N failed"')
  return { passed: Number(line[1]), failed: Number(line[2]), skipped: Number(line[3] ?? 0) }
}

/**
 * Runs a command, passing on what it prints while it prints it.
 * @param {string[]} command
 * @returns {Promise<{ succeeded: boolean, output: string }>}
 */
function run([program = '', ...args]) {
  return new Promise(resolve => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], shell: ON_WINDOWS })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
      process.stdout.write(text)
    })
    child.on('error', error => resolve({ succeeded: false, output: `${output}\n${error.message}` }))
    child.on('close', code => resolve({ succeeded: code === 0, output: stripVTControlCharacters(output) }))
  })
}

/**
 * A suite that failed without a failing test (it did not compile, it crashed, it ran nothing) counts as one failure.
 * @param {Suite} suite
 * @returns {Promise<Counts>}
 */
async function countsOf(suite) {
  const { succeeded, output } = await run(suite.command)
  let counts = { passed: 0, failed: 0, skipped: 0 }
  try {
    counts = suite.count(output)
  } catch (error) {
    console.error(`${suite.name}: no counts (${error instanceof Error ? error.message : error})`)
  }
  // A suite that skips itself has said why.
  const ranNothing = counts.passed + counts.skipped === 0
  if (counts.failed === 0 && (!succeeded || ranNothing)) counts.failed = 1
  return counts
}

rmSync(VITEST_REPORT, { force: true })
const total = { passed: 0, failed: 0, skipped: 0 }
const summary = []
if (isOnPath('cargo') && !(await run(['npm', 'run', '--silent', 'build'])).succeeded) {
  total.failed++
  summary.push('build: failed')
} else {
  for (const suite of SUITES) {
    let counts = { passed: 0, failed: 0, skipped: 1 }
    let note = ''
    if (suite.needs === undefined || isOnPath(suite.needs)) {
      counts = await countsOf(suite)
    } else {
      note = ` (there is no ${suite.needs} on the PATH)`
      if (IS_CI) counts = { passed: 0, failed: 1, skipped: 0 }
    }
    summary.push(`${suite.name}: ${sentence(counts)}${note}`)
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
  }
}
console.log(`\n${summary.join('\n')}\n${sentence(total)}`)
process.exitCode = total.failed === 0 ? 0 : 1
