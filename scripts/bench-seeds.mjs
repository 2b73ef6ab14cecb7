// Measures two predecessors, DSKVS and memstore's server, beside QuireDB's Go module: `npm run bench -- seeds`, with
// --rounds, --keys and --value. Then the figures of those that cannot be run, scaled by references measured in this run.
//
// Promises: each side of each round is a process of its own, rounds begin with the next side, ratios are taken within
// rounds; what is skipped is named with the reason. Modules come by `go`; where it cannot have one, SEED_DSKVS and
// SEED_MEMSTORE name folders with their sources. Leaves to others: the sides (bench/seeds), claims (claims.json).

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildMemstore, MEMSTORE, MEMSTORE_PROGRAM } from './memstore.mjs'
import { library, ON_WINDOWS, ROOT, run } from './suite.mjs'

const SEEDS = `${ROOT}bench/seeds`
const OUTPUT = `${ROOT}build/seeds`
const PROGRAM = `${OUTPUT}/seeds${ON_WINDOWS ? '.exe' : ''}`
const DSKVS = { module: 'github.com/aybabtme/dskvs', version: 'd9d22d2' }
/** What a change survives that was acknowledged. */
const SURVIVES = {
  'quire-memory': 'nothing',
  'quire-lazy': 'process death but 100 ms',
  'quire-process': 'process death',
  'quire-disk': 'power cut',
  dskvs: 'process death but the newest key',
  memstore: 'nothing (HTTP)',
  map: 'nothing',
  bare: 'power cut'
}
const OPERATIONS = ['put', 'put again', 'get', 'delete']
const PAIRS = [
  ['quire-process', 'dskvs'],
  ['quire-lazy', 'dskvs'],
  ['quire-disk', 'dskvs'],
  ['quire-memory', 'memstore'],
  ['quire-process', 'memstore'],
  ['quire-disk', 'bare']
]

const { values: asked } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    keys: { type: 'string', default: '2048' },
    value: { type: 'string', default: '1000' }
  }
})
const rounds = Number(asked.rounds)
/** @type {{ side: string, round: number, figures: Record<string, number> }[]} */
const samples = []

/** @param {string} words the last line that says something */
const lastLine = words => words.trim().split('\n').at(-1) ?? ''

/** @param {string} what @param {string} reason */
const skip = (what, reason) => console.log(`${what}: skipped: ${reason}`)

/** Builds the sides, and says which there are. */
function build() {
  mkdirSync(OUTPUT, { recursive: true })
  const env = { CGO_ENABLED: '0', GOBIN: OUTPUT, GOFLAGS: '-mod=mod' }
  const options = { cwd: SEEDS, env }
  const modules = `${OUTPUT}/go.mod`
  for (const name of ['go.mod', 'go.sum']) copyFileSync(`${SEEDS}/${name}`, `${OUTPUT}/${name}`)
  const sources = process.env['SEED_DSKVS']
  if (sources !== undefined && !existsSync(`${sources}/go.mod`)) {
    writeFileSync(`${sources}/go.mod`, `module ${DSKVS.module}\n`)
  }
  const had =
    sources === undefined
      ? run(['go', 'get', `-modfile=${modules}`, `${DSKVS.module}@${DSKVS.version}`], options)
      : run(
          ['go', 'mod', 'edit', `-require=${DSKVS.module}@v0.0.0`, `-replace=${DSKVS.module}=${sources}`, modules],
          options
        )
  if (!had.isDone) skip('dskvs', lastLine(had.words))
  const tags = had.isDone ? ['-tags', 'dskvs'] : []
  const built = run(['go', 'build', `-modfile=${modules}`, ...tags, '-o', PROGRAM, '.'], options)
  if (!built.isDone) throw new Error(`bench/seeds does not build: ${built.words}`)
  const installed = buildMemstore()
  if (!installed.isDone) skip('memstore', lastLine(installed.words))
  return Object.keys(SURVIVES).filter(
    side => (side !== 'dskvs' || had.isDone) && (side !== 'memstore' || installed.isDone)
  )
}

/** @param {string[]} command @param {string} side @param {number} round */
function measure(command, side, round) {
  const env = { QUIRE_LIBRARY: library(), MEMSTORE: MEMSTORE_PROGRAM }
  const { isDone, output, words } = run(command, { env })
  if (!isDone) throw new Error(`${side}: ${words}`)
  samples.push({ side, round, figures: JSON.parse(output) })
}

/** @param {string[]} sides */
function measureAll(sides) {
  for (let round = 0; round < rounds; round++) {
    measure([process.execPath, `${SEEDS}/headlines.mjs`], 'node', round)
    for (let turn = 0; turn < sides.length; turn++) {
      const side = sides[(round + turn) % sides.length] ?? ''
      const folder = mkdtempSync(join(tmpdir(), 'quire-seeds-'))
      measure([PROGRAM, '-engine', side, '-folder', folder, '-keys', asked.keys, '-value', asked.value], side, round)
      rmSync(folder, { recursive: true })
    }
  }
}

