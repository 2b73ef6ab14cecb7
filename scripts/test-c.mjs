// Builds the C library and runs every test of bindings/c: the headers by themselves and beside the library's symbols, the
// test programs plain, under the sanitizers of the compiler and under valgrind, the examples, the README's program, and
// programs of a user who installed the library, by pkg-config and by CMake. Prints a line for each test and ends with
// "N passed, N failed, N skipped".
//
// Promises: a tool that is not on this machine skips its part with a plain word, and under CI=true fails it. Test programs
// print "ok - name" or "not ok - name" (bindings/c/tests/test.h); one that ends otherwise is one failure more.
// Leaves to others: building the library (build-capi.mjs), installing it (install-capi.mjs).

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { finish, IS_CI, isOnPath, LIBRARY_FOLDER, ROOT, run } from './suite.mjs'

const BINDING = `${ROOT}bindings/c`
const CC = process.env['CC'] ?? 'cc'
const CXX = process.env['CXX'] ?? 'c++'
const WARNINGS = ['-Wall', '-Wextra', '-Werror', '-pedantic']
const C11 = ['-std=c11', '-D_POSIX_C_SOURCE=200809L', ...WARNINGS, '-g', '-O1', '-pthread', `-I${BINDING}/include`]
const LINK = [`-L${LIBRARY_FOLDER}`, '-lquire', `-Wl,-rpath,${LIBRARY_FOLDER}`]
const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined']
/**
 * Not for the sanitizers: where another thread allocates while a process forks, the child finds their allocator locked
 * (seen with gcc 12, in one run of six). Plain and under valgrind the program runs.
 */
const FORKING = 'forks'
/** Longest time of one program. */
const PROGRAM_MS_MAX = 600_000

const counts = { passed: 0, failed: 0, skipped: 0 }

/** @param {string} name @param {boolean} isPassed @param {string} [words] what to show of a failure */
function report(name, isPassed, words = '') {
  counts[isPassed ? 'passed' : 'failed']++
  console.log(`${isPassed ? 'ok' : 'not ok'} - ${name}`)
  if (!isPassed && words !== '') console.log(words.replace(/^/gm, '# '))
}

/**
 * Counts a part that is not for this system.
 * @param {string} name
 * @param {string} reason
 */
function skip(name, reason) {
  counts.skipped++
  console.log(`skipped - ${name}: ${reason}`)
}

/**
 * Counts a part for which a tool is missing.
 * @param {string} name
 * @param {string} reason
 */
function miss(name, reason) {
  if (!IS_CI) return skip(name, reason)
  report(name, false, reason)
}

const work = mkdtempSync(`${tmpdir()}/quire-c-`)

/** Whether the compiler and this machine can run what is compiled with `flags`. @param {string[]} flags */
function canRun(flags) {
  writeFileSync(`${work}/probe.c`, 'int main(void) { return 0; }\n')
  return run([CC, ...flags, `${work}/probe.c`, '-o', `${work}/probe`]).isDone && run([`${work}/probe`]).isDone
}

function testHeaders() {
  for (const header of readdirSync(`${BINDING}/include`)) {
    writeFileSync(`${work}/header.c`, `#include "${header}"\nint main(void) { return 0; }\n`)
    for (const { compiler, flags, language } of [
      { compiler: CC, flags: ['-std=c11', '-x', 'c'], language: 'C11' },
      { compiler: CXX, flags: ['-std=c++17', '-x', 'c++'], language: 'C++17' }
    ]) {
      const name = `${header} compiles as ${language}`
      if (!isOnPath(compiler)) {
        miss(name, `there is no ${compiler} on the PATH`)
        continue
      }
      const include = `-I${BINDING}/include`
      const made = run([compiler, ...flags, ...WARNINGS, include, '-fsyntax-only', `${work}/header.c`])
      report(name, made.isDone, made.words)
    }
  }
}

