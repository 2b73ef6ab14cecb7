// Tokens: who is let in, how far, and that nobody gets further by another way. TLS by files.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createToken, listTokens, type RunningServer, revokeToken, type TokenScope } from '../../src/server/index.ts'
import { failure } from '../unit/temporary.ts'
import { ask, refusal, served, temporaryFolder } from './harness.ts'

const MAIN = '/v1/databases/main/collections'
const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url))

/** Headers with a new token of these scopes. */
function bearer(folder: string, ...scopes: TokenScope[]): Record<string, string> {
  return { Authorization: `Bearer ${createToken(folder, { name: 'test', scopes }).token}` }
}

async function withTokens(): Promise<{ folder: string; server: RunningServer; admin: Record<string, string> }> {
  const folder = temporaryFolder()
  const admin = bearer(folder, { database: '*', access: 'admin' })
  return { folder, admin, server: await served({ folder }) }
}

test('a_server_with_tokens_lets_nobody_in_without_a_right_one', async () => {
  const { folder, server, admin } = await withTokens()
  const right = admin['Authorization'] as string
  const wrong = [
    {},
    { Authorization: '' },
    { Authorization: 'Bearer' },
    { Authorization: 'Bearer x' },
    { Authorization: right.slice(0, -1) + (right.endsWith('A') ? 'B' : 'A') },
    { Authorization: `${right}A` },
    { Authorization: right.replace('Bearer', 'Basic') },
    { Authorization: right.replace(/quire_[0-9a-f]{12}/, 'quire_000000000000') },
    { Authorization: `Bearer ${listTokens(folder)[0]?.hash}` }
  ]
  for (const headers of wrong as Record<string, string>[]) {
    const { status, value, headers: answered } = await ask(server, 'GET', '/v1/databases', undefined, headers)
    expect([headers, status, value.code]).toEqual([headers, 401, 'UNAUTHENTICATED'])
    expect(answered.get('WWW-Authenticate')).toContain('Bearer')
  }
  expect((await ask(server, 'GET', '/v1/databases', undefined, admin)).status).toBe(200)
  expect((await ask(server, 'GET', '/health')).status).toBe(200)
  expect((await ask(server, 'GET', '/openapi.json')).value.components.securitySchemes.token.scheme).toBe('bearer')
  expect(await refusal(server, 'GET', '/metrics')).toEqual([401, 'UNAUTHENTICATED'])
})

test('a_token_whose_time_is_over_or_that_was_taken_back_opens_nothing', async () => {
  const { folder, server, admin } = await withTokens()
  const { token: old } = createToken(folder, {
    name: 'old',
    scopes: [{ database: '*', access: 'admin' }],
    expires: new Date(Date.now() - 1)
  })
  const status = async (token: string) =>
    (await ask(server, 'GET', '/v1/databases', undefined, { Authorization: `Bearer ${token}` })).status
  const { token, record } = createToken(folder, { name: 'new', scopes: [{ database: '*', access: 'read' }] })
  // A running server sees the new one within a second.
  await expect.poll(() => status(token), { timeout: 5000 }).toBe(200)
  expect(await status(old)).toBe(401)
  expect([revokeToken(folder, record.id), revokeToken(folder, record.id)]).toEqual([true, false])
  await expect.poll(() => status(token), { timeout: 5000 }).toBe(401)
  for (const { id } of listTokens(folder)) revokeToken(folder, id)
  await expect.poll(() => status(admin['Authorization']?.slice(7) as string), { timeout: 5000 }).toBe(401)
})

test('a_token_does_no_more_than_its_access', async () => {
  const { folder, server, admin } = await withTokens()
  await ask(server, 'PUT', `${MAIN}/items/documents/a`, {}, admin)
  const read = bearer(folder, { database: 'main', access: 'read' })
  const write = bearer(folder, { database: 'main', access: 'write' })
  await expect
    .poll(async () => (await ask(server, 'GET', `${MAIN}/items/documents/a`, undefined, write)).status, {
      timeout: 5000
    })
    .toBe(200)
  expect((await ask(server, 'POST', `${MAIN}/items/find`, {}, read)).status).toBe(200)
  const forbidden: [string, string, unknown, Record<string, string>][] = [
    ['PUT', `${MAIN}/items/documents/a`, {}, read],
    ['PATCH', `${MAIN}/items/documents/a`, { $set: { b: 1 } }, read],
    ['DELETE', `${MAIN}/items/documents/a`, undefined, read],
    ['POST', `${MAIN}/items/insert-many`, { documents: [{}] }, read],
    ['POST', `${MAIN}/items/clear`, {}, read],
    ['POST', `${MAIN}/items/aggregate`, { pipeline: [{ $out: 'x' }] }, read],
    ['POST', `${MAIN}/items/aggregate`, { pipeline: [{ $merge: { into: 'x' } }] }, read],
    ['POST', `${MAIN}/items/indexes`, { indexes: [{ key: { a: 1 } }] }, read],
    ['DELETE', `${MAIN}/items`, undefined, read],
    ['PUT', '/v1/databases/other', undefined, write],
    ['DELETE', '/v1/databases/main', undefined, write],
    ['POST', '/v1/databases/main/check', undefined, write],
    ['GET', '/v1/databases/other/collections', undefined, write],
    ['GET', '/metrics', undefined, write],
    ['GET', '/v1/stats', undefined, write]
  ]
  for (const [method, path, body, headers] of forbidden) {
    expect([method, path, await refusal(server, method, path, body, headers)]).toEqual([
      method,
      path,
      [403, 'FORBIDDEN']
    ])
  }
  expect((await ask(server, 'PUT', `${MAIN}/items/documents/b`, {}, write)).status).toBe(201)
  expect((await ask(server, 'GET', '/v1/databases', undefined, read)).value.databases).toHaveLength(1)
})

