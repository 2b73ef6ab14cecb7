// The benchmark's front: reads the options, has the rounds run (rounds.ts), prints medians, spreads and ratios
// (report.ts) with the machine and the versions they hold for, and writes every sample to bench/results/.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ENGINES } from './engines/index.ts'
import { ROOT, surroundings } from './machine.ts'
import { type LeftOut, probe } from './probe.ts'
import { printFigures, printRatios } from './report.ts'
import { DISK, type Plan, runRounds } from './rounds.ts'
import type { Column } from './samples.ts'
import { LOAD, WORKLOADS } from './workloads/index.ts'

const USAGE = `npm run bench -- [--only a,b] [--engines a,b] [--documents n] [--rounds n]
  --only       workloads: ${Object.keys(WORKLOADS).join(', ')}
  --engines    engines, or the first part of their names: ${Object.keys(ENGINES).join(', ')}
  --documents  how many documents (100000)
  --rounds     how many rounds (3)`

const RESULTS = fileURLToPath(new URL('bench/results/', ROOT))

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

function plan(): Plan & { leftOut: LeftOut[] } {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      engines: { type: 'string' },
      documents: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '3' }
    }
  })
  const names = new Set(chosen(Object.keys(WORKLOADS), values.only))
  return {
    ...probe(chosen(Object.keys(ENGINES), values.engines)),
    workloads: new Map(Object.entries(WORKLOADS).filter(([name]) => names.has(name))),
    documentsCount: positive('documents', values.documents),
    rounds: positive('rounds', values.rounds)
  }
}

function main(): void {
  const work = plan()
  const { engines, leftOut, workloads, documentsCount, rounds } = work
  const failures: string[] = []
  const packages = new Set([...engines.values()].flatMap(engine => engine.package ?? []))
  const where = surroundings(packages)
  console.log(`${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}`)
  console.log(
    Object.entries(where.packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')
  )
  for (const { engine, reason } of leftOut) console.log(`left out: ${engine} (${reason})`)
  if (engines.size === 0) throw new Error('no engine is left')
  console.log(`${documentsCount.toLocaleString('en')} documents, medians of ${rounds} rounds, ops/s unless said\n`)
  const samples = runRounds(work, `${RESULTS}data-${process.pid}`, what => failures.push(what))
  const columns: Column[] = [...workloads].map(([key, { title, unit }]) => ({ key, title, unit }))
  if (workloads.has(LOAD)) columns.push({ key: DISK, title: 'disk', unit: 'MB' })
  const rows = [...engines].map(([key, { title, survives }]) => ({ key, title, survives }))
  printFigures(samples, rows, columns)
  printRatios(samples, columns)
  mkdirSync(RESULTS, { recursive: true })
  const file = `${RESULTS}${where.date.replaceAll(':', '-')}.json`
  writeFileSync(
    file,
    JSON.stringify({ surroundings: where, documentsCount, rounds, leftOut, rows, columns, samples, failures }, null, 1)
  )
  console.log(`Every sample: ${file}`)
  for (const failure of failures) console.error(failure)
  if (failures.length > 0) process.exitCode = 1
}

if (process.argv.includes('--help')) console.log(USAGE)
else main()
