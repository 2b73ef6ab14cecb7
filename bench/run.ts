// The benchmark's front: reads the options, has the rounds run (rounds.ts), prints medians, spreads and ratios
// (report.ts) with the machine and the versions they hold for, and writes every sample to bench/results/, and a page
// (page.ts) that shows them.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ENGINES, EXTRA_ENGINES } from './engines/index.ts'
import { ROOT, type Surroundings, surroundings } from './machine.ts'
import { chosen, positive } from './options.ts'
import { page } from './page.ts'
import { probe } from './probe.ts'
import { printFigures, printRatios, printSlopes } from './report.ts'
import { DISK, type Plan, runRounds } from './rounds.ts'
import { type Column, type LeftOut, type Results, slopesOf } from './samples.ts'
import { LOAD, WORKLOADS } from './workloads/index.ts'

/** Workloads that are run when none is named. */
const USUAL = Object.keys(WORKLOADS).filter(name => !WORKLOADS[name]?.isExtra)
const USUAL_ENGINES = Object.keys(ENGINES).filter(name => !EXTRA_ENGINES.includes(name))
const EXTRA = Object.keys(WORKLOADS).filter(name => WORKLOADS[name]?.isExtra)

const USAGE = `npm run bench -- [--only a,b] [--engines a,b] [--documents n,m] [--rounds n]
  --only       workloads, or the first part of their names: ${USUAL.join(', ')};
               and, run only when named: ${EXTRA.join(', ')}
  --engines    engines, or the first part of their names: ${USUAL_ENGINES.join(', ')};
               and, run only when named: ${EXTRA_ENGINES.join(', ')}
  --documents  how many documents (100000); of several sizes, how cost grows is fitted and tables are of the largest
  --rounds     how many rounds (3)
Others: npm run bench -- durable | growth | load | page FILE.json; npm run bench:guard`

const RESULTS = fileURLToPath(new URL('bench/results/', ROOT))

interface Order extends Omit<Plan, 'documentsCount'> {
  /** Ascending. */
  sizes: number[]
  leftOut: LeftOut[]
}

function order(): Order {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      engines: { type: 'string' },
      documents: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '3' }
    }
  })
  const all = Object.keys(WORKLOADS)
  const names = new Set(values.only === undefined ? USUAL : chosen(all, values.only))
  const sizes = new Set(values.documents.split(',').map(size => positive('documents', size)))
  return {
    ...probe(values.engines === undefined ? USUAL_ENGINES : chosen(Object.keys(ENGINES), values.engines)),
    workloads: new Map(Object.entries(WORKLOADS).filter(([name]) => names.has(name))),
    sizes: [...sizes].sort((a, b) => a - b),
    rounds: positive('rounds', values.rounds)
  }
}

/** Runs every size, the smallest first. */
function measure({ sizes, ...plan }: Order): Pick<Results, 'samples' | 'failures'> {
  const failures: string[] = []
  const base = `${RESULTS}data-${process.pid}`
  const samples = sizes.flatMap(documentsCount =>
    runRounds({ ...plan, documentsCount }, base, what => failures.push(what))
  )
  return { samples, failures }
}

function printHead({ engines, leftOut, sizes, rounds }: Order, where: Surroundings): void {
  console.log(`${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}`)
  console.log(
    Object.entries(where.packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')
  )
  for (const { engine, reason } of leftOut) console.log(`left out: ${engine} (${reason})`)
  if (engines.size === 0) throw new Error('no engine is left')
  const counts = sizes.map(size => size.toLocaleString('en')).join(' and ')
  console.log(`${counts} documents, medians of ${rounds} rounds, ops/s unless said\n`)
}

function print({ samples, slopes, rows, columns, documentsCount }: Results): void {
  const largest = samples.filter(sample => sample.documentsCount === documentsCount)
  printFigures(largest, rows, columns)
  printRatios(largest, columns)
  if (slopes !== undefined) printSlopes(slopes, rows, columns)
}

function main(): void {
  const work = order()
  const { engines, leftOut, workloads, sizes, rounds } = work
  const where = surroundings(new Set([...engines.values()].flatMap(engine => engine.package ?? [])))
  printHead(work, where)
  const { samples, failures } = measure(work)
  const columns: Column[] = [...workloads].map(([key, { title, unit }]) => ({ key, title, unit }))
  if (workloads.has(LOAD)) columns.push({ key: DISK, title: 'disk', unit: 'MB' })
  const rows = [...engines].map(([key, { title, survives }]) => ({ key, title, survives }))
  const results: Results = {
    surroundings: where,
    documentsCount: sizes.at(-1) as number,
    rounds,
    leftOut,
    rows,
    columns,
    samples,
    ...(sizes.length > 1 ? { slopes: slopesOf(samples, rows, columns) } : {}),
    failures
  }
  print(results)
  mkdirSync(RESULTS, { recursive: true })
  const file = `${RESULTS}${where.date.replaceAll(':', '-')}`
  writeFileSync(`${file}.json`, JSON.stringify(results, null, 1))
  writeFileSync(`${file}.html`, page(results))
  console.log(`Every sample: ${file}.json\nAs a page: ${file}.html`)
  for (const failure of failures) console.error(failure)
  if (failures.length > 0) process.exitCode = 1
}

if (process.argv.includes('--help')) console.log(USAGE)
else main()
