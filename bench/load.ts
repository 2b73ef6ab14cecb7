// What checkpoints do to those who work meanwhile: reads and updates of random documents in turn, each timed by itself,
// first with a log so long that no checkpoint comes, then with one so short that checkpoints follow each other.
// Both phases run on the same file, in rounds, so that the ratio of their figures says what a checkpoint costs.
// A wait of this process for the machine shows in both; the longest times of a busy machine say little.

import { mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type * as Quire from '../dist/index.js'
import { type BenchDocument, documentMaker } from './documents.ts'
import { ROOT, surroundings } from './machine.ts'
import { positive } from './options.ts'
import { median } from './samples.ts'
import { demand } from './workload.ts'

const { open } = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof Quire

const BATCH = 1_000
const WARM_UP_OPERATIONS = 200_000
/** Cached as a whole: what is asked here is not what the disk does. */
const CACHE_BYTES = 8 * 2 ** 30
/** Log sizes at which checkpoints are made: of a phase without any, and of one with many. */
const LOG_BYTES = { without: 2 ** 40, with: 16 * 2 ** 20 }

type Phase = keyof typeof LOG_BYTES

interface Times {
  p50: number
  p999: number
  longest: number
  checkpoints: number
}

/** Numbers from 0 to `end`, the same in each run. */
function randomNumbers(): (end: number) => number {
  let state = 12_345
  return end => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * end)
  }
}

function load(path: string, count: number): string[] {
  const database = open(path, { cacheSize: CACHE_BYTES })
  const documents = database.collection<BenchDocument>('documents')
  const make = documentMaker()
  const ids: string[] = []
  for (let start = 0; start < count; start += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - start) }, (_, index) => make(start + index))
    for (const { _id } of batch) ids.push(_id)
    documents.insertMany(batch)
  }
  database.close()
  return ids
}

/** Reads and updates documents in turn; gives microseconds. */
function work(path: string, ids: string[], operations: number, phase: Phase): Times {
  const database = open(path, { cacheSize: CACHE_BYTES, checkpointLogSize: LOG_BYTES[phase] })
  const documents = database.collection<BenchDocument>('documents')
  const random = randomNumbers()
  const one = (turn: number): boolean => {
    const _id = ids[random(ids.length)] as string
    if (turn % 2 === 0) return documents.get(_id)?._id === _id
    return documents.updateOne({ _id }, { $set: { age: turn % 90 } }).matchedCount === 1
  }
  for (let turn = 0; turn < WARM_UP_OPERATIONS; turn++) one(turn)
  const before = database.stats().checkpointsCount
  const times = new Float64Array(operations)
  let foundCount = 0
  for (let turn = 0; turn < operations; turn++) {
    const start = performance.now()
    if (one(turn)) foundCount++
    times[turn] = performance.now() - start
  }
  const checkpoints = database.stats().checkpointsCount - before
  database.close()
  demand(foundCount === operations, 'every document is found')
  demand(phase === 'with' ? checkpoints > 0 : checkpoints === 0, `checkpoints come as asked, not ${checkpoints}`)
  times.sort()
  const at = (share: number) => (times[Math.min(operations - 1, Math.floor(operations * share))] as number) * 1_000
  return { p50: at(0.5), p999: at(0.999), longest: at(1), checkpoints }
}

function main(count: number, operations: number, rounds: number): void {
  const where = surroundings([])
  console.log(`${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}`)
  console.log(`${count.toLocaleString('en')} documents, ${operations.toLocaleString('en')} operations a phase, µs`)
  const directory = fileURLToPath(new URL(`bench/results/load-${process.pid}`, ROOT))
  mkdirSync(directory, { recursive: true })
  const ratios: number[] = []
  try {
    const path = `${directory}/data.quire`
    const ids = load(path, count)
    for (let round = 0; round < rounds; round++) {
      const phases = { without: work(path, ids, operations, 'without'), with: work(path, ids, operations, 'with') }
      for (const [name, times] of Object.entries(phases)) {
        const figures = `p50 ${times.p50.toFixed(1)}, p99.9 ${times.p999.toFixed(1)}, longest ${times.longest.toFixed(0)}`
        console.log(`${name} checkpoints (${times.checkpoints}): ${figures}`)
      }
      ratios.push(phases.with.p999 / phases.without.p999)
    }
    console.log(`p99.9 with checkpoints : without, median of ${rounds} rounds: ${median(ratios)?.toFixed(2)}`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '100000' },
    operations: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' }
  }
})
main(
  positive('documents', values.documents),
  positive('operations', values.operations),
  positive('rounds', values.rounds)
)
