// How a database behaves as it grows: single inserts timed one by one from an empty file up to the given size, then the
// first read of fresh processes that open the file. Figures of one engine, for what a mean hides: the insert that waits
// for something (an index that is laid out anew, a checkpoint) and an opening that costs more the more there is.
// Documents are made while they are inserted, so that ten million of them need no memory here.

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { documentMaker } from './documents.ts'
import { quireProcess } from './engines/quire.ts'
import { ROOT, surroundings } from './machine.ts'
import { demand } from './workload.ts'

/** Fresh processes whose first read is timed, for each state of the page cache. */
const OPENINGS = 5
/** Documents inserted before any is timed, into a file of its own: the compiler's first minutes are no matter here. */
const WARM_UP_DOCUMENTS = 20_000
/** The document that fresh processes ask for. */
const WANTED = 12_345

const THIS_FILE = fileURLToPath(import.meta.url)
/** Inserts out of 100,000 that are no slower than what is printed for them. */
const SHARES = [50_000, 99_000, 99_900, 99_990, 99_999]

interface Growth {
  microseconds: number[]
  longest: number
  meanMicroseconds: number
}

function insertTimed(directory: string, count: number): Float64Array {
  const session = quireProcess.open(directory)
  const make = documentMaker()
  const times = new Float64Array(count)
  for (let index = 0; index < count; index++) {
    const document = make(index)
    const start = performance.now()
    session.insert(document)
    times[index] = performance.now() - start
  }
  session.close()
  return times
}

function grow(directory: string, count: number): Growth {
  mkdirSync(`${directory}/warm-up`)
  insertTimed(`${directory}/warm-up`, WARM_UP_DOCUMENTS)
  rmSync(`${directory}/warm-up`, { recursive: true })
  const times = insertTimed(directory, count)
  const sum = times.reduce((total, time) => total + time, 0)
  times.sort()
  const at = (share: number) => (times[Math.min(count - 1, Math.floor((count * share) / 100_000))] as number) * 1_000
  return { microseconds: SHARES.map(at), longest: at(100_000), meanMicroseconds: (sum / count) * 1_000 }
}

/** Milliseconds from the call of open to the first document in hand. */
function openAndRead(directory: string): number {
  const make = documentMaker()
  for (let index = 0; index < WANTED; index++) make(index)
  const wanted = make(WANTED)
  const start = performance.now()
  const session = quireProcess.open(directory)
  const document = session.get(wanted._id)
  const elapsed = performance.now() - start
  demand(document?.email === wanted.email, 'the first document read is the one asked for')
  session.close()
  return elapsed
}

function inFreshProcess<R>(part: string, directory: string, count: number): R {
  const output = execFileSync(process.execPath, ['--expose-gc', THIS_FILE, '--part', part, '--documents', `${count}`], {
    encoding: 'utf8',
    env: { ...process.env, QUIRE_BENCH_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  return JSON.parse(output) as R
}

/** Drops a file from the page cache, which GNU dd does without being root. */
function chill(file: string): void {
  execFileSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' })
}

function openings(directory: string, count: number, isCold: boolean): string {
  const times = Array.from({ length: OPENINGS }, () => {
    if (isCold) chill(`${directory}/data.quire`)
    return inFreshProcess<number>('open', directory, count)
  })
  return times
    .sort((a, b) => a - b)
    .map(time => time.toFixed(1))
    .join(', ')
}

function main(count: number): void {
  const where = surroundings([])
  console.log(`${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}`)
  console.log(`quiredb ${where.packages['quiredb']}, ${quireProcess.title}, ${count.toLocaleString('en')} documents`)
  const directory = fileURLToPath(new URL(`bench/results/growth-${process.pid}`, ROOT))
  mkdirSync(directory, { recursive: true })
  try {
    const { microseconds, longest, meanMicroseconds } = inFreshProcess<Growth>('grow', directory, count)
    const shares = SHARES.map((share, index) => `p${share / 1_000} ${(microseconds[index] as number).toFixed(1)} µs`)
    console.log(
      `single insert: mean ${meanMicroseconds.toFixed(2)} µs, ${shares.join(', ')}, longest ${longest.toFixed(0)} µs`
    )
    console.log(`file: ${(statSync(`${directory}/data.quire`).size / 1_000_000).toFixed(0)} MB`)
    console.log(`open to first read in ${OPENINGS} fresh processes, warm: ${openings(directory, count, false)} ms`)
    if (process.platform === 'linux')
      console.log(`the same, file not in memory: ${openings(directory, count, true)} ms`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: { part: { type: 'string' }, documents: { type: 'string', default: '100000' } }
})
const count = Number(values.documents)
if (!Number.isSafeInteger(count) || count <= WANTED) throw new Error(`--documents takes a whole number above ${WANTED}`)
const own = process.env['QUIRE_BENCH_DIRECTORY'] ?? ''
if (values.part === 'grow') process.stdout.write(JSON.stringify(grow(own, count)))
else if (values.part === 'open') process.stdout.write(JSON.stringify(openAndRead(own)))
else main(count)
