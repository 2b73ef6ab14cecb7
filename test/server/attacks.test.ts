// What hostile clients send, each kind a test: the server refuses it by name, and goes on serving others.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pack } from 'msgpackr'
import { expect, test } from 'vitest'
import type { RunningServer } from '../../src/server/index.ts'
import { ask, connection, ITEMS, rawExchange, refusal, served, temporaryFolder } from './harness.ts'

/** The server answers others as before. */
async function isWell(server: RunningServer): Promise<void> {
  const { status } = await ask(server, 'PUT', `${ITEMS}/documents/well`, { at: 1 })
  expect([200, 201]).toContain(status)
  expect((await ask(server, 'GET', '/health')).status).toBe(200)
}

function post(path: string, body: string, headers: string[] = []): string {
  const lines = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', ...headers]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

test('names_never_lead_out_of_the_folder', async () => {
  const parent = temporaryFolder()
  const folder = join(parent, 'data')
  const server = await served({ folder })
  const names = [
    '..%2F..%2Fevil',
    '%2e%2e',
    '..%5Cevil',
    '.hidden',
    'a%00b',
    'a%2Fb',
    'x'.repeat(65),
    'NUL',
    'con.x',
    'a%0D%0Ab'
  ]
  for (const name of names) {
    const { status } = await ask(server, 'PUT', `/v1/databases/${name}`)
    expect([name, status]).toEqual([name, name === '%2e%2e' ? 404 : 400])
  }
  const raw = await rawExchange(
    server,
    'PUT /v1/databases/../../evil HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
  )
  expect(raw).toMatch(/^HTTP\/1\.1 40[04]/)
  expect([readdirSync(parent), existsSync(join(parent, 'evil.quire'))]).toEqual([['data'], false])
  for (const name of ['a%00b', 'a%0Ab', 'a%7Fb', 'x'.repeat(256)]) {
    expect(await refusal(server, 'POST', `/v1/databases/main/collections/${name}/documents`, {})).toEqual([
      400,
      'INVALID_REQUEST'
    ])
  }
  expect(await refusal(server, 'POST', `/v1/databases/main/collections/${'%C3%BC'.repeat(200)}/documents`, {})).toEqual(
    [422, 'INVALID_NAME']
  )
  await isWell(server)
})

test('NUL_bytes_are_data_where_texts_are_and_refused_elsewhere', async () => {
  const server = await served()
  const document = { _id: 'a\0b', text: '\0', list: ['\0\0'] }
  expect((await ask(server, 'POST', `${ITEMS}/documents`, document)).status).toBe(201)
  expect((await ask(server, 'GET', `${ITEMS}/documents/a%00b`)).value).toEqual(document)
  expect((await ask(server, 'GET', `${ITEMS}/documents/a`)).status).toBe(404)
  expect((await ask(server, 'POST', `${ITEMS}/find`, { filter: { text: '\0' } })).value.documents).toEqual([document])
  const keys = '/v1/databases/main/kv/s'
  const set = await ask(server, 'PUT', `${keys}/a%00b`, { text: 'x\0y' })
  expect([set.status, (await ask(server, 'GET', `${keys}/a%00b`)).value]).toEqual([200, { text: 'x\0y' }])
  expect((await ask(server, 'GET', `${keys}/a`)).status).toBe(404)
  for (const path of ['/v1/databases/main%00', `${ITEMS}%00/documents`, '/v1/databases/main/kv/s%00/a']) {
    const { status } = await ask(server, 'PUT', path, 1)
    expect([path, [400, 404, 405, 422].includes(status)]).toEqual([path, true])
  }
  for (const head of [
    'GET /hea\0lth HTTP/1.1\r\nHost: localhost',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\0b'
  ]) {
    expect(await rawExchange(server, `${head}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
  }
  expect(await refusal(server, 'POST', `${ITEMS}/documents`, '{}\0')).toEqual([400, 'MALFORMED_BODY'])
  await isWell(server)
})

test('keys_of_prototypes_change_no_object', async () => {
  const server = await served()
  for (const body of ['{"__proto__": {"isAdmin": true}}', '{"a": [{"__proto__": 1}]}']) {
    expect(await refusal(server, 'POST', `${ITEMS}/documents`, body)).toEqual([422, 'UNSUPPORTED_VALUE'])
    expect(await refusal(server, 'POST', `${ITEMS}/find`, `{"filter": ${body}}`)).toEqual([422, 'UNSUPPORTED_VALUE'])
  }
  const packed = Buffer.concat([
    Buffer.from([0x81, 0xa9]),
    Buffer.from('__proto__'),
    Buffer.from([0x81, 0xa1, 0x61, 0x01])
  ])
  const type = { 'Content-Type': 'application/msgpack' }
  expect(await refusal(server, 'POST', `${ITEMS}/documents`, packed, type)).toEqual([422, 'UNSUPPORTED_VALUE'])
  const document = {
    _id: 'a',
    constructor: { prototype: { isAdmin: true } },
    toString: 1,
    hasOwnProperty: 2,
    valueOf: 3
  }
  expect((await ask(server, 'POST', `${ITEMS}/documents`, document)).status).toBe(201)
  expect((await ask(server, 'GET', `${ITEMS}/documents/a`)).value).toEqual(document)
  await ask(server, 'PATCH', `${ITEMS}/documents/a`, { $set: { '__proto__.isAdmin': true } })
  await ask(server, 'GET', `${ITEMS}/documents/a`)
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  expect(await refusal(server, 'GET', `${ITEMS}/documents/a?__proto__=1`)).toEqual([400, 'INVALID_REQUEST'])
  expect(await refusal(server, 'GET', `${ITEMS}/documents/a?constructor=1`)).toEqual([400, 'INVALID_REQUEST'])
  await isWell(server)
})

test('bodies_that_are_too_large_are_refused_before_they_are_held', async () => {
  const server = await served({ limits: { bodyBytesMax: 100_000 } })
  const announced = await rawExchange(server, post(`${ITEMS}/documents`, '{', ['Content-Length: 1000000000']))
  expect(announced).toMatch(/^HTTP\/1\.1 413 /)
  expect(announced).toContain('BODY_TOO_LARGE')
  expect(announced.toLowerCase()).toContain('connection: close')
  const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
  const chunked = await rawExchange(
    server,
    post(`${ITEMS}/documents`, chunk.repeat(50), ['Transfer-Encoding: chunked'])
  )
  expect(chunked).toMatch(/^HTTP\/1\.1 413 /)
  expect(await refusal(server, 'POST', `${ITEMS}/documents`, { text: 'x'.repeat(200_000) })).toEqual([
    413,
    'BODY_TOO_LARGE'
  ])
  expect((await ask(server, 'POST', `${ITEMS}/documents`, { text: 'x'.repeat(90_000) })).status).toBe(201)
  await isWell(server)
})

test('heads_that_come_slowly_or_never_end_their_connection', async () => {
  const server = await served({ limits: { headTimeoutMs: 300 } })
  const silent = await rawExchange(server, '')
  const half = await rawExchange(server, 'GET /health HTTP/1.1\r\nHost: local')
  expect([silent, half].map(answer => answer === '' || answer.startsWith('HTTP/1.1 408'))).toEqual([true, true])
  const dripping = await connection(server)
  const ended = new Promise(resolve => dripping.on('error', resolve).once('close', resolve).resume())
  const drip = setInterval(() => dripping.write('X'), 50)
  dripping.write('GET /health HTTP/1.1\r\n')
  await ended
  clearInterval(drip)
  const large = await rawExchange(server, `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
  expect(large).toMatch(/^HTTP\/1\.1 431 /)
  await isWell(server)
})

test('bodies_that_come_slowly_are_given_up', async () => {
  const server = await served({ limits: { bodyTimeoutMs: 300 } })
  const socket = await connection(server)
  let answer = ''
  const ended = new Promise(resolve => socket.on('error', resolve).once('close', resolve))
  socket.setEncoding('latin1').on('data', piece => (answer += piece))
  socket.write(post(`${ITEMS}/documents`, '{"a": "', ['Content-Length: 1000']))
  const drip = setInterval(() => socket.write('x'), 50)
  await ended
  clearInterval(drip)
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(answer).toContain('REQUEST_TIMEOUT')
  await isWell(server)
})

test('many_idle_connections_keep_nobody_out', { timeout: 60_000 }, async () => {
  const server = await served({ limits: { headTimeoutMs: 5000 } })
  const idle = await Promise.all(Array.from({ length: 1000 }, () => connection(server)))
  await isWell(server)
  expect((await ask(server, 'GET', '/v1/stats')).value.connectionsOpen).toBeGreaterThanOrEqual(1000)
  for (const socket of idle) socket.destroy()
  const few = await served({ limits: { connectionsMax: 5 } })
  const refused = await Promise.all(Array.from({ length: 20 }, () => connection(few)))
  await Promise.all(
    refused.slice(5).map(socket => new Promise(resolve => socket.on('error', resolve).once('close', resolve).resume()))
  )
})

test('values_that_nest_too_deeply_are_refused', async () => {
  const server = await served()
  const code = (body: string | Uint8Array, type = 'application/json') =>
    refusal(server, 'POST', `${ITEMS}/documents`, body, { 'Content-Type': type })
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  expect(await code(deep(200_000))).toEqual([400, 'MALFORMED_BODY'])
  expect(await code(`{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`)).toEqual([400, 'MALFORMED_BODY'])
  expect(await code(deep(105))).toEqual([422, expect.stringMatching(/INVALID_DOCUMENT|UNSUPPORTED_VALUE/)])
  expect((await ask(server, 'POST', `${ITEMS}/documents`, deep(99))).status).toBe(201)
  expect(await code(Buffer.alloc(100_000, 0x91), 'application/msgpack')).toEqual([400, 'MALFORMED_BODY'])
  await isWell(server)
})

test('bytes_that_are_no_message_pack_are_refused', async () => {
  const server = await served()
  const bodies = [
    [0xdf, 0xff, 0xff, 0xff, 0xff], // a map of four billion
    [0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0], // an array of four billion
    [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61], // a text of 4 GB
    [0x81, 0x01, 0x01], // a key that is a number
    [0x81, 0xa1], // cut off
    [0x80, 0x80], // two values
    [0xc1], // a byte that begins nothing
    [0x81, 0xa1, 0x61, 0xc7, 0x02, 0x73, 0x92, 0x01], // an extension
    [0x81, 0xa1, 0x61, 0xd4, 0x78, 0x01] // another one
  ]
  for (const body of bodies) {
    const answer = await refusal(server, 'POST', `${ITEMS}/documents`, Buffer.from(body), {
      'Content-Type': 'application/msgpack'
    })
    expect([body, answer]).toEqual([body, [400, 'MALFORMED_BODY']])
  }
  const badText = Buffer.from([0x81, 0xa1, 0x61, 0xa1, 0xff])
  const { status } = await ask(server, 'POST', `${ITEMS}/documents`, badText, { 'Content-Type': 'application/msgpack' })
  expect([201, 400, 422]).toContain(status)
  const longs = Array.from({ length: 100 }, (_, n) => Buffer.from(pack({ n })).subarray(0, n % 4))
  for (const body of longs) {
    if (body.length === 0) continue
    expect(
      (await ask(server, 'POST', `${ITEMS}/documents`, body, { 'Content-Type': 'application/msgpack' })).status
    ).toBe(400)
  }
  await isWell(server)
})

test('compressed_bodies_and_other_forms_are_refused', async () => {
  const server = await served()
  for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'x-gzip', 'gzip, identity']) {
    const answer = await refusal(server, 'POST', `${ITEMS}/documents`, '{}', { 'Content-Encoding': encoding })
    expect([encoding, answer]).toEqual([encoding, [415, 'UNSUPPORTED_MEDIA_TYPE']])
  }
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'multipart/form-data',
    ''
  ]) {
    const answer = await refusal(server, 'POST', `${ITEMS}/documents`, '{}', { 'Content-Type': type })
    expect([type, answer]).toEqual([type, [415, 'UNSUPPORTED_MEDIA_TYPE']])
  }
  const latin = Buffer.from('{"a":"\xfc"}', 'latin1')
  expect(await refusal(server, 'POST', `${ITEMS}/documents`, latin)).toEqual([400, 'MALFORMED_BODY'])
  for (const body of ['', '{', '{"a":1}x', 'NaN', '{"a":undefined}', "{'a':1}"]) {
    expect([body, await refusal(server, 'POST', `${ITEMS}/documents`, body)]).toEqual([body, [400, 'MALFORMED_BODY']])
  }
  await isWell(server)
})