test('a_token_of_a_namespace_reaches_nothing_else_by_any_way', async () => {
  const { folder, server, admin } = await withTokens()
  for (const name of ['google%2FUser', 'google2%2FUser', 'google', 'secret']) {
    await ask(server, 'PUT', `${MAIN}/${name}/documents/a`, { n: 1 }, admin)
  }
  await ask(server, 'PUT', '/v1/databases/other', undefined, admin)
  const token = bearer(folder, { database: 'main', namespace: 'google', access: 'write' })
  await expect
    .poll(async () => (await ask(server, 'GET', `${MAIN}/google%2FUser/documents/a`, undefined, token)).status, {
      timeout: 5000
    })
    .toBe(200)
  const { value } = await ask(server, 'GET', MAIN, undefined, token)
  expect(value.collections.map(({ name }: { name: string }) => name)).toEqual(['google/User'])
  const user = `${MAIN}/google%2FUser`
  const stages = [
    { $lookup: { from: 'secret', localField: 'a', foreignField: 'a', as: 'x' } },
    { $unionWith: 'secret' },
    { $unionWith: { coll: 'secret' } },
    { $graphLookup: { from: 'secret', startWith: 1, connectFromField: 'a', connectToField: 'a', as: 'x' } },
    { $facet: { a: [{ $lookup: { from: 'secret', as: 'x', pipeline: [] } }] } },
    { $unionWith: { coll: 'google/User', pipeline: [{ $unionWith: 'secret' }] } },
    { $out: 'secret' },
    { $merge: 'secret' },
    { $merge: { into: 'secret' } },
    { $merge: { into: { coll: 'secret' } } }
  ]
  for (const stage of stages) {
    const answer = await refusal(server, 'POST', `${user}/aggregate`, { pipeline: [stage] }, token)
    expect([stage, answer]).toEqual([stage, [403, 'FORBIDDEN']])
    const explained = await refusal(server, 'POST', `${user}/explain`, { aggregate: { pipeline: [stage] } }, token)
    expect([stage, explained]).toEqual([stage, [403, 'FORBIDDEN']])
  }
  const paths = ['secret', 'google', 'google2%2FUser', 'google%2F', '%2Fgoogle%2FUser', 'Google%2FUser']
  for (const name of paths) {
    expect([name, (await ask(server, 'POST', `${MAIN}/${name}/find`, {}, token)).status]).toEqual([name, 403])
  }
  expect(await refusal(server, 'POST', `${user}/rename`, { to: 'stolen' }, token)).toEqual([403, 'FORBIDDEN'])
  expect(await refusal(server, 'GET', '/v1/databases/main', undefined, token)).toEqual([403, 'FORBIDDEN'])
  expect(await refusal(server, 'GET', '/v1/databases/other/collections', undefined, token)).toEqual([403, 'FORBIDDEN'])
  expect((await ask(server, 'POST', `${user}/aggregate`, { pipeline: [{ $out: 'google/Copy' }] }, token)).status).toBe(
    200
  )
})

test('tokens_are_kept_as_hashes_for_their_owner_only', () => {
  const folder = temporaryFolder()
  const { token } = createToken(folder, { name: 'a', scopes: [{ database: 'main', access: 'read' }] })
  const path = join(folder, 'tokens.json')
  expect(readFileSync(path, 'utf8')).not.toContain(token.split('_')[2])
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  const scopes = [{ database: 'main', access: 'read' }] as const
  expect(failure(() => createToken(folder, { name: '', scopes })).code).toBe('INVALID_ARGUMENT')
  expect(failure(() => createToken(folder, { name: 'x', scopes: [] })).code).toBe('INVALID_ARGUMENT')
  expect(
    failure(() => createToken(folder, { name: 'x', scopes: [{ database: '../x', access: 'read' }] })).message
  ).toContain('database')
  writeFileSync(path, '[{}]')
  expect(failure(() => listTokens(folder)).code).toBe('CORRUPTED')
})

test('a_server_that_others_reach_asks_for_tokens_even_when_there_are_none', async () => {
  const server = await served({ host: '0.0.0.0' })
  const local = { url: `http://127.0.0.1:${server.port}` } as RunningServer
  expect(await refusal(local, 'GET', '/v1/databases')).toEqual([401, 'UNAUTHENTICATED'])
})

test('https_is_served_with_the_files_of_a_certificate', async () => {
  const tls = { certificate: `${FIXTURES}certificate.pem`, key: `${FIXTURES}key.pem` }
  const server = await served({ tls })
  expect(server.url).toMatch(/^https:/)
  const status = await new Promise((resolve, reject) => {
    request(`${server.url}/health`, { ca: readFileSync(tls.certificate) }, answer =>
      resolve(answer.resume().statusCode)
    )
      .on('error', reject)
      .end()
  })
  expect(status).toBe(200)
  await expect(served({ tls: { certificate: 'none.pem', key: 'none.pem' } })).rejects.toMatchObject({
    code: 'CANNOT_OPEN'
  })
})
