// Runs the Rust tests under AddressSanitizer and ThreadSanitizer, the C tests of threads against a library under
// ThreadSanitizer, and the page memory under Miri.
//
//     npm run sanitize [-- --part address,threads,c-threads,miri]
//
// They need a nightly toolchain, for threads with its rust-src, for Miri with its miri: what is missing is said and
// skipped, and under CI=true a failure. Builds go to native/target/sanitize-PART, some GB each, and are removed with
// `--clean`. Linux only. Leaves to others: the C tests under the C compiler's own sanitizers (test-c.mjs).

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { IS_CI } from './suite.mjs'

const NATIVE = fileURLToPath(new URL('../native/', import.meta.url))
const BINDING = fileURLToPath(new URL('../bindings/c/', import.meta.url))
const TRIPLE = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`
/**
 * A test asks for more memory than there is and wants the refusal; the misuse campaign looks at memory, which a long
 * quarantine holds; a test of database.rs forgets a handle on purpose.
 */
const ADDRESS_OPTIONS = 'allocator_may_return_null=1:quarantine_size_mb=8:detect_leaks=0'
/** Tests of the engine in which threads meet. */
const THREADED = ['database', 'changes', 'backup', 'compact', 'histories']

/** @param {string} program @param {string[]} args */
function output(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** @param {string} part */
const folderOf = part => `${NATIVE}target/sanitize-${part}`

/**
 * Runs cargo in native/ with a sanitizer, or none; gives whether it ended well.
 * @param {string} part
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function cargo(part, args, env = {}) {
  const { status } = spawnSync('cargo', ['+nightly', ...args], {
    cwd: NATIVE,
    stdio: 'inherit',
    env: { ...process.env, CARGO_TARGET_DIR: folderOf(part), CARGO_PROFILE_TEST_OPT_LEVEL: '1', ...env }
  })
  return status === 0
}

/** The name of a toolchain's component that is missing, or undefined. @param {string} component */
function missing(component) {
  const installed = output('rustup', ['+nightly', 'component', 'list', '--installed']) ?? ''
  return installed.split('\n').some(line => line.startsWith(component)) ? undefined : component
}

function address() {
  const env = { RUSTFLAGS: '-Zsanitizer=address', ASAN_OPTIONS: ADDRESS_OPTIONS }
  const test = ['test', '--target', TRIPLE, '--features', 'quire-engine/simulation']
  return cargo('address', [...test, '-p', 'quire-frames', '-p', 'quire-engine', '-p', 'quire-capi'], env)
}

const THREAD_FLAGS = { RUSTFLAGS: '-Zsanitizer=thread' }
const BUILD_STD = ['-Zbuild-std', '--target', TRIPLE]

function threads() {
  const test = ['test', ...BUILD_STD, '--features', 'quire-engine/simulation', '-p', 'quire-engine']
  return cargo('threads', [...test, ...THREADED.flatMap(name => ['--test', name])], THREAD_FLAGS)
}

/** The C program of threads, compiled for ThreadSanitizer, with the library and the runtime of the Rust toolchain. */
function cThreads() {
  const part = 'c-threads'
  if (!cargo(part, ['rustc', ...BUILD_STD, '--release', '-p', 'quire-capi', '--crate-type', 'staticlib'], THREAD_FLAGS))
    return false
  const toolchain = `${output('rustc', ['+nightly', '--print', 'sysroot'])}/lib/rustlib/${TRIPLE}/lib`
  const program = `${folderOf(part)}/threads`
  const cc = process.env['CC'] ?? 'cc'
  mkdirSync(folderOf(part), { recursive: true })
  const include = [`-I${BINDING}include`, '-std=c11', '-D_POSIX_C_SOURCE=200809L', '-g', '-O1']
  /** @param {string[]} args */
  const compile = args => spawnSync(cc, args, { stdio: 'inherit' }).status === 0
  return (
    compile([...include, '-fsanitize=thread', '-c', `${BINDING}tests/threads.c`, '-o', `${program}.o`]) &&
    // The runtime is Rust's, for both: a program has room for one.
    compile([
      `${program}.o`,
      `${folderOf(part)}/${TRIPLE}/release/libquire.a`,
      `${toolchain}/librustc-nightly_rt.tsan.a`,
      ...['-lpthread', '-ldl', '-lm', '-lrt', '-o', program]
    ]) &&
    spawnSync(program, { stdio: 'inherit', env: { ...process.env, TSAN_OPTIONS: 'halt_on_error=1' } }).status === 0
  )
}

const PARTS = {
  address: { run: address, needs: [] },
  threads: { run: threads, needs: ['rust-src'] },
  'c-threads': { run: cThreads, needs: ['rust-src'] },
  miri: { run: () => cargo('miri', ['miri', 'test', '-p', 'quire-frames']), needs: ['rust-src', 'miri'] }
}

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: Object.keys(PARTS).join(',') },
    clean: { type: 'boolean', default: false }
  }
})
let failed = 0
for (const name of values.part.split(',')) {
  const part = PARTS[/** @type {keyof typeof PARTS} */ (name)]
  if (part === undefined) throw new Error(`there is no part ${name}; there are ${Object.keys(PARTS).join(', ')}`)
  const hasNightly = process.platform === 'linux' && output('cargo', ['+nightly', '--version']) !== undefined
  const lacking = hasNightly ? part.needs.find(missing) : 'a nightly toolchain on Linux'
  if (lacking !== undefined) {
    console.log(`skipped - ${name}: ${lacking} is missing`)
    if (IS_CI) failed++
    continue
  }
  const isPassed = part.run()
  console.log(`${isPassed ? 'ok' : 'not ok'} - ${name}`)
  if (!isPassed) failed++
  if (values.clean) rmSync(folderOf(name), { recursive: true, force: true })
}
if (failed > 0) process.exitCode = 1
