// Runs schemathesis with all its checks over the routes of a server: requests made of /openapi.json, right and wrong ones.
// Ends with "N passed, N failed, N skipped", an operation each.
//
// Promises: without a Python of 3.10 or newer, a virtual environment or the packages, the suite is skipped in plain words;
// under CI=true that is a failure. QUIRE_EXAMPLES (3) requests of each operation at random, and as many chains of requests
// by the document's links; the seed is printed. Leaves to others: forms (schemathesis/hooks.py), change streams, which
// have no end: schemathesis waits for the whole of an answer (test/server/streams.test.ts).

import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { finish, ON_WINDOWS, ROOT, run, skipSuite } from './suite.mjs'

const FOLDER = `${ROOT}scripts/schemathesis`
const ENVIRONMENT = `${ROOT}build/schemathesis`
const BIN = join(ENVIRONMENT, ON_WINDOWS ? 'Scripts' : 'bin')
const PYTHON = join(BIN, ON_WINDOWS ? 'python.exe' : 'python')
const SERVER = `import { serve } from ${JSON.stringify(new URL('../dist/server/index.js', import.meta.url).href)}
const server = await serve({ folder: ':memory:', port: 0 })
console.log(server.url)`

/** Makes the environment and puts the packages into it. */
function prepare() {
  const isNewEnough = ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']
  const candidates = [process.env['PYTHON'], 'python3', 'python'].filter(name => name !== undefined)
  const python = candidates.find(name => run([name, ...isNewEnough]).isDone)
  if (python === undefined) skipSuite('there is no Python of 3.10 or newer on the PATH')
  const isUsable = existsSync(PYTHON) && run([PYTHON, '-m', 'pip', '--version']).isDone
  if (!isUsable) {
    rmSync(ENVIRONMENT, { recursive: true, force: true })
    const made = run([python ?? '', '-m', 'venv', ENVIRONMENT])
    if (!made.isDone) skipSuite(`${python} makes no virtual environment: ${made.words.trim()}`)
  }
  const packages = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt']
  const installed = run([PYTHON, ...packages], { cwd: FOLDER })
  if (!installed.isDone) skipSuite(`pip cannot install schemathesis: ${installed.words.trim()}`)
}

/**
 * Starts a server in memory.
 * @returns {Promise<{ url: string, stop: () => void }>}
 */
function startServer() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
    child.stdout.once('data', text => resolve({ url: String(text).trim(), stop: () => child.kill() }))
  })
}

/**
 * Runs schemathesis beside the server, which needs this process not to block.
 * @param {string} url
 * @returns {Promise<string>} what it printed
 */
function runSchemathesis(url) {
  const options = [
    ...[
      '--config-file',
      join(FOLDER, 'schemathesis.toml'),
      'run',
      `${url}/openapi.json`,
      '--url',
      url,
      '--checks',
      'all',
      '--no-color'
    ],
    ...['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', process.env['QUIRE_EXAMPLES'] ?? '3'],
    ...['--exclude-path-regex', '/changes$', '--request-timeout', '30', '--generation-database', 'none']
  ]
  const child = spawn(join(BIN, 'schemathesis'), options, {
    // It leaves files where it runs.
    cwd: ENVIRONMENT,
    env: { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: FOLDER },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  return new Promise(resolve => {
    let output = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
      process.stdout.write(text)
    })
    child.on('close', () => resolve(output))
  })
}

prepare()
const server = await startServer()
const output = await runSchemathesis(server.url)
server.stop()
const tested = Number(/^ +Tested: (\d+)$/m.exec(output)?.[1] ?? 0)
const titles = [...output.matchAll(/^_+ ([A-Z]+ \/\S*) _+$/gm)].map(([, title]) => title)
const failed = tested === 0 ? 1 : new Set(titles).size
finish({ passed: Math.max(0, tested - failed), failed, skipped: 0 })
