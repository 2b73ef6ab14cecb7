// Runs the benchmark: installs the peers when they are not there, compiles bench/ and starts it with the given options;
// `npm run bench -- growth` and `npm run bench -- load` start bench/growth.ts and bench/load.ts instead.
// The peers are no dependencies of the package, so that installing QuireDB never depends on how they build.

import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs a command at the repository's root and ends with its status when it fails.
 * @param {string} program
 * @param {string[]} args
 */
function run(program, args) {
  const shell = process.platform === 'win32' && program !== process.execPath
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', shell })
  if (status !== 0) process.exit(status ?? 1)
}

const INSTALLED = `${ROOT}bench/node_modules/.package-lock.json`
const WANTED = `${ROOT}bench/package-lock.json`
if (!existsSync(INSTALLED) || statSync(INSTALLED).mtimeMs < statSync(WANTED).mtimeMs) {
  console.error('Installing the peers (better-sqlite3 is compiled where it has no binary: a minute or two).')
  run('npm', ['ci', '--prefix', 'bench'])
}
run('npx', ['tsc', '-p', 'bench'])
const [first, ...others] = process.argv.slice(2)
if (first === 'growth' || first === 'load') run(process.execPath, [`bench/build/${first}.js`, ...others])
else run(process.execPath, ['bench/build/run.js', ...process.argv.slice(2)])
