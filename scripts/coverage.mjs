// Counts the lines of native/engine that the Rust tests alone reach.
//
//     npm run coverage [-- --missing [ROOM]] [--report] [--min 95]
//
// Builds the engine's tests with LLVM's instrumentation and runs them all: those in the rooms, and native/engine/tests
// with the simulated disk and the planted bugs. Ends with a table, a room a line; `--missing` adds the lines that no test
// reached, `--report` tells again of the run before, and below `--min` percent the exit status is 1. Test code counts
// neither way: files of tests, and what stands behind #[cfg(test)] at a file's end. Needs cargo-llvm-cov
// (`cargo install cargo-llvm-cov`), and LLVM's tools of rustc's major version, from rustup (llvm-tools) or the system
// (llvm-22). The build, 400 MB, goes to native/target/coverage, or where CARGO_TARGET_DIR says.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './suite.mjs'

const SOURCES = `${ROOT}native/engine/src/`
const LCOV = `${ROOT}build/coverage.lcov`
const TEST_FILE = /(^|[/_])(tests|test_directory)(\.rs$|\/)/

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    missing: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    min: { type: 'string', default: '95' }
  }
})

/** @param {string} program @param {string[]} args */
function output(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout : undefined
}

/** Where rustup has no llvm-tools, the system's of the same major version, which read the same profiles. */
function systemTools() {
  if (/^llvm-tools/m.test(output('rustup', ['component', 'list', '--installed']) ?? '')) return {}
  const major = /LLVM version: (\d+)/.exec(output('rustc', ['-vV']) ?? '')?.[1]
  const tools = { LLVM_COV: `llvm-cov-${major}`, LLVM_PROFDATA: `llvm-profdata-${major}` }
  const lacking = Object.values(tools).find(tool => output(tool, ['--version']) === undefined)
  if (lacking === undefined) return tools
  console.error(`There is neither rustup's llvm-tools nor ${lacking} on the PATH.`)
  process.exit(1)
}

/** @param {string[]} args */
function llvmCov(args) {
  const env = {
    CARGO_TARGET_DIR: `${ROOT}native/target/coverage`,
    CARGO_INCREMENTAL: '0',
    CARGO_PROFILE_TEST_OPT_LEVEL: '1',
    CARGO_PROFILE_TEST_DEBUG: '0',
    ...systemTools(),
    ...process.env
  }
  const { status, error } = spawnSync('cargo', ['llvm-cov', ...args], { cwd: `${ROOT}native`, stdio: 'inherit', env })
  if (status !== 0)
    throw new Error(`cargo llvm-cov ${args[0]} failed${error === undefined ? '' : `: ${error.message}`}`)
}

/** The line from which on a source has tests. @param {string} path */
function testsFrom(path) {
  const lines = readFileSync(path, 'utf8').split('\n')
  const at = lines.findIndex((line, n) => line === '#[cfg(test)]' && /^mod \w+ \{/.test(lines[n + 1] ?? ''))
  return at < 0 ? Number.POSITIVE_INFINITY : at + 1
}

/** Lines of each source, with how often they were reached. @returns {Map<string, [line: number, count: number][]>} */
function reachedLines() {
  const files = new Map()
  /** @type {[number, number][]} */
  let lines = []
  let end = 0
  for (const record of readFileSync(LCOV, 'utf8').split('\n')) {
    const [kind, value = ''] = record.split(/:(.*)/)
    if (kind === 'SF') {
      lines = []
      end = 0
      if (value.startsWith(SOURCES) && !TEST_FILE.test(value.slice(SOURCES.length))) {
        end = testsFrom(value)
        files.set(relative(SOURCES, value), lines)
      }
    }
    const [line = 0, count = 0] = value.split(',').map(Number)
    if (kind === 'DA' && line < end) lines.push([line, count])
  }
  return files
}

/** Numbers as ranges: 3-5, 9. @param {number[]} numbers */
function ranges(numbers) {
  /** @type {[number, number][]} */
  const runs = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else runs.push([number, number])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')
}

if (!values.report) {
  llvmCov(['--no-report', '--package', 'quire-engine', '--features', 'planted-bugs', '--no-fail-fast'])
}
mkdirSync(`${ROOT}build`, { recursive: true })
llvmCov(['report', '--lcov', '--output-path', LCOV])

/** @type {Map<string, { lines: number, reached: number }>} */
const rooms = new Map()
const all = { lines: 0, reached: 0 }
for (const [file, lines] of [...reachedLines()].sort()) {
  const room = file.replace(/(\/.*|\.rs)$/, '')
  const counts = rooms.get(room) ?? { lines: 0, reached: 0 }
  const missed = lines.filter(([, count]) => count === 0).map(([line]) => line)
  for (const sum of [counts, all]) {
    sum.lines += lines.length
    sum.reached += lines.length - missed.length
  }
  rooms.set(room, counts)
  const isAsked = values.missing && (positionals.length === 0 || positionals.includes(room))
  if (isAsked && missed.length > 0) console.log(`${file}: ${ranges(missed)}`)
}
/** @param {{ lines: number, reached: number }} counts */
const percent = ({ lines, reached }) => (100 * reached) / lines
for (const [name, counts] of [...rooms, /** @type {const} */ (['all', all])]) {
  const { lines, reached } = counts
  console.log(`${name.padEnd(14)} ${percent(counts).toFixed(2).padStart(6)} %  ${reached} of ${lines} lines`)
}
if (percent(all) < Number(values.min)) process.exitCode = 1
