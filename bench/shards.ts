// What spreading a database over files gains on this machine: the same work on 1, 2 and 4 shards, in turn.
//
// `npm run bench -- shards [--documents 50000] [--rounds 3] [--seconds 2]`. Asked are GET and SET of a document by its
// id with 32 connections (acknowledged at `process`), a count whose filter reads every document, and a find in an order
// that no index has; then how fast documents move. Promises: every answer is checked; ratios to one shard are taken
// within rounds. Leaves to others: other servers (server.ts).

import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { surroundings } from './machine.ts'
import { positive } from './options.ts'
import { median } from './samples.ts'
import { type Server, start } from './server-sides.ts'
import { demand } from './workload.ts'

const COUNTS = [1, 2, 4]
const CONNECTIONS = 32
const BATCH = 1000
const QUERIES = 10
const ITEMS = '/v1/databases/main/collections/items'
const HEADERS = { 'content-type': 'application/json' }
const KEYS = 1000

const { values: given } = parseArgs({
  options: {
    documents: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' }
  }
})
const documents = positive('documents', given.documents)
const rounds = positive('rounds', given.rounds)
const seconds = positive('seconds', given.seconds)

async function post(server: Server, path: string, body: unknown, method = 'POST') {
  const response = await fetch(server.url + path, { method, headers: HEADERS, body: JSON.stringify(body) })
  demand(response.ok, `${path} answers ${response.status}`)
  return (await response.json()) as Record<string, unknown>
}

/** Loads a server with one shard, and spreads it; gives documents moved a second. */
async function prepare(server: Server, shardsCount: number): Promise<number> {
  for (let first = 0; first < documents; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, documents - first) }, (_, index) => {
      const n = first + index
      return { _id: `item-${n}`, n, name: `name ${(n * 7919) % documents}`, text: 'x'.repeat(100) }
    })
    await post(server, `${ITEMS}/insert-many`, { documents: batch })
  }
  const begin = performance.now()
  await post(server, '/v1/databases/main/shards', { shardsCount }, 'PUT')
  for (;;) {
    const state = await (await fetch(`${server.url}/v1/databases/main/shards`)).json()
    const { shardsCount: count, movedCount } = state as { shardsCount: number; movedCount: number }
    if (count === shardsCount) return (movedCount * 1000) / (performance.now() - begin)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Milliseconds of a query. */
async function query(work: () => Promise<void>): Promise<number> {
  const begin = performance.now()
  for (let turn = 0; turn < QUERIES; turn++) await work()
  return (performance.now() - begin) / QUERIES
}

async function load(server: Server, method: 'GET' | 'PUT'): Promise<number> {
  const path = (n: number) => `${ITEMS}/documents/item-${n}${method === 'PUT' ? '?durability=process' : ''}`
  const body = JSON.stringify({ n: 1, text: 'x'.repeat(100) })
  const requests = Array.from({ length: KEYS }, (_, n) =>
    method === 'GET' ? { method, path: path(n) } : { method, path: path(n), headers: HEADERS, body }
  )
  const before = server.cpuSeconds()
  const result = await autocannon({ url: server.url, connections: CONNECTIONS, duration: seconds, requests })
  demand(result.non2xx === 0 && result.errors === 0, `${method}: ${result.non2xx} refused`)
  return ((server.cpuSeconds() - before) * 1e6) / result.requests.total
}

/** What is measured of a server; less is better. */
const MEASURES: Readonly<Record<string, (server: Server) => Promise<number>>> = {
  'count, reading all (ms)': server =>
    query(async () => {
      const { count } = await post(server, `${ITEMS}/count`, { filter: { text: { $regex: 'xy' } } })
      demand(count === 0, `counts ${count}`)
    }),
  'find in an order (ms)': server =>
    query(async () => {
      const found = await post(server, `${ITEMS}/find`, { sort: { name: 1 }, limit: 10 })
      demand((found['documents'] as unknown[]).length === 10, 'finds 10')
    }),
  'GET by id (processor µs)': server => load(server, 'GET'),
  'SET by id (processor µs)': server => load(server, 'PUT')
}

async function main(): Promise<void> {
  const where = surroundings(['autocannon'])
  console.log(`${where.processor}, ${where.cores} cores, Node ${where.node}, load ${loadavg()[0]?.toFixed(1)}`)
  console.log(`${documents.toLocaleString('en')} documents, ${rounds} rounds\n`)
  const folders = COUNTS.map(() => mkdtempSync(join(tmpdir(), 'quire-shards-')))
  const servers: Server[] = []
  try {
    for (const [index, count] of COUNTS.entries()) {
      const server = await start('quire', folders[index] as string, false)
      servers.push(server)
      const moved = await prepare(server, count)
      if (count > 1)
        console.log(`1 -> ${count} shards: ${Math.round(moved).toLocaleString('en')} documents moved a second`)
    }
    console.log(`\n| | ${COUNTS.map(count => `${count} shards`).join(' | ')} | 2 : 1 | 4 : 1 |`)
    console.log('|---|---|---|---|---|---|')
    for (const [name, measure] of Object.entries(MEASURES)) {
      const samples: number[][] = COUNTS.map(() => [])
      for (const server of servers) await measure(server)
      for (let round = 0; round < rounds; round++) {
        for (let turn = 0; turn < COUNTS.length; turn++) {
          const side = (turn + round) % COUNTS.length
          samples[side]?.push(await measure(servers[side] as Server))
        }
      }
      const [one = [], ...others] = samples
      const ratios = others.map(own => median(own.map((value, round) => value / (one[round] as number)))?.toFixed(2))
      const cells = samples.map(own => median(own)?.toPrecision(3))
      console.log(`| ${[name, ...cells, ...ratios].join(' | ')} |`)
    }
  } finally {
    for (const server of servers) await server.end()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
}

await main()
