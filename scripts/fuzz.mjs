// Fuzzes the engine: builds the fuzzers of native/fuzz with coverage and AddressSanitizer, and runs one after the other.
//
//     npm run fuzz -- [--minutes 10] [--target file,log] [--keep]
//
// Inputs that find something new are gathered outside the repository, below the system's folder for temporary files, and
// used by the next run; `--keep` puts the smallest of the fewest that reach the same into native/fuzz/corpus, which the tests replay
// (native/engine/tests/fuzz_corpus.rs, native/capi/tests/fuzz_corpus.rs). A finding is written to
// native/fuzz/regressions/TARGET, and ends the run with status 1. Needs a nightly toolchain, Linux and a C++ compiler.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pack } from 'msgpackr'

const FUZZ = fileURLToPath(new URL('../native/fuzz/', import.meta.url))
const TARGETS = ['file', 'log', 'document', 'query', 'command', 'json']
const TRIPLE = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`
const FOUND = `${tmpdir()}/quire-fuzz`
/** As cargo-fuzz sets them. */
const FLAGS = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  '-Zsanitizer=address'
].join(' ')
/** Inputs kept for the tests, the smallest ones. */
const KEPT_MAX = 100
/** Bytes of an input, by target; what is longer says nothing new. */
const INPUT_BYTES_MAX = { file: 40_960, log: 4_096, document: 4_096, query: 2_048, command: 2_048, json: 4_096 }

/** Commands that a random one would need long to resemble. */
const COMMANDS = [
  { op: 'find', filter: { age: { $gt: 2, $in: [3, 4] } }, sort: { age: -1 }, skip: 1, limit: 5 },
  { op: 'find', filter: { tags: { $elemMatch: { $eq: 'a' } } }, projection: { _id: 0, tags: { $slice: 1 } } },
  { op: 'updateMany', filter: {}, update: { $set: { 'at.city': 'Rome' }, $inc: { age: 1 } } },
  { op: 'updateOne', filter: { tags: 'a' }, update: { $push: { tags: { $each: [1, 2], $slice: -2 } } }, upsert: true },
  { op: 'updateMany', filter: {}, update: { $set: { 'tags.$[one]': 5 } }, arrayFilters: [{ one: 'a' }] },
  { op: 'updateMany', filter: {}, update: [{ $set: { sum: { $add: ['$age', 1] } } }] },
  { op: 'deleteMany', filter: { 'at.city': /U.m/.source } },
  { op: 'count', filter: { $or: [{ age: 1 }, { tags: { $size: 2 } }], $nor: [{ age: { $type: 'string' } }] } },
  { op: 'distinct', field: 'at.city', filter: { $expr: { $gt: ['$age', { $size: '$tags' }] } } },
  { op: 'aggregate', pipeline: [{ $match: { age: { $lt: 5 } } }, { $group: { _id: '$at.city', n: { $sum: 1 } } }] },
  { op: 'aggregate', pipeline: [{ $unwind: '$tags' }, { $sortByCount: '$tags' }, { $limit: 3 }] },
  {
    op: 'aggregate',
    pipeline: [{ $lookup: { from: 'numbers', localField: 'age', foreignField: '_id', as: 'all' } }, { $skip: 1 }]
  },
  { op: 'findOneAndUpdate', filter: { age: 3 }, update: { $rename: { age: 'years' } }, returnDocument: 'after' },
  { op: 'bulkWrite', operations: [{ insertOne: { document: { a: 1 } } }, { deleteOne: { filter: { a: 1 } } }] },
  { op: 'createIndex', keys: { 'at.city': 1, age: -1 }, unique: false, sparse: true },
  { op: 'listIndexes' },
  { op: 'explain', filter: { age: 2 } }
]

/**
 * Runs a program and ends with its status where it fails.
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function need(program, args, env = process.env) {
  const { status } = spawnSync(program, args, { cwd: FUZZ, stdio: 'inherit', env })
  if (status !== 0) process.exit(status ?? 1)
}

function build() {
  if (process.platform !== 'linux' || spawnSync('cargo', ['+nightly', '--version']).status !== 0) {
    console.error('The fuzzers are built on Linux by a nightly toolchain: `rustup toolchain install nightly`.')
    process.exit(1)
  }
  const env = { ...process.env, RUSTFLAGS: FLAGS }
  need('cargo', ['+nightly', 'build', '--release', '--target', TRIPLE, '--bins'], env)
}

/** Inputs to begin with: small ones that mean something. */
function seeds() {
  /** @type {Record<string, Uint8Array[]>} */
  const all = {
    file: [Uint8Array.of(1, 5, 0, 24, 0, 1, 0, 0, 0), Uint8Array.of(2, 3, 3, 40, 0, 255, 255, 0, 0)],
    log: [Uint8Array.of(4, 0, 1, 1, 0, 0, 0, 0)],
    document: COMMANDS.map(command => pack({ _id: 1, ...command })),
    command: COMMANDS.map(command => pack(command)),
    json: COMMANDS.map(command => Buffer.from(JSON.stringify(command))),
    query: []
  }
  const document = pack({ _id: 1, age: 3, tags: ['a', { b: [1, 2] }], at: { city: 'Ulm' } })
  const parts = ['filter', 'update', 'pipeline', 'projection', 'sort']
  for (const command of COMMANDS) {
    for (const [kind, part] of parts.entries()) {
      if (part in command) {
        const asked = pack(/** @type {Record<string, unknown>} */ (command)[part])
        const head = [kind, document.length & 0xff, document.length >> 8]
        all.query?.push(Buffer.concat([Buffer.from(head), document, asked]))
      }
    }
  }
  for (const [target, inputs] of Object.entries(all)) {
    const folder = `${FOUND}/${target}/seeds`
    mkdirSync(folder, { recursive: true })
    inputs.forEach((input, number) => {
      writeFileSync(`${folder}/${number}`, input)
    })
  }
}

/** The operators of docs/QUERY.md and the names of commands, as libFuzzer's dictionary. */
function dictionary() {
  const words = new Set(JSON.stringify(COMMANDS).match(/\$?[A-Za-z]+/g) ?? [])
  const path = `${FOUND}/dictionary`
  writeFileSync(path, [...words].map(word => `"${word}"\n`).join(''))
  return path
}

/**
 * Runs one fuzzer; gives whether it found nothing.
 * @param {string} target
 * @param {number} seconds
 * @param {boolean} keep
 */
function fuzz(target, seconds, keep) {
  const program = `${FUZZ}target/${TRIPLE}/release/${target}`
  const [found, corpus, regressions] = [
    `${FOUND}/${target}/found`,
    `${FUZZ}corpus/${target}`,
    `${FUZZ}regressions/${target}`
  ]
  for (const folder of [found, corpus, regressions]) mkdirSync(folder, { recursive: true })
  const bytes = INPUT_BYTES_MAX[/** @type {keyof typeof INPUT_BYTES_MAX} */ (target)]
  const limits = [`-max_len=${bytes}`, '-timeout=20', '-rss_limit_mb=2048', `-artifact_prefix=${regressions}/`]
  const more = [
    `-max_total_time=${seconds}`,
    `-dict=${FOUND}/dictionary`,
    '-print_final_stats=1',
    '-print_funcs=0',
    '-verbosity=0'
  ]
  const env = { ...process.env, ASAN_OPTIONS: 'allocator_may_return_null=1:detect_leaks=0:quarantine_size_mb=16' }
  console.log(`${target}: ${seconds} s`)
  const { status } = spawnSync(program, [found, corpus, `${FOUND}/${target}/seeds`, ...limits, ...more], {
    stdio: 'inherit',
    env
  })
  if (keep) {
    rmSync(corpus, { recursive: true })
    mkdirSync(corpus)
    need(
      program,
      ['-set_cover_merge=1', `-max_len=${bytes}`, '-verbosity=0', corpus, found, `${FOUND}/${target}/seeds`],
      env
    )
    const inputs = readdirSync(corpus).map(name => ({ name, size: statSync(`${corpus}/${name}`).size }))
    inputs.sort((a, b) => a.size - b.size)
    for (const { name } of inputs.slice(KEPT_MAX)) rmSync(`${corpus}/${name}`)
    console.log(`${target}: ${Math.min(inputs.length, KEPT_MAX)} of ${inputs.length} inputs kept`)
  }
  for (const folder of [corpus, regressions])
    if (existsSync(folder) && readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
  return status === 0
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    target: { type: 'string', default: TARGETS.join(',') },
    keep: { type: 'boolean', default: false }
  }
})
const chosen = values.target.split(',')
const unknown = chosen.find(target => !TARGETS.includes(target))
if (unknown !== undefined) throw new Error(`there is no fuzzer ${unknown}; there are ${TARGETS.join(', ')}`)
build()
seeds()
dictionary()
const seconds = Math.round((Number(values.minutes) * 60) / chosen.length)
const failed = chosen.filter(target => !fuzz(target, seconds, values.keep))
if (failed.length > 0) {
  console.error(`Findings of ${failed.join(', ')}: native/fuzz/regressions`)
  process.exitCode = 1
}
