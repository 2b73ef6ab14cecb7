// The short way of requests of a usual form beside hono's way: what they find, and that nobody can tell them apart.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deadline } from '../../src/server/deadline.ts'
import { plainQueryOf } from '../../src/server/exchange.ts'
import { Paths } from '../../src/server/paths.ts'
import { ask, ITEMS, served } from './harness.ts'

const KV = '/v1/databases/main/kv/artists'

/** Requests, each on its own; hono takes those whose query has an empty part. */
const REQUESTS: readonly (readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>])[] =
  [
    ['GET', `${ITEMS}/documents/a`],
    ['GET', `${ITEMS}/documents/%C3%A9%2F%25`],
    ['GET', `${ITEMS}/documents/a`, undefined, { 'If-None-Match': '*' }],
    ['GET', `${ITEMS}/documents/a`, undefined, { Accept: 'application/msgpack' }],
    ['GET', `${ITEMS}/documents/a`, undefined, { Accept: 'image/png' }],
    ['GET', `${ITEMS}/documents/missing`],
    ['GET', `${ITEMS}/documents/7?idType=integer`],
    ['GET', `${ITEMS}/documents/7?idType=other`],
    ['GET', `${ITEMS}/documents/7?unknown=1`],
    ['GET', `${ITEMS}/documents/7?__proto__=1`],
    ['PUT', `${ITEMS}/documents/b`, { n: 1 }],
    ['PUT', `${ITEMS}/documents/b?durability=process`, { n: 1 }],
    ['PUT', `${ITEMS}/documents/b`, '{"n":', { 'Content-Type': 'application/json' }],
    ['PUT', `${ITEMS}/documents/b`, 'n=1', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['PUT', `${ITEMS}/documents/b`, { n: 1 }, { 'If-Match': '"other"' }],
    ['PUT', `${ITEMS}/documents/b`, { n: 1 }, { 'Content-Encoding': 'gzip' }],
    ['PUT', `${KV}/k`, 'text'],
    ['GET', `${KV}/k`],
    ['GET', `${KV}/none`],
    ['POST', `${ITEMS}/find`, { filter: { _id: 'a' } }],
    ['POST', `${ITEMS}/find`, { filter: { $what: 1 } }],
    ['POST', `${ITEMS}/find`, { filter: { _id: 'a' } }, { Accept: 'application/x-ndjson' }],
    ['POST', `${ITEMS}/count`, {}],
    ['PATCH', `${ITEMS}/documents/b`, { $inc: { n: 1 } }],
    ['DELETE', `${ITEMS}/documents/b`],
    ['POST', `${KV}/k`],
    ['GET', '/v1/databases/none/collections/x/documents/a'],
    ['GET', '/v1/databases/..%2Fx/collections/x/documents/a'],
    ['GET', '/v1/nothing'],
    ['GET', '/health']
  ]

test('both_ways_give_the_same_answer', async () => {
  const server = await served()
  const seen = async (isShort: boolean) => {
    await ask(server, 'POST', `${ITEMS}/clear`, {})
    await ask(server, 'DELETE', KV)
    for (const _id of ['a', 'é/%', 7]) await ask(server, 'POST', `${ITEMS}/documents`, { _id, name: `name ${_id}` })
    const answers = []
    for (const [method, path, body, headers] of REQUESTS) {
      const url = isShort ? path : `${path}${path.includes('?') ? '&' : '?&'}`
      const { status, headers: told, value } = await ask(server, method, url, body, headers)
      const others = Object.fromEntries([...told].filter(([name]) => name !== 'date'))
      answers.push({ method, path, status, others, value })
    }
    return answers
  }
  const long = await seen(false)
  expect(await seen(true)).toEqual(long)
  expect(new Set(long.map(({ status }) => status)).size).toBeGreaterThan(8)
})

test('a_query_without_escapes_is_read_as_every_url_parser_reads_it', () => {
  const word = fc.stringMatching(/^[a-z&=_.-]{0,8}$/)
  fc.assert(
    fc.property(fc.array(word, { maxLength: 4 }), words => {
      const search = words.join('&')
      const all = [...new URLSearchParams(search)]
      const isPlain = new Set(all.map(([name]) => name)).size === all.length && all.every(([name]) => name !== '')
      const query = plainQueryOf(search)
      if (!isPlain) expect(query).toBeUndefined()
      else if (query !== undefined) expect(Object.entries(query)).toEqual(all)
    })
  )
  for (const search of ['a=%41', 'a=1+1', '__proto__=1', 'a=1&a=2', 'a=1&', '&']) {
    expect(plainQueryOf(search), search).toBeUndefined()
  }
  expect(plainQueryOf('')).toEqual({})
  expect(plainQueryOf('a=1&b&c=x=y')).toEqual({ a: '1', b: '', c: 'x=y' })
})

test('a_path_leads_where_its_pieces_lead_and_nowhere_else', () => {
  const paths = new Paths<string>()
  paths.add('GET', '/v1/{store}', 'store')
  paths.add('GET', '/v1/{store}/{key}', 'key')
  paths.add('POST', '/v1/{store}/batch', 'batch')
  paths.add('GET', '/v1/all', 'all')
  expect(paths.find('GET', '/v1/all')).toEqual({ value: 'all', params: {} })
  expect(paths.find('GET', '/v1/x%2Fy')).toEqual({ value: 'store', params: { store: 'x/y' } })
  expect(paths.find('GET', '/v1/x/batch')).toEqual({ value: 'key', params: { store: 'x', key: 'batch' } })
  expect(paths.find('POST', '/v1/x/batch')).toEqual({ value: 'batch', params: { store: 'x' } })
  for (const path of ['/', '/v1', '/v1/', '/v1//', '/v1/x/', '/v1//y', '/v1/x/y/z', '/v1/%zz', '/v1/%ff']) {
    expect(paths.find('GET', path), path).toBeUndefined()
  }
  expect(paths.find('DELETE', '/v1/x')).toBeUndefined()
})

test('a_deadline_that_is_met_is_never_told', async () => {
  const late: string[] = []
  const met = new Deadline(1, () => late.push('met'))
  const sooner = new Deadline(1, () => late.push('sooner'))
  met.end()
  await new Promise<void>(resolve => {
    new Deadline(20, () => {
      late.push('missed')
      resolve()
    })
    setImmediate(() => sooner.end())
  })
  expect(late).toEqual(['missed'])
})