test('line_breaks_in_values_make_no_headers', async () => {
  const server = await served()
  const _id = 'a\r\nSet-Cookie: x=1\r\n\r\n'
  const { headers, value } = await ask(server, 'POST', `${ITEMS}/documents`, { _id })
  expect([headers.get('Set-Cookie'), value.insertedId]).toEqual([null, _id])
  expect((await ask(server, 'GET', headers.get('Location') as string)).value).toEqual({ _id })
  const split = await rawExchange(server, 'GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b: c\nd\r\n\r\n')
  expect(split).toMatch(/^HTTP\/1\.1 400 /)
  const twoLengths = post(`${ITEMS}/documents`, '{}', ['Content-Length: 2', 'Transfer-Encoding: chunked'])
  expect(await rawExchange(server, twoLengths)).toMatch(/^HTTP\/1\.1 400 /)
  await isWell(server)
})

test('patterns_that_hang_other_engines_take_no_time', async () => {
  const server = await served()
  await ask(server, 'POST', `${ITEMS}/documents`, { text: `${'a'.repeat(50_000)}!` })
  for (const $regex of ['^(a+)+$', '(a|aa)+$', '(.*)*$', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    expect((await ask(server, 'POST', `${ITEMS}/find`, { filter: { text: { $regex } } })).value.documents).toBeTruthy()
  }
  expect(await refusal(server, 'POST', `${ITEMS}/find`, { filter: { text: { $regex: '(a){1000000000}' } } })).toEqual([
    422,
    'INVALID_FILTER'
  ])
  expect(await refusal(server, 'POST', `${ITEMS}/find`, { filter: { $where: 'while (true);' } })).toEqual([
    422,
    'INVALID_FILTER'
  ])
  await isWell(server)
})

test('pages_of_other_origins_and_names_get_nothing', async () => {
  const server = await served()
  expect(await refusal(server, 'GET', '/v1/databases', undefined, { Origin: 'https://evil.example' })).toEqual([
    403,
    'FORBIDDEN'
  ])
  expect(await refusal(server, 'GET', '/v1/databases', undefined, { Origin: 'null' })).toEqual([403, 'FORBIDDEN'])
  const rebound = await rawExchange(
    server,
    'GET /v1/databases HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'
  )
  expect(rebound).toMatch(/^HTTP\/1\.1 403 /)
  const { headers } = await ask(server, 'OPTIONS', '/v1/databases')
  expect(headers.get('Access-Control-Allow-Origin')).toBeNull()
})

test('more_requests_than_may_be_worked_on_wait_or_are_told_to_come_later', async () => {
  const server = await served({ limits: { requestsMax: 2 } })
  const many = Array.from({ length: 60 }, (_, n) =>
    ask(server, 'POST', `${ITEMS}/update-many`, { filter: { n }, update: { $set: { n } } })
  )
  const answers = await Promise.all(many)
  const statuses = answers.map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([200, 503]))
  expect(answers.find(({ status }) => status === 503)?.headers.get('Retry-After')).toBe('1')
  await isWell(server)
  expect((await ask(server, 'GET', '/v1/stats')).value).toMatchObject({ requestsRunning: 1, requestsWaiting: 0 })
})

test('more_requests_a_second_than_a_client_may_are_refused', async () => {
  const server = await served({ limits: { requestsPerSecondMax: 10 } })
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async () => (await ask(server, 'GET', '/v1/databases')).status)
  )
  expect(statuses.filter(status => status === 200).length).toBeGreaterThanOrEqual(10)
  expect(statuses).toContain(429)
})

test('clients_that_leave_in_the_middle_end_their_cursors', async () => {
  const server = await served()
  const documents = Array.from({ length: 5000 }, (_, n) => ({ n, text: 'x'.repeat(1000) }))
  await ask(server, 'POST', `${ITEMS}/insert-many`, { documents })
  const controller = new AbortController()
  const response = await fetch(`${server.url}${ITEMS}/find`, {
    method: 'POST',
    body: '{}',
    headers: { 'Content-Type': 'application/json', Accept: 'application/x-ndjson' },
    signal: controller.signal
  })
  await response.body?.getReader().read()
  controller.abort()
  // The database is in use until the cursor has ended; deleting its server closes it, which would hang otherwise.
  await server.close()
})
