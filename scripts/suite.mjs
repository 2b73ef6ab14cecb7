// What the suites of single bindings share: running programs, the C library that they are run on, skips in plain words
// and the line of counts with which each ends, which test.mjs reads.
//
// Promises: a suite that cannot run is skipped, and under CI=true fails, because nobody would read the reason.
// Leaves to others: what is run (test-*.mjs), building the library (build-capi.mjs).

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** The repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Where build-capi.mjs puts the C library. */
export const LIBRARY_FOLDER = join(ROOT, 'native/dist/capi')
/** Where programs are found by a shell. */
export const ON_WINDOWS = process.platform === 'win32'
/** The Python of the virtual environment that test-python.mjs makes. */
export const PYTHON = join(ROOT, 'build/python', ON_WINDOWS ? 'Scripts/python.exe' : 'bin/python')
/** Whether nobody reads what is printed. */
export const IS_CI = process.env['CI'] === 'true'

const OUTPUT_BYTES_MAX = 1 << 30
/** The shared library, as it is called on each system but Linux. */
const LIBRARY_NAMES = { darwin: 'libquire.dylib', win32: 'quire.dll' }

/** The shared C library. */
export function library() {
  const name = LIBRARY_NAMES[/** @type {keyof typeof LIBRARY_NAMES} */ (process.platform)] ?? 'libquire.so'
  return join(LIBRARY_FOLDER, name)
}

/**
 * Runs a program to its end: whether it ended well, what it printed, what it complained of, and both.
 * @param {string[]} command
 * @param {{ cwd?: string, env?: Record<string, string>, timeout?: number }} [options]
 */
export function run([program = '', ...args], { cwd = ROOT, env = {}, timeout } = {}) {
  const child = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    ...(timeout === undefined ? {} : { timeout })
  })
  const output = child.stdout ?? ''
  const errors = `${child.stderr ?? ''}${child.error === undefined ? '' : child.error.message}`
  return { isDone: child.status === 0, status: child.status, output, errors, words: `${output}${errors}` }
}

/** @param {string} program @param {string} [asked] what makes it tell its version */
export function isOnPath(program, asked = '--version') {
  return spawnSync(program, [asked], { stdio: 'ignore', shell: ON_WINDOWS }).status === 0
}

/** @param {Counts} counts */
export function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * Prints the counts of a suite and leaves its exit status.
 * @param {Counts} counts
 */
export function finish(counts) {
  console.log(sentence(counts))
  process.exitCode = counts.failed === 0 ? 0 : 1
}

/**
 * Ends a suite that cannot run.
 * @param {string} reason
 * @returns {never}
 */
export function skipSuite(reason) {
  console.log(reason)
  finish({ passed: 0, failed: IS_CI ? 1 : 0, skipped: IS_CI ? 0 : 1 })
  process.exit()
}
