// The regression guard: a short run of QuireDB, lmdb and a Map of MessagePack, whose ratios are held against
// bench/baseline.json. Ends with status 1 when a ratio is worse than its row accepts; `--update` writes the baseline anew.
// To be done within half a minute, one process runs all workloads of an engine in a round; so its ratios are those of the
// baseline, and none to publish: run.ts measures those.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Table } from 'console-table-printer'
import { type Baseline, isFailure, judge, type Ratio, renewed, TOLERANCE, type Verdict } from './baseline.ts'
import { ROOT, surroundings } from './machine.ts'
import { positive } from './options.ts'
import { type KnownEngine, probe } from './probe.ts'
import { applies, loadOf, runWorker } from './rounds.ts'
import { median, ratiosOf, type Sample } from './samples.ts'
import type { Timing } from './timing.ts'
import { INDEXED_LOAD, LOAD, WORKLOADS } from './workloads/index.ts'

const USAGE = `npm run bench:guard -- [--update] [--rounds n]
  --update  writes bench/baseline.json anew, with the tolerances it has (${TOLERANCE} where there is none)
  --rounds  how many rounds (5)`

const OWN = 'quire-process'
const PEERS = ['lmdb-nosync', 'map-buffers']
/** In the order in which they run: those that fill a file first, those that change it last. */
const GUARDED = [LOAD, 'point-read', 'scan', 'filter', 'count', 'update', 'delete', INDEXED_LOAD, 'indexed-find']
const DOCUMENTS = 10_000
/** Processor time, because none of the three waits for a disk and machines that run tests are shared. */
const TIMING: Timing = { measuredMs: 120, clock: 'processor' }

const FILE = fileURLToPath(new URL('bench/baseline.json', ROOT))

/** Runs an engine's guarded workloads in one process on files below `directory`. */
function runEngine(name: string, engine: KnownEngine, round: number, directory: string): Sample[] {
  const jobs = GUARDED.flatMap(key => {
    const workload = WORKLOADS[key]
    if (workload === undefined || !applies(workload, engine)) return []
    return [{ workload: key, directory: `${directory}/${loadOf(key, workload)}` }]
  })
  for (const job of jobs) mkdirSync(job.directory, { recursive: true })
  try {
    const { values } = runWorker({ engine: name, documentsCount: DOCUMENTS, timing: TIMING, jobs })
    return jobs.map(({ workload }, index) => ({
      engine: name,
      workload,
      round,
      documentsCount: DOCUMENTS,
      value: values[index] as number
    }))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function measure(rounds: number): Ratio[] {
  const names = [OWN, ...PEERS]
  const { engines, leftOut } = probe(names)
  for (const { engine, reason } of leftOut) console.error(`left out: ${engine} (${reason})`)
  const base = fileURLToPath(new URL(`bench/results/guard-${process.pid}`, ROOT))
  const samples: Sample[] = []
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as string
      const engine = engines.get(name)
      if (engine !== undefined) samples.push(...runEngine(name, engine, round, `${base}/${name}`))
    }
  }
  rmSync(base, { recursive: true, force: true })
  return GUARDED.flatMap(workload =>
    PEERS.flatMap(over => {
      const ratio = median(ratiosOf(samples, [OWN, over], workload, 'ops/s'))
      return ratio === undefined ? [] : [{ workload, over, ratio }]
    })
  )
}

function print(verdicts: Verdict[]): void {
  const right = { alignment: 'right' as const }
  const table = new Table({
    shouldDisableColors: !process.stdout.isTTY,
    columns: [
      { name: 'workload', alignment: 'left' },
      { name: 'times better than', alignment: 'left' },
      { name: 'baseline', ...right },
      { name: 'now', ...right },
      { name: 'at least', ...right },
      { name: 'judgement', alignment: 'left' }
    ]
  })
  for (const { workload, over, ratio, now, least, judgement } of verdicts) {
    table.addRow({
      workload: WORKLOADS[workload]?.title ?? workload,
      'times better than': over,
      baseline: ratio.toFixed(2),
      now: now?.toFixed(2) ?? '-',
      'at least': least.toFixed(2),
      judgement
    })
  }
  table.printTable()
}

function main(rounds: number, isUpdate: boolean): void {
  const where = surroundings(['lmdb', 'msgpackr'])
  console.log(`${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}`)
  console.log(
    `${OWN}, ${DOCUMENTS.toLocaleString('en')} documents, ratios of processor time within a round, medians of ${rounds} rounds`
  )
  const old: Baseline | undefined = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : undefined
  if (old === undefined && !isUpdate) throw new Error(`there is no ${FILE}: --update writes it`)
  const measured = measure(rounds)
  const rows = isUpdate ? renewed(old?.rows ?? [], measured) : (old?.rows ?? [])
  if (isUpdate) {
    const { processor, node } = where
    const baseline: Baseline = { documentsCount: DOCUMENTS, rounds, processor, node, rows }
    writeFileSync(FILE, `${JSON.stringify(baseline, null, 2)}\n`)
  }
  const verdicts = judge(rows, measured)
  print(verdicts)
  const failures = verdicts.filter(isFailure)
  console.log(`bench:guard: ${verdicts.length - failures.length} of ${verdicts.length} ratios hold`)
  if (failures.length > 0) process.exitCode = 1
}

const { values } = parseArgs({
  options: {
    update: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean' }
  }
})
if (values.help) console.log(USAGE)
else main(positive('rounds', values.rounds), values.update)
