// Attacks by mass, on servers in processes of their own: bodies of a gigabyte, bodies that unpack to one, connections by
// the ten thousand, slow ones by the hundred, patterns and nesting from many clients at once. Memory stays flat, others
// are served meanwhile, and what was taken is given back.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import type { RunningServer } from '../../src/server/index.ts'
import { ask, connection, ITEMS, refusal, temporaryFolder } from './harness.ts'
import { type ServerProcess, startServer } from './process.ts'

const GIGABYTE = 1 << 30
const BODY_BYTES_MAX = 16 << 20
/** What a server may take for a while that refuses a body: the body it would have taken, twice, and buffers. */
const FLAT_BYTES_MAX = 64 << 20
const IDLE = 10_000
/** Descriptors that a process has beside its connections. */
const OWN_DESCRIPTORS = 500

async function started(limits?: Parameters<typeof startServer>[1]): Promise<ServerProcess & RunningServer> {
  const server = await startServer(temporaryFolder(), limits)
  onTestFinished(async () => {
    server.child.kill()
    await server.end
  })
  return server as ServerProcess & RunningServer
}

async function isWell(server: RunningServer): Promise<void> {
  expect([200, 201]).toContain((await ask(server, 'PUT', `${ITEMS}/documents/well`, { at: 1 })).status)
  expect((await ask(server, 'GET', '/health')).status).toBe(200)
}

/** Sends a head and then pieces until nobody takes them; gives the answer, and how much was sent. */
async function pour(server: RunningServer, head: string, piece: Buffer): Promise<{ answer: string; sent: number }> {
  const socket = connect(server.port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', text => (answer += text))
  const over = new Promise<void>(resolve => socket.on('error', () => undefined).once('close', () => resolve()))
  socket.write(`${head}\r\n\r\n`)
  while (socket.writable && socket.bytesWritten < GIGABYTE) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => undefined), over])
  }
  socket.destroySoon()
  await over
  return { answer, sent: socket.bytesWritten }
}

test('a_body_of_a_gigabyte_is_refused_early_and_never_held', { timeout: 120_000 }, async () => {
  const server = await started()
  await isWell(server)
  const { peak: before } = await server.memory()
  const head = [`POST ${ITEMS}/documents HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json']
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`)
  const many = Array.from({ length: 4 }, () =>
    pour(server, [...head, 'Transfer-Encoding: chunked'].join('\r\n'), chunk)
  )
  for (const { answer, sent } of await Promise.all(many)) {
    // A connection that is closed before all was read may take the answer with it.
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(sent).toBeLessThan(BODY_BYTES_MAX * 4)
  }
  const announced = await pour(server, [...head, `Content-Length: ${GIGABYTE}`].join('\r\n'), Buffer.alloc(1 << 16))
  expect(announced.sent).toBeLessThan(BODY_BYTES_MAX)
  const line = head.join('\r\n').replace('/documents', '/import').replace('/json', '/x-ndjson')
  const endless = await pour(server, `${line}\r\nTransfer-Encoding: chunked`, chunk)
  expect(endless.sent).toBeLessThan(BODY_BYTES_MAX * 4)
  await isWell(server)
  const { peak } = await server.memory()
  expect(peak - before).toBeLessThan(4 * BODY_BYTES_MAX + FLAT_BYTES_MAX)
})

test('bodies_that_would_unpack_to_a_gigabyte_are_not_unpacked', async () => {
  const server = await started()
  const { peak: before } = await server.memory()
  // A megabyte of it is a gigabyte of blanks.
  const bomb = gzipSync(Buffer.alloc(GIGABYTE / 4, ' '))
  for (const encoding of ['gzip', 'GZIP', 'gzip, gzip', 'identity, gzip']) {
    for (const route of ['documents', 'import', 'insert-many']) {
      const type = route === 'import' ? { 'Content-Type': 'application/x-ndjson' } : {}
      const headers = { 'Content-Encoding': encoding, ...type }
      const answer = await refusal(server, 'POST', `${ITEMS}/${route}`, bomb, headers)
      expect([route, encoding, answer]).toEqual([route, encoding, [415, 'UNSUPPORTED_MEDIA_TYPE']])
    }
  }
  // Sent as what it is not, it is no JSON; no transfer coding but chunked is taken.
  expect(await refusal(server, 'POST', `${ITEMS}/documents`, bomb)).toEqual([400, 'MALFORMED_BODY'])
  const head = `POST ${ITEMS}/documents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`
  const socket = await connection(server)
  socket.setEncoding('latin1').write(head)
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 (4|501)/)
  await isWell(server)
  expect((await server.memory()).peak - before).toBeLessThan(FLAT_BYTES_MAX)
})

