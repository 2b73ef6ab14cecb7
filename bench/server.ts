// The server under load, beside memstore's and beside Node's HTTP that does nothing: GET and SET of a key, and transactions.
//
// `npm run bench -- server [--connections 32] [--seconds 3] [--rounds 5] [--keys 1000] [--value 100]`. Servers have one
// core, the load (autocannon) the others. Per core means requests a second of the server's own processor time, which
// other programs hardly change; ratios are taken within rounds. Promises: an answer that is no success, or does not have
// the value, fails the run. Leaves to others: the sides (server-sides.ts), torn transactions (tearing.ts).

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { ROOT, surroundings } from './machine.ts'
import { positive } from './options.ts'
import { median } from './samples.ts'
import {
  type Asked,
  OPERATIONS,
  type Operation,
  pinLoad,
  type Server,
  SIDES,
  type Side,
  start
} from './server-sides.ts'
import { lookForTears, type Tears } from './tearing.ts'
import { demand } from './workload.ts'

const WARM_UP_SECONDS = 1

interface Sample {
  readonly side: string
  readonly operation: Operation
  readonly round: number
  /** Answers a second, as the clients see it. */
  readonly perSecond: number
  /** Answers for each second that the server's process had a processor. */
  readonly perCpuSecond: number
  /** Milliseconds from request to answer. */
  readonly p50: number
  readonly p99: number
}

const { values: given } = parseArgs({
  options: {
    connections: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    keys: { type: 'string', default: '1000' },
    value: { type: 'string', default: '100' },
    tears: { type: 'string', default: '3000' }
  }
})
const options = {
  connections: positive('connections', given.connections),
  seconds: positive('seconds', given.seconds),
  rounds: positive('rounds', given.rounds),
  keys: positive('keys', given.keys),
  value: positive('value', given.value),
  tears: positive('tears', given.tears)
}
const VALUE = 'x'.repeat(options.value)
const ASKED: readonly Asked[] = Array.from({ length: options.keys }, (_, index) => ({
  key: `key-${index}`,
  other: `other-${index}`,
  value: VALUE
}))

function loadOf(side: Side, { url }: Server, operation: Operation): autocannon.Options {
  return { url, requests: ASKED.map(asked => side.request(operation, asked)) }
}

/** Loads a server with one operation. */
async function load(side: Side, server: Server, operation: Operation, seconds: number) {
  const hasValue = side.server !== 'bare' && operation === 'get'
  const before = server.cpuSeconds()
  const result = await autocannon({
    ...loadOf(side, server, operation),
    connections: options.connections,
    duration: seconds,
    // Only what is read is looked at: looking costs the load generator time.
    ...(hasValue ? { verifyBody: (body?: string | Buffer) => body?.includes(VALUE) === true } : {})
  })
  const used = server.cpuSeconds() - before
  const where = `${operation} of ${side.name}`
  demand(result.non2xx === 0 && result.errors === 0, `${where}: ${result.non2xx} refused, ${result.errors} failed`)
  demand(result.mismatches === 0, `${where}: ${result.mismatches} answers without the value`)
  const answers = result.requests.total
  return {
    perSecond: answers / result.duration,
    perCpuSecond: answers / used,
    p50: result.latency.p50,
    p99: result.latency.p99
  }
}

async function measure(sides: readonly Side[], servers: ReadonlyMap<string, Server>): Promise<Sample[]> {
  const samples: Sample[] = []
  const serverOf = (side: Side) => servers.get(side.server) as Server
  // What is read has to be there: every key once, by one connection, which goes through all of them.
  for (const side of sides) {
    await autocannon({ ...loadOf(side, serverOf(side), 'set'), connections: 1, amount: options.keys })
  }
  for (const operation of ['set', 'get', 'transaction'] as const) {
    for (const side of sides) await load(side, serverOf(side), operation, WARM_UP_SECONDS)
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const operation of OPERATIONS) {
      for (let turn = 0; turn < sides.length; turn++) {
        const side = sides[(turn + round) % sides.length] as Side
        const figures = await load(side, serverOf(side), operation, options.seconds)
        samples.push({ side: side.name, operation, round, ...figures })
      }
    }
  }
  return samples
}

/** Medians of a side, with its ratio to another one within rounds. */
function figuresOf(samples: readonly Sample[], side: string, operation: Operation) {
  const own = samples.filter(sample => sample.side === side && sample.operation === operation)
  const of = (key: 'perSecond' | 'perCpuSecond' | 'p50' | 'p99') => median(own.map(sample => sample[key])) ?? Number.NaN
  const ratioTo = (other: string) => {
    const ratios = own.flatMap(({ round, perCpuSecond }) => {
      const its = samples.find(one => one.side === other && one.operation === operation && one.round === round)
      return its === undefined ? [] : [perCpuSecond / its.perCpuSecond]
    })
    return median(ratios)?.toFixed(2) ?? '-'
  }
  return { of, ratioTo }
}

function print(samples: readonly Sample[], sides: readonly Side[]): void {
  console.log('| operation | server | survives | /s | /s per core | p50 ms | p99 ms | : memstore | : bare |')
  console.log('|---|---|---|---|---|---|---|---|---|')
  for (const operation of OPERATIONS) {
    for (const { name, survives } of sides) {
      const { of, ratioTo } = figuresOf(samples, name, operation)
      const counts = [of('perSecond'), of('perCpuSecond')].map(count => Math.round(count).toLocaleString('en'))
      const times = [of('p50').toFixed(0), of('p99').toFixed(0)]
      const cells = [operation, name, survives, ...counts, ...times, ratioTo('memstore'), ratioTo('bare')]
      console.log(`| ${cells.join(' | ')} |`)
    }
  }
}

function tell(name: string, { reads, torn, sets, stale }: Tears): void {
  console.log(
    `${name}: ${torn} of ${reads} reads of two keys saw half a transaction; ${stale} of ${sets} reads missed the set before`
  )
}

async function main(): Promise<void> {
  const where = surroundings(['autocannon'])
  const isPinned = pinLoad(where.cores)
  console.log(
    `${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}, load ${loadavg()[0]?.toFixed(1)}`
  )
  console.log(
    `${options.connections} connections, ${options.keys} keys, values of ${options.value} bytes, ${options.rounds} rounds of ` +
      `${options.seconds} s, autocannon ${where.packages['autocannon']}; servers ${isPinned ? 'pinned to one core' : 'not pinned'}\n`
  )
  const sides = SIDES.filter(side => side.server !== 'memstore' || process.env['MEMSTORE'] !== undefined)
  const folder = mkdtempSync(join(tmpdir(), 'quire-server-'))
  const servers = new Map<string, Server>()
  try {
    for (const { server } of sides) {
      if (!servers.has(server)) servers.set(server, await start(server, folder, isPinned))
    }
    const samples = await measure(sides, servers)
    print(samples, sides)
    console.log()
    const tears: Record<string, Tears> = {}
    for (const name of ['quire', 'memstore']) {
      const server = servers.get(name)
      if (server === undefined) continue
      tears[name] = await lookForTears(server.url, options.tears)
      tell(name, tears[name])
    }
    const results = fileURLToPath(new URL('bench/results/', ROOT))
    mkdirSync(results, { recursive: true })
    const file = `${results}server-${where.date.replaceAll(':', '-')}.json`
    writeFileSync(file, JSON.stringify({ surroundings: where, options, isPinned, samples, tears }, null, 2))
    console.log(`\nevery sample: ${file}; load at the end ${loadavg()[0]?.toFixed(1)}, ${cpus().length} cores`)
  } finally {
    for (const server of servers.values()) await server.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