/** @param {string} side @param {string} operation @returns {number[]} by round */
function figuresOf(side, operation) {
  return samples.filter(sample => sample.side === side).map(({ figures }) => figures[operation] ?? Number.NaN)
}

/** @param {number[]} list */
function median(list) {
  const sorted = list.toSorted((a, b) => a - b)
  return ((sorted[sorted.length >> 1] ?? Number.NaN) + (sorted[(sorted.length - 1) >> 1] ?? Number.NaN)) / 2
}

/** @param {number} ns */
function time(ns) {
  if (Number.isNaN(ns)) return '-'
  const [size, unit] = ns >= 1e6 ? [1e6, 'ms'] : ns >= 1e3 ? [1e3, 'µs'] : [1, 'ns']
  return `${(ns / size).toPrecision(3)} ${unit}`
}

/** @param {string} side @param {string} operation */
function cell(side, operation) {
  const list = figuresOf(side, operation)
  const middle = median(list)
  if (Number.isNaN(middle)) return '-'
  return `${time(middle)} ±${(((Math.max(...list) - Math.min(...list)) / 2 / middle) * 100).toFixed(0)} %`
}

/** @param {string[]} cells */
const row = cells => console.log(`| ${cells.join(' | ')} |`)

/** @param {string[]} sides */
function printSides(sides) {
  console.log(`\n${asked.keys} keys, values of ${asked.value} bytes, one caller, medians of ${rounds} rounds\n`)
  row(['side', 'an acknowledged change survives', ...OPERATIONS])
  row(['---', '---', ...OPERATIONS.map(() => '---')])
  for (const [side, survives] of Object.entries(SURVIVES)) {
    if (sides.includes(side)) row([side, survives, ...OPERATIONS.map(operation => cell(side, operation))])
  }
  console.log('\nHow many times faster the first is\n')
  row(['pair', ...OPERATIONS])
  row(['---', ...OPERATIONS.map(() => '---')])
  for (const [own = '', other = ''] of PAIRS) {
    if (!sides.includes(other)) continue
    const ratios = OPERATIONS.map(operation => {
      const others = figuresOf(other, operation)
      return median(figuresOf(own, operation).map((figure, round) => (others[round] ?? Number.NaN) / figure))
    })
    row([`${own} : ${other}`, ...ratios.map(ratio => (Number.isNaN(ratio) ? '-' : ratio.toPrecision(3)))])
  }
}

/** Prints the figures of other days, each multiplied by how much slower its reference is in this run. */
function printClaims() {
  const { references, rows } = JSON.parse(readFileSync(`${SEEDS}/claims.json`, 'utf8'))
  /** @type {Record<string, number>} */
  const now = { 'map get': median(figuresOf('node', 'map get')), 'bare put': median(figuresOf('bare', 'put')) }
  console.log('\nThose that are not run: claimed, best measured, the same scaled to this run, and ours in it\n')
  row(['system', 'operation', 'claimed', 'measured', 'scaled by', 'scaled', 'ours', 'times faster'])
  row(Array.from({ length: 8 }, () => '---'))
  for (const { system, operation, claimed, measured, reference, ours } of rows) {
    const scale = (now[reference] ?? Number.NaN) / references[reference]
    const own = median(figuresOf(ours[0], ours[1]))
    const best = Math.min(claimed ?? measured, measured) * scale
    const cells = [claimed === null ? '-' : time(claimed), time(measured), `${reference} ${scale.toFixed(2)}`]
    row([system, operation, ...cells, time(best), `${time(own)} (${ours.join(' ')})`, (best / own).toPrecision(3)])
  }
}

if (!run(['go', 'version'], { cwd: SEEDS }).isDone) {
  skip('seeds', 'there is no go on the PATH, and these predecessors are Go modules')
} else if (!existsSync(library())) {
  skip('seeds', 'the C library is not built: npm run build:capi')
} else {
  const sides = build()
  measureAll(sides)
  printSides(sides)
  printClaims()
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, load: loadavg(), node: process.version }
  const go = run(['go', 'version'], { cwd: SEEDS }).output.trim()
  mkdirSync(`${ROOT}bench/results`, { recursive: true })
  const file = `${ROOT}bench/results/seeds-${new Date().toISOString().replaceAll(':', '-')}.json`
  writeFileSync(file, JSON.stringify({ machine, go, asked, samples, modules: [DSKVS, MEMSTORE] }, null, 2))
  console.log(
    `\n${machine.processor}, load ${loadavg()[0]?.toFixed(1)}, ${go}, Node ${process.version}; every sample: ${file}`
  )
}
