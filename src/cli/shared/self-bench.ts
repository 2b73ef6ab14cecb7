// A small benchmark of this machine: operations of a database, each beside the least that does the same.
//
// In memory that is a Map, on the disk a loop of write and fdatasync; both are measured in the same round, so that a ratio
// means something also on a busy machine. Promises: every answer is checked; the folder is left as it was; it ends
// between two operations when the signal is aborted. Leaves to others: printing (../bench.ts), comparing databases (bench/).

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Collection, type Document, open } from '../../index.ts'

/** What is measured, and how much of it. */
export interface BenchPlan {
  /** Where the files are made, and taken away again. */
  readonly folder: string
  readonly documents: number
  /** Inserts that wait for the disk, in a round. */
  readonly durableInserts: number
  readonly rounds: number
}

/** One operation: medians of the rounds. */
export interface BenchLine {
  readonly operation: string
  /** What a change survives that was acknowledged; of reads what the file is opened with. */
  readonly durability: 'process' | 'disk'
  readonly perSecond: number
  readonly microseconds: number
  /** What it is compared with. */
  readonly beside: 'Map' | 'write + fdatasync'
  readonly besideMicroseconds: number
  /** How many times as long as that it takes. */
  readonly ratio: number
}

interface Item extends Document {
  readonly _id: string
  readonly name: string
  readonly age: number
  readonly tags: readonly string[]
}

/** What the operations of a round work on. */
interface Stage {
  readonly collection: Collection<Item>
  /** Empty until documents are inserted many at a time. */
  readonly batched: Collection<Item>
  readonly items: readonly Item[]
  readonly map: Map<string, Item>
}

/** Does an operation for every item; gives how many were done rightly. */
type Work = (stage: Stage) => number

interface Operation {
  readonly name: string
  readonly run: Work
  readonly beside: Work
}

const AGES = 100
const BATCH = 1000
/** How many a find gives. */
const FOUND = 10

function itemOf(index: number): Item {
  return { _id: `item-${index}`, name: `Name ${index * 7919}`, age: index % AGES, tags: ['red', 'green', 'blue'] }
}

/** How many of the items something is true of. */
function times({ items }: Stage, isDone: (item: Item, index: number) => boolean): number {
  let done = 0
  for (const [index, item] of items.entries()) if (isDone(item, index)) done++
  return done
}

const setMap: Work = stage => times(stage, item => stage.map.set(item._id, { ...item }).size > 0)
const getMap: Work = stage => times(stage, item => stage.map.get(item._id)?.age === item.age)

const OPERATIONS: readonly Operation[] = [
  {
    name: 'insert one by one',
    run: stage => times(stage, item => stage.collection.insertOne(item).insertedId === item._id),
    beside: setMap
  },
  {
    name: `insert ${BATCH} at a time`,
    run: ({ batched, items }) => {
      let done = 0
      for (let start = 0; start < items.length; start += BATCH) {
        done += batched.insertMany(items.slice(start, start + BATCH)).insertedCount
      }
      return done
    },
    beside: setMap
  },
  {
    name: 'read by id',
    run: stage => times(stage, item => stage.collection.get(item._id)?.age === item.age),
    beside: getMap
  },
  {
    name: `find ${FOUND} by an index`,
    run: stage => {
      stage.collection.createIndex({ age: 1 })
      return times(stage, item => {
        const found = stage.collection.find({ age: item.age }, { limit: FOUND }).toArray()
        return found.length > 0 && found.every(({ age }) => age === item.age)
      })
    },
    beside: getMap
  },
  {
    name: 'update by id',
    run: stage =>
      times(stage, ({ _id }, index) => {
        return stage.collection.updateOne({ _id }, { $set: { name: `New name ${index}` } }).matchedCount === 1
      }),
    beside: setMap
  }
]

/**
 * Measures all operations.
 * @param signal ends it between two operations
 * @throws QuireError as `open`; the error of the file system where the folder takes no files
 */
export async function benchMachine(plan: BenchPlan, signal: AbortSignal): Promise<BenchLine[]> {
  const folder = mkdtempSync(join(plan.folder, 'quire-bench-'))
  const samples = new Map<string, { own: number[]; beside: number[] }>()
  const note = (name: string, own: number, beside: number) => {
    const known = samples.get(name) ?? { own: [], beside: [] }
    samples.set(name, { own: [...known.own, own], beside: [...known.beside, beside] })
  }
  try {
    // The first round is the engine's and the compiler's warming up.
    for (let round = -1; round < plan.rounds; round++) {
      const told = round < 0 ? () => undefined : note
      await measureCached(join(folder, `${round}.quire`), plan.documents, signal, told)
      await measureDurable(join(folder, `${round}-disk`), plan.durableInserts, signal, told)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return [...samples].map(([name, { own, beside }]) => lineOf(name, own, beside))
}

type Note = (name: string, own: number, beside: number) => void

async function measureCached(path: string, count: number, signal: AbortSignal, note: Note): Promise<void> {
  const items = Array.from({ length: count }, (_, index) => itemOf(index))
  using database = open(path, { durability: 'process' })
  const stage: Stage = {
    items,
    collection: database.collection<Item>('items'),
    batched: database.collection<Item>('batched'),
    map: new Map()
  }
  for (const { name, run, beside } of OPERATIONS) {
    await setImmediate()
    signal.throwIfAborted()
    const own = time(() => run(stage), count, name)
    note(
      name,
      own,
      time(() => beside(stage), count, `${name}, by a Map`)
    )
  }
}

async function measureDurable(path: string, count: number, signal: AbortSignal, note: Note): Promise<void> {
  await setImmediate()
  signal.throwIfAborted()
  using database = open(`${path}.quire`, { durability: 'disk' })
  const collection = database.collection<Item>('items')
  const items = Array.from({ length: count }, (_, index) => itemOf(index))
  const insert = () => items.filter(item => collection.insertOne(item).insertedId === item._id).length
  const own = time(insert, count, DURABLE)
  const file = openSync(`${path}.bare`, 'w')
  try {
    const write = () =>
      items.filter(item => {
        const bytes = Buffer.from(JSON.stringify(item))
        const isWritten = writeSync(file, bytes) === bytes.length
        fdatasyncSync(file)
        return isWritten
      }).length
    note(DURABLE, own, time(write, count, 'write + fdatasync'))
  } finally {
    closeSync(file)
  }
}

const DURABLE = 'insert, on disk'

/** Microseconds of one of `count`. */
function time(work: () => number, count: number, what: string): number {
  const start = process.hrtime.bigint()
  const done = work()
  const microseconds = Number(process.hrtime.bigint() - start) / 1000 / count
  if (done !== count) throw new Error(`${what}: ${done} of ${count} were right`)
  return microseconds
}

function lineOf(operation: string, own: readonly number[], beside: readonly number[]): BenchLine {
  const isDurable = operation === DURABLE
  const microseconds = median(own)
  return {
    operation,
    durability: isDurable ? 'disk' : 'process',
    perSecond: Math.round(1e6 / microseconds),
    microseconds: rounded(microseconds),
    beside: isDurable ? 'write + fdatasync' : 'Map',
    besideMicroseconds: rounded(median(beside)),
    ratio: rounded(median(own.map((time, round) => time / (beside[round] as number))))
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

/** Three digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
