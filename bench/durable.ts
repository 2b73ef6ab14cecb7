// Commits that are on the disk when they return, beside the least that a program in this language has to do for one: a
// write of as many bytes and an `fdatasync`, in a loop; and what group commit gives to writers that work at the same time.
//
// `npm run bench -- durable [--rounds 12] [--milliseconds 250]`. The disk's own time changes from second to second, so all
// sides take turns within each round. Printed are medians of commits a second and of ratios within rounds; the first
// round is for warming up. Promises: every document inserted is there in the end. Leaves to others: peers (run.ts).

import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type * as Quire from '../dist/index.js'
import { type BenchDocument, documentMaker } from './documents.ts'
import { ROOT, surroundings } from './machine.ts'
import { positive } from './options.ts'
import { median } from './samples.ts'
import { demand } from './workload.ts'

const { open } = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof Quire

/** About what a document takes in a log. */
const RECORD_BYTES = 256
/** The loop's file has all of its blocks from the beginning: appending to a file is slower. */
const LOOP_FILE_BYTES = 64 * 2 ** 20
const WRITERS = 4

/** One side: commits one document after the other for a while, and gives how many. */
type Side = (until: number) => number | Promise<number>

const TITLES = ['bare loop', 'insertOne', 'async, 1 writer', `async, ${WRITERS} writers`]
/** Ratios by the places of their sides. */
const RATIOS = [
  { title: 'insertOne : bare loop', above: 1, below: 0 },
  { title: 'async, 1 writer : bare loop', above: 2, below: 0 },
  { title: `async, ${WRITERS} writers : 1 writer`, above: 3, below: 2 }
]

function bareLoop(path: string): { side: Side; close: () => void } {
  const file = openSync(path, 'w')
  const block = Buffer.alloc(2 ** 20, 0x5a)
  for (let offset = 0; offset < LOOP_FILE_BYTES; offset += block.length) writeSync(file, block, 0, block.length, offset)
  fsyncSync(file)
  const record = Buffer.alloc(RECORD_BYTES, 0xa5)
  let offset = 0
  const side = (until: number) => {
    let commits = 0
    for (; performance.now() < until; commits++) {
      writeSync(file, record, 0, record.length, offset)
      fdatasyncSync(file)
      offset = (offset + RECORD_BYTES) % LOOP_FILE_BYTES
    }
    return commits
  }
  return { side, close: () => closeSync(file) }
}

function quireSides(documents: Quire.Collection<BenchDocument>): Side[] {
  const make = documentMaker()
  let made = 0
  const insertLater = async (until: number) => {
    let commits = 0
    for (; performance.now() < until; commits++) await documents.async.insertOne(make(made++))
    return commits
  }
  const insertNow = (until: number) => {
    let commits = 0
    for (; performance.now() < until; commits++) documents.insertOne(make(made++))
    return commits
  }
  const together = async (until: number) => {
    const counts = await Promise.all(Array.from({ length: WRITERS }, () => insertLater(until)))
    return counts.reduce((sum, count) => sum + count)
  }
  return [insertNow, insertLater, together]
}

async function measure(
  sides: Side[],
  rounds: number,
  milliseconds: number
): Promise<{ rates: number[][]; all: number }> {
  const rates: number[][] = []
  let all = 0
  for (let round = 0; round <= rounds; round++) {
    const row: number[] = []
    for (const [place, side] of sides.entries()) {
      const start = performance.now()
      const commits = await side(start + milliseconds)
      row.push((commits / (performance.now() - start)) * 1_000)
      if (place > 0) all += commits
    }
    if (round > 0) rates.push(row)
  }
  return { rates, all }
}

async function main(rounds: number, milliseconds: number): Promise<void> {
  const where = surroundings([])
  console.log(`${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}`)
  const directory = fileURLToPath(new URL(`bench/results/durable-${process.pid}`, ROOT))
  mkdirSync(directory, { recursive: true })
  try {
    const database = open(`${directory}/data.quire`, { durability: 'disk' })
    const documents = database.collection<BenchDocument>('documents')
    const { side, close } = bareLoop(`${directory}/loop`)
    const { rates, all } = await measure([side, ...quireSides(documents)], rounds, milliseconds)
    demand(documents.countDocuments({}) === all, 'every inserted document is there')
    close()
    database.close()
    console.log(`commits a second, medians of ${rounds} rounds of ${milliseconds} ms a side`)
    const at = (row: number[], place: number) => row[place] as number
    for (const [place, title] of TITLES.entries()) {
      console.log(
        `${title.padEnd(28)} ${median(rates.map(row => at(row, place)))
          ?.toFixed(0)
          .padStart(8)}`
      )
    }
    for (const { title, above, below } of RATIOS) {
      console.log(
        `${title.padEnd(28)} ${median(rates.map(row => at(row, above) / at(row, below)))
          ?.toFixed(2)
          .padStart(8)}`
      )
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '12' }, milliseconds: { type: 'string', default: '250' } }
})
await main(positive('rounds', values.rounds), positive('milliseconds', values.milliseconds))