/** What the shared library shows to the loader is what the headers declare, and nothing of what it is made of. */
function testSymbols() {
  const name = 'the shared library exports what the headers declare'
  if (process.platform !== 'linux') return skip(name, 'libraries of this system are looked at by other means')
  if (!isOnPath('nm')) return miss(name, 'there is no nm on the PATH')
  const headers = readdirSync(`${BINDING}/include`).map(header => readFileSync(`${BINDING}/include/${header}`, 'utf8'))
  const declared = [...headers.join('').matchAll(/^\w[\w *]*?(\w+)\(/gm)].map(call => call[1])
  const { output } = run(['nm', '-D', '--defined-only', `${LIBRARY_FOLDER}/libquire.so`])
  const exported = [...output.matchAll(/^\S+ \w (\S+)$/gm)].map(symbol => symbol[1])
  const isSame = declared.length > 0 && `${declared.sort()}` === `${exported.sort()}`
  report(name, isSame, `exported: ${exported}\ndeclared: ${declared}`)
}

/**
 * Runs one test program in one way and counts its lines.
 * @param {string} way
 * @param {string} program its name
 * @param {string[]} flags of the compiler
 * @param {string[]} under what it is run under
 */
function testProgram(way, program, flags, under) {
  const binary = `${work}/${program}-${way}`
  const made = run([CC, ...C11, ...flags, `${BINDING}/tests/${program}.c`, '-o', binary, ...LINK])
  if (!made.isDone) return report(`${program} compiles, ${way}`, false, made.words)
  const folder = `${work}/${program}-${way}.files`
  mkdirSync(folder)
  const env = { QUIRE_TEST_FOLDER: folder, QUIRE_CASES_FOLDER: `${ROOT}test/conformance/cases` }
  const { isDone, status, output, words } = run([...under, binary], { env, timeout: PROGRAM_MS_MAX })
  const lines = [...output.matchAll(/^(not ok|ok) - (.*)$/gm)]
  for (const [, verdict, name] of lines) report(`${program}/${name} (${way})`, verdict === 'ok')
  const hasFailed = lines.some(([, verdict]) => verdict === 'not ok')
  if (hasFailed || !isDone) console.log(words.replace(/^/gm, '# '))
  if (!isDone && !hasFailed) report(`${program} ends well, ${way}`, false, `its status was ${status}`)
  if (lines.length === 0) report(`${program} runs tests, ${way}`, false)
}

/**
 * What valgrind is asked otherwise of some programs. A child made by fork ends with all of its parent's memory, which is
 * no leak. Optimised code of the aggregation's sets branches on a part of a value that is not set, and throws the result
 * away: the engine has no unsafe code, and addresses and leaks are looked at all the same.
 * @type {Record<string, string[]>}
 */
const VALGRIND_OTHERWISE = { [FORKING]: ['--leak-check=no'], conformance: ['--undef-value-errors=no'] }

/** @param {string} program */
function valgrind(program) {
  const usual = ['valgrind', '-q', '--error-exitcode=99', '--leak-check=full', '--errors-for-leak-kinds=definite']
  return [...usual, ...(VALGRIND_OTHERWISE[program] ?? [])]
}

function testPrograms() {
  const programs = readdirSync(`${BINDING}/tests`)
    .filter(file => file.endsWith('.c'))
    .map(file => file.slice(0, -'.c'.length))
  for (const program of programs) testProgram('plain', program, [], [])
  if (canRun(SANITIZERS)) {
    const sanitized = programs.filter(program => program !== FORKING)
    for (const program of sanitized) testProgram('sanitized', program, SANITIZERS, [])
  } else {
    miss('test programs under sanitizers', `${CC} cannot make or run programs with ${SANITIZERS[0]}`)
  }
  if (isOnPath('valgrind')) {
    for (const program of programs) testProgram('valgrind', program, [], valgrind(program))
  } else {
    const tell = process.platform === 'linux' ? miss : skip
    tell('test programs under valgrind', 'there is no valgrind on the PATH')
  }
}

/** Examples say in their head what they print: each line of it behind "Prints:" stands for one. */
function testExamples() {
  for (const file of readdirSync(`${BINDING}/examples`).filter(file => file.endsWith('.c'))) {
    const binary = `${work}/example-${file}.bin`
    const folder = `${work}/example-${file}.files`
    mkdirSync(folder)
    const made = run([CC, ...C11, `${BINDING}/examples/${file}`, '-o', binary, ...LINK])
    const ran = made.isDone ? run([binary], { cwd: folder }) : made
    const head = readFileSync(`${BINDING}/examples/${file}`, 'utf8')
    const wanted = [...(/^\/\/ Prints:\n((?:\/\/ {3}.*\n)+)/m.exec(head)?.[1] ?? '').matchAll(/^\/\/ {3}(.*)$/gm)]
    const isRight = ran.isDone && wanted.length > 0 && ran.output === `${wanted.map(line => line[1]).join('\n')}\n`
    report(`example ${file} prints what its head says`, isRight, ran.words)
  }
}

/** The first block of C in the README, and what it says that it prints. */
function readmeProgram() {
  const readme = readFileSync(`${BINDING}/README.md`, 'utf8')
  const program = /```c\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const printed = /\/\/ prints (.*)$/m.exec(program)?.[1] ?? ''
  return { program, printed }
}

/** Follows the README as a user who installs the library into a folder of their own. */
function testInstalled() {
  const prefix = `${work}/prefix with space`
  const installed = run(['node', `${ROOT}scripts/install-capi.mjs`, '--prefix', prefix])
  report('the library is installed under a prefix', installed.isDone, installed.words)
  if (!installed.isDone) return
  const { program, printed } = readmeProgram()
  const folder = `${work}/consumer`
  mkdirSync(folder)
  writeFileSync(`${folder}/app.c`, program)
  testPkgConfig(prefix, folder, printed)
  testCMake(prefix, folder, printed)
}

/** @param {string} prefix @param {string} folder @param {string} printed */
function testPkgConfig(prefix, folder, printed) {
  if (!isOnPath('pkg-config')) return miss('the README program by pkg-config', 'there is no pkg-config on the PATH')
  const env = { PKG_CONFIG_PATH: `${prefix}/lib/pkgconfig`, LD_LIBRARY_PATH: `${prefix}/lib` }
  for (const [name, query] of [
    ['shared', 'pkg-config --cflags --libs quire'],
    ['static', 'pkg-config --cflags --libs --static quire | sed s/-lquire/-l:libquire.a/']
  ]) {
    const compile = `${CC} ${WARNINGS.join(' ')} -std=c11 app.c -o app-${name} "$@"`
    const ran = run(['sh', '-c', `eval "set -- $(${query})" && ${compile} && ./app-${name}`], { cwd: folder, env })
    report(`the README program by pkg-config, ${name}`, ran.isDone && ran.output.trim() === printed, ran.words)
    rmSync(`${folder}/app.quire`, { force: true })
  }
}

/** @param {string} prefix @param {string} folder @param {string} printed */
function testCMake(prefix, folder, printed) {
  if (!isOnPath('cmake')) return miss('the README program by CMake', 'there is no cmake on the PATH')
  const lists = [
    'cmake_minimum_required(VERSION 3.15)',
    'project(app C)',
    'find_package(Quire 0.1 REQUIRED)',
    'add_executable(app app.c)',
    'target_link_libraries(app PRIVATE Quire::quire)',
    'add_executable(app_static app.c)',
    'target_link_libraries(app_static PRIVATE Quire::quire_static)'
  ]
  writeFileSync(`${folder}/CMakeLists.txt`, `${lists.join('\n')}\n`)
  const made = run(['cmake', '-S', folder, '-B', `${folder}/build`, `-DCMAKE_PREFIX_PATH=${prefix}`])
  const built = made.isDone ? run(['cmake', '--build', `${folder}/build`]) : made
  for (const binary of ['app', 'app_static']) {
    const ran = built.isDone ? run([`${folder}/build/${binary}`], { cwd: folder }) : built
    report(`the README program by CMake, ${binary}`, ran.isDone && ran.output.trim() === printed, ran.words)
    rmSync(`${folder}/app.quire`, { force: true })
  }
}

if (process.platform === 'win32') {
  skip('the C tests', 'their programs use POSIX threads and fork')
} else if (run(['node', `${ROOT}scripts/build-capi.mjs`]).isDone) {
  testHeaders()
  testSymbols()
  testPrograms()
  testExamples()
  testInstalled()
} else {
  report('the C library is built', false, run(['node', `${ROOT}scripts/build-capi.mjs`]).words)
}
rmSync(work, { recursive: true, force: true })
finish(counts)
