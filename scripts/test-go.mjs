// Runs the tests of bindings/go: without cgo, then by cgo under the race detector, and `go vet` on both. Builds the C
// library first, where there is a cargo. Ends with "N passed, N failed" (and ", N skipped").
//
// Promises: what go itself says of each test is counted; where there is no go, or no C compiler for cgo, that part is
// skipped with a plain word, and under CI=true fails. Leaves to others: the library (build-capi.mjs), the tests
// (bindings/go).

import { existsSync } from 'node:fs'
import { finish, IS_CI, isOnPath, LIBRARY_FOLDER, ROOT, run } from './suite.mjs'

const BINDING = `${ROOT}bindings/go`
/** Go 1.21 and later fetch the release that go.mod names where they are older. */
const GO_MINOR_MIN = 23

const counts = { passed: 0, failed: 0, skipped: 0 }

/** @param {string} name @param {string} reason */
function skip(name, reason) {
  console.log(`${name}: skipped: ${reason}`)
  counts[IS_CI ? 'failed' : 'skipped']++
}

/** @param {string} name @param {string} words */
function fail(name, words) {
  console.log(`${name}: ${words}`)
  counts.failed++
}

/**
 * Counts the tests of one run by go's own report; a test with parts counts by its parts.
 * @param {string} report lines of JSON
 */
function count(report) {
  /** @type {{ Action: string, Package?: string, Test?: string, Output?: string }[]} */
  const events = report
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line))
  const names = events.flatMap(({ Package, Test }) => (Test === undefined ? [] : [`${Package} ${Test}`]))
  const wholes = new Set(names.map(name => name.slice(0, name.lastIndexOf('/'))))
  const failures = new Set()
  let isFailed = false
  for (const { Action, Package, Test } of events) {
    const name = `${Package} ${Test}`
    if (Test === undefined || wholes.has(name)) continue
    if (Action === 'pass') counts.passed++
    if (Action === 'skip') counts.skipped++
    if (Action === 'fail') {
      counts.failed++
      failures.add(name)
      isFailed = true
    }
  }
  for (const { Package, Test, Output } of events) {
    if (Output !== undefined && (failures.has(`${Package} ${Test}`) || Test === undefined)) process.stdout.write(Output)
  }
  return isFailed
}

/** @param {string} name @param {string[]} flags @param {Record<string, string>} env */
function test(name, flags, env) {
  const vetted = run(['go', 'vet', ...flags.filter(flag => flag !== '-race'), './...'], { cwd: BINDING, env })
  if (vetted.isDone) counts.passed++
  else fail(`${name}, go vet`, vetted.errors)
  const tested = run(['go', 'test', '-count=1', '-json', ...flags, './...'], { cwd: BINDING, env })
  const isFailed = count(tested.output)
  if (!tested.isDone && !isFailed) fail(name, `go test failed: ${tested.errors}`)
}

/** The reason why go cannot run here; undefined when it can. */
function missing() {
  // In the binding: there an older go is the release of go.mod.
  const { isDone, output } = run(['go', 'version'], { cwd: BINDING })
  if (!isDone) return 'there is no go on the PATH'
  const minor = Number(/go1\.(\d+)/.exec(output)?.[1] ?? 0)
  return minor < GO_MINOR_MIN ? `go 1.${GO_MINOR_MIN} or later is needed, and this is ${output.trim()}` : undefined
}

const reason = missing()
if (reason !== undefined) {
  skip('Go', reason)
} else {
  const hasCargo = isOnPath('cargo')
  const built = hasCargo ? run(['node', 'scripts/build-capi.mjs']) : { isDone: existsSync(LIBRARY_FOLDER), words: '' }
  if (!built.isDone) fail('the C library', hasCargo ? built.words : 'is not built, and there is no cargo on the PATH')
  else {
    test('Go without cgo', [], { CGO_ENABLED: '0' })
    if (isOnPath(process.env['CC'] ?? 'cc')) {
      test('Go by cgo', ['-race', '-tags=quire_cgo'], { CGO_ENABLED: '1' })
    } else {
      skip('Go by cgo', 'there is no C compiler')
    }
  }
}
finish(counts)
