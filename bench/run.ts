// The benchmark's coordinator: engines × workloads, each pair a process of its own, in interleaved rounds.
// In a round every engine fills a new file, and the workloads that read or change it follow in order; the next round
// begins with the next engine, so that a slow minute of the machine does not fall on one engine alone.
// Prints medians, spreads and ratios, and writes every sample to bench/results/.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Engine } from './engine.ts'
import { ENGINES } from './engines/index.ts'
import { ROOT, surroundings } from './machine.ts'
import { type Column, printFigures, printRatios, type Sample } from './report.ts'
import type { Result, Task } from './worker.ts'
import type { Workload } from './workload.ts'
import { LOAD, WORKLOADS } from './workloads/index.ts'

const USAGE = `npm run bench -- [--only a,b] [--engines a,b] [--documents n] [--rounds n]
  --only       workloads: ${Object.keys(WORKLOADS).join(', ')}
  --engines    engines, or the first part of their names: ${Object.keys(ENGINES).join(', ')}
  --documents  how many documents (100000)
  --rounds     how many rounds (3)`

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))
const RESULTS = fileURLToPath(new URL('bench/results/', ROOT))
const DISK = 'disk'

interface Plan {
  engines: Map<string, Engine>
  workloads: Map<string, Workload>
  documentsCount: number
  rounds: number
}

function chosen(names: string[], wanted: string | undefined): string[] {
  const list = wanted?.split(',') ?? ['']
  for (const part of list) {
    if (!names.some(name => name.startsWith(part)))
      throw new Error(`nothing is called ${part}; there are ${names.join(', ')}`)
  }
  return names.filter(name => list.some(part => name.startsWith(part)))
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1, not ${text}`)
  return value
}

async function plan(): Promise<Plan> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      engines: { type: 'string' },
      documents: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '3' }
    }
  })
  const engines = new Map<string, Engine>()
  for (const name of chosen(Object.keys(ENGINES), values.engines)) {
    const engine = await ENGINES[name]?.()
    if (engine !== undefined) engines.set(name, engine)
  }
  const names = new Set(chosen(Object.keys(WORKLOADS), values.only))
  return {
    engines,
    workloads: new Map(Object.entries(WORKLOADS).filter(([name]) => names.has(name))),
    documentsCount: positive('documents', values.documents),
    rounds: positive('rounds', values.rounds)
  }
}

function applies(workload: Workload, engine: Engine): boolean {
  if (workload.cold && process.platform !== 'linux') return false
  if (workload.only === 'persistent') return engine.persistent
  const durable = engine.survives === 'power cut'
  if (workload.only === 'durable') return durable
  if (workload.only === 'not durable') return !durable
  return true
}

function runWorker(task: Task): Result {
  const output = execFileSync(process.execPath, ['--expose-gc', WORKER, JSON.stringify(task)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

/** Writes a directory's files out and drops them from the page cache, which GNU dd does without being root. */
function chill(directory: string): void {
  for (const file of readdirSync(directory)) {
    execFileSync('dd', [`of=${directory}/${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
      stdio: 'ignore'
    })
  }
}

/** What the files really take on the disk. Units: MB of 1,000,000 bytes. */
function megabytesOf(directory: string): number {
  const blocks = readdirSync(directory).reduce((sum, file) => sum + statSync(`${directory}/${file}`).blocks, 0)
  return (blocks * 512) / 1_000_000
}

/** One engine's part of a round. */
function runEngine(name: string, engine: Engine, { workloads, documentsCount }: Plan, record: Recorder): void {
  const base = `${RESULTS}data-${process.pid}`
  const loaded = `${base}/loaded`
  const scratch = `${base}/scratch`
  const wanted = [...workloads].filter(([, workload]) => applies(workload, engine))
  const needsFile = engine.persistent && wanted.some(([, workload]) => workload.starts === 'loaded')
  mkdirSync(loaded, { recursive: true })
  try {
    if (needsFile && !workloads.has(LOAD)) {
      runWorker({ engine: name, workload: LOAD, documentsCount, directory: loaded })
    }
    for (const [key, workload] of wanted) {
      const directory = workload.starts === 'loaded' || key === LOAD ? loaded : scratch
      mkdirSync(directory, { recursive: true })
      if (workload.cold) chill(directory)
      const result = runWorker({ engine: name, workload: key, documentsCount, directory })
      record(name, key, result.value)
      if (key === LOAD && engine.persistent) record(name, DISK, megabytesOf(loaded))
      rmSync(scratch, { recursive: true, force: true })
    }
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}

type Recorder = (engine: string, workload: string, value: number) => void

async function main(): Promise<void> {
  const work = await plan()
  const { engines, workloads, documentsCount, rounds } = work
  const samples: Sample[] = []
  const failures: string[] = []
  const packages = new Set([...engines.values()].flatMap(engine => engine.package ?? []))
  const where = surroundings(packages)
  console.log(`${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}`)
  console.log(
    Object.entries(where.packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')
  )
  console.log(`${documentsCount.toLocaleString('en')} documents, medians of ${rounds} rounds, ops/s unless said\n`)
  const names = [...engines.keys()]
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as string
      try {
        runEngine(name, engines.get(name) as Engine, work, (engine, workload, value) => {
          samples.push({ engine, workload, round, value })
          console.error(`round ${round + 1}/${rounds}  ${engine}  ${workload}  ${Math.round(value * 10) / 10}`)
        })
      } catch (error) {
        failures.push(`round ${round + 1}, ${name}: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
      }
    }
  }
  const columns: Column[] = [...workloads].map(([key, { title, unit }]) => ({ key, title, unit }))
  if (workloads.has(LOAD)) columns.push({ key: DISK, title: 'disk', unit: 'MB' })
  const rows = [...engines].map(([key, { title, survives }]) => ({ key, title, survives }))
  printFigures(samples, rows, columns)
  printRatios(samples, columns)
  mkdirSync(RESULTS, { recursive: true })
  const file = `${RESULTS}${where.date.replaceAll(':', '-')}.json`
  writeFileSync(
    file,
    JSON.stringify({ surroundings: where, documentsCount, rounds, rows, columns, samples, failures }, null, 1)
  )
  console.log(`Every sample: ${file}`)
  for (const failure of failures) console.error(failure)
  if (failures.length > 0) process.exitCode = 1
}

if (process.argv.includes('--help')) console.log(USAGE)
else await main()