/** Opens connections, says so, and keeps them until it is told to end. */
const IDLER = `
import { connect } from 'node:net'
const [port, count] = process.argv.slice(1).map(Number)
const sockets = []
const one = () => new Promise((resolve, reject) => {
  const socket = connect(port, '127.0.0.1', resolve)
  socket.once('error', reject)
  sockets.push(socket)
})
while (sockets.length < count) await Promise.all(Array.from({ length: Math.min(250, count - sockets.length) }, one))
process.stdout.write('open\\n')
process.stdin.once('data', () => process.exit())`

/** How many descriptors a process may have. */
function descriptorsMax(): number {
  const limits = process.report.getReport() as { userLimits?: Record<string, { hard: number | 'unlimited' }> }
  const hard = limits.userLimits?.['open_files']?.hard ?? 0
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
}

test('ten_thousand_idle_connections_keep_nobody_out', { timeout: 120_000 }, async context => {
  const allowed = descriptorsMax()
  context.skip(allowed < IDLE + OWN_DESCRIPTORS, `a process may have ${allowed} descriptors here`)
  const server = await started({ headTimeoutMs: 100_000 })
  await isWell(server)
  const { now: before } = await server.memory()
  const idler = spawn(process.execPath, ['--input-type=module', '-e', IDLER, String(server.port), String(IDLE)])
  onTestFinished(() => void idler.kill())
  const [said] = await Promise.race([once(idler.stdout, 'data'), once(idler.stderr, 'data')])
  expect(String(said)).toBe('open\n')
  const open = async () => (await ask(server, 'GET', '/v1/stats')).value.connectionsOpen as number
  // The system has made them; the server takes them one after the other.
  await expect.poll(open, { timeout: 20_000 }).toBeGreaterThanOrEqual(IDLE)
  for (let n = 0; n < 50; n++) await isWell(server)
  const each = ((await server.memory()).now - before) / IDLE
  console.log(`${IDLE} idle connections: ${(each / 1024).toFixed(1)} KiB of the server's memory each`)
  expect(each).toBeLessThan(40 << 10)
  idler.stdin.write('end\n')
  await once(idler, 'close')
  await expect.poll(open, { timeout: 20_000 }).toBeLessThan(100)
  await isWell(server)
})

test('hundreds_of_slow_heads_and_bodies_end_while_others_are_served', { timeout: 60_000 }, async () => {
  const server = await started({ headTimeoutMs: 1000, bodyTimeoutMs: 1000, requestsMax: 300 })
  const head = `POST ${ITEMS}/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
  const openings = ['GET /health HTTP/1.1\r\nX-A: ', `${head}Content-Length: 100000\r\n\r\n{"a": "`]
  const sockets = await Promise.all(Array.from({ length: 400 }, () => connection(server)))
  const ends = sockets.map(
    socket => new Promise(resolve => socket.on('error', resolve).once('close', resolve).resume())
  )
  for (const [n, socket] of sockets.entries()) socket.write(openings[n % 2] as string)
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('x')
  }, 100)
  onTestFinished(() => clearInterval(drip))
  for (let n = 0; n < 20; n++) await isWell(server)
  await Promise.all(ends)
  await isWell(server)
})

test('costly_requests_of_many_clients_end_and_leave_the_server_well', { timeout: 60_000 }, async () => {
  const server = await started()
  await ask(server, 'POST', `${ITEMS}/documents`, { text: `${'a'.repeat(20_000)}!` })
  const deep = '{"a":'.repeat(300_000)
  const wide = `{"filter": {"$or": [${Array.from({ length: 2000 }, (_, n) => `{"text": {"$regex": "(a|a?)+b${n}"}}`).join()}]}}`
  const requests = Array.from({ length: 24 }, (_, n) => {
    if (n % 3 === 0) return ask(server, 'POST', `${ITEMS}/find`, `{"filter": ${deep}`)
    if (n % 3 === 1) return ask(server, 'POST', `${ITEMS}/find`, { filter: { text: { $regex: '^(a+)+$' } } })
    return ask(server, 'POST', `${ITEMS}/find`, wide)
  })
  const answers = await Promise.all(requests)
  expect(answers.every(({ status }) => [200, 400, 422, 503].includes(status))).toBe(true)
  await isWell(server)
})
