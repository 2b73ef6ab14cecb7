// quire bench: how fast a database is on this machine, beside a Map and beside a bare write and fdatasync.
//
// Promises: works in a folder of its own inside the one that is named, and takes it away. Leaves to others: measuring
// (shared/self-bench.ts), comparing with other databases (`npm run bench` of a checkout).

import { existsSync } from 'node:fs'
import { arch, cpus, loadavg, platform } from 'node:os'
import { command } from './shared/command.ts'
import { notFound, usageFailure } from './shared/failure.ts'
import { type BenchLine, benchMachine } from './shared/self-bench.ts'
import { tableOf } from './shared/table.ts'
import { parseCount } from './shared/values.ts'

export default command({
  args: {
    folder: { type: 'positional', required: false, default: '.', description: 'Where files are made for a while' },
    documents: { type: 'string', valueHint: 'number', description: 'Documents of a round (20000)' },
    durable: { type: 'string', valueHint: 'number', description: 'Inserts of a round that wait for the disk (200)' },
    rounds: { type: 'string', valueHint: 'number', description: 'Rounds, of which the median is told (3)' }
  },
  examples: [
    ['bench', 'a few seconds in this folder; put it on the disk that shall be measured'],
    ["bench /mnt/fast --json | jq '.operations[] | {operation, perSecond}'", 'another disk, for a program']
  ],
  endsItself: true,
  async run({ args, output, signal }) {
    if (!existsSync(args.folder)) throw notFound(`there is no folder ${args.folder}`)
    const plan = {
      folder: args.folder,
      documents: least(args.documents ?? '20000', '--documents'),
      durableInserts: least(args.durable ?? '200', '--durable'),
      rounds: least(args.rounds ?? '3', '--rounds')
    }
    const operations = await benchMachine(plan, signal)
    const machine = {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      load: loadavg()[0] ?? 0,
      system: `${platform()} ${arch()}`,
      node: process.versions.node
    }
    await output.report({ machine, plan, operations }, tell)
  }
})

function least(text: string, what: string): number {
  const count = parseCount(text, what)
  if (count < 1) throw usageFailure(`${what} must be at least 1`)
  return count
}

interface Report {
  readonly machine: { processor: string; cores: number; load: number; node: string }
  readonly plan: { documents: number; rounds: number }
  readonly operations: readonly BenchLine[]
}

function tell({ machine, plan, operations }: Report): string {
  const rows = operations.map(
    ({ operation, durability, perSecond, microseconds, beside, besideMicroseconds, ratio }) => ({
      operation,
      survives: durability === 'disk' ? 'power cut' : 'process death',
      'a second': perSecond.toLocaleString('en'),
      µs: microseconds,
      beside: `${beside}, ${besideMicroseconds} µs`,
      'times as long': ratio
    })
  )
  return [
    `${machine.processor}, ${machine.cores} cores, load ${machine.load.toFixed(1)}, Node ${machine.node}; ` +
      `${plan.documents} documents, medians of ${plan.rounds} rounds`,
    tableOf(rows)
  ].join('\n')
}
