// Runs the benchmark: installs the peers when they are not there, compiles bench/ and starts it with the given options;
// `npm run bench -- durable`, `growth`, `kv`, `load`, `page`, `server` and `shards` start the file of that name in bench/
// instead (`server` with memstore's program, where it can be built), `seeds` bench-seeds.mjs, `npm run bench:guard` guard.ts.
// The peers are no dependencies of the package, so that installing QuireDB never depends on how they build.

import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildMemstore, MEMSTORE_PROGRAM } from './memstore.mjs'

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

const WANTED = `${ROOT}bench/package-lock.json`
const INSTALLED = `${ROOT}bench/node_modules/.package-lock.json`
/** What an installation without scripts leaves out. */
const COMPILED = `${ROOT}bench/node_modules/better-sqlite3/build/Release/better_sqlite3.node`
/** What is started instead of run.ts when it is the first argument. */
const OTHERS = ['durable', 'growth', 'guard', 'kv', 'load', 'page', 'server', 'shards']

const [first = '', ...rest] = process.argv.slice(2)
if (first === 'seeds') {
  run(process.execPath, ['scripts/bench-seeds.mjs', ...rest])
  process.exit()
}
const isGuard = first === 'guard'
const isMissing = !existsSync(INSTALLED)
const isOld = isMissing || statSync(INSTALLED).mtimeMs < statSync(WANTED).mtimeMs
if (isOld || !(isGuard || existsSync(COMPILED))) {
  console.error('Installing the peers (better-sqlite3 is compiled where it has no binary: a minute or two).')
  // The guard asks only peers that come with their binaries.
  run('npm', ['ci', '--prefix', 'bench', ...(isGuard && isMissing ? ['--ignore-scripts'] : [])])
}
run('npx', ['tsc', '-p', 'bench'])
if (first === 'server') {
  const { isDone, words } = buildMemstore()
  if (isDone) process.env['MEMSTORE'] = MEMSTORE_PROGRAM
  else console.error(`memstore is left out: ${words.trim().split('\n').at(-1)}`)
}
if (OTHERS.includes(first)) run(process.execPath, [`bench/build/${first}.js`, ...rest])
else run(process.execPath, ['bench/build/run.js', ...process.argv.slice(2)])
