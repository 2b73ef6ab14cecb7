// How the web console is served: to whom, how it is cached, and what it may load.
//
// Leaves to others: what it does (test/browser). It needs the built page, as test/cli needs the built command.

import { expect, test } from 'vitest'
import { createToken } from '../../src/server/index.ts'
import { ask, refusal, served, temporaryFolder } from './harness.ts'

/** The page's text, and the names of the files that it names. */
async function page(url: string) {
  const response = await fetch(`${url}/console`)
  const text = await response.text()
  const names = [...text.matchAll(/(?:src|href)="\/console\/([^"]+)"/g)].map(([, name = '']) => name)
  return { response, text, names }
}

test('the_page_and_its_files_need_no_token_and_tell_nothing', async () => {
  const folder = temporaryFolder()
  createToken(folder, { name: 'ada', scopes: [{ database: '*', access: 'admin' }] })
  const server = await served({ folder })
  const { response, names } = await page(server.url)
  expect(response.status).toBe(200)
  expect(names.map(name => name.replace(/-[\w-]{8}\./, '.')).sort()).toEqual(['icon.svg', 'index.css', 'index.js'])
  for (const name of names) expect((await fetch(`${server.url}/console/${name}`)).status).toBe(200)
  expect((await ask(server, 'GET', '/console/about')).value).toMatchObject({ isTokenNeeded: true })
  expect(await refusal(server, 'GET', '/v1/databases')).toEqual([401, 'UNAUTHENTICATED'])
})

test('the_console_learns_that_no_token_is_needed', async () => {
  const server = await served()
  expect((await ask(server, 'GET', '/console/about')).value).toMatchObject({ isTokenNeeded: false })
})

test('no_script_runs_but_the_consoles_own', async () => {
  const server = await served()
  const { response, text, names } = await page(server.url)
  expect(response.headers.get('Content-Security-Policy')).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self';/
  )
  expect(response.headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
  expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
  expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|style=|https?:/)
  const script = await (await fetch(`${server.url}/console/${names.find(name => name.endsWith('.js'))}`)).text()
  expect(script).not.toMatch(/\beval\(|new Function\(/)
})

test('files_with_a_hash_are_kept_for_good_and_the_page_is_asked_for_again', async () => {
  const server = await served()
  const { response, names } = await page(server.url)
  const tag = response.headers.get('ETag') ?? ''
  expect(response.headers.get('Cache-Control')).toBe('no-cache')
  const again = await fetch(`${server.url}/console`, { headers: { 'If-None-Match': tag } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  const types = await Promise.all(
    names.map(async name => {
      const { headers } = await fetch(`${server.url}/console/${name}`)
      expect(headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable')
      return headers.get('Content-Type')
    })
  )
  expect(types.sort()).toEqual(['image/svg+xml', 'text/css; charset=utf-8', 'text/javascript; charset=utf-8'])
})

test('no_name_leads_out_of_the_consoles_folder', async () => {
  const server = await served()
  for (const name of [
    '..%2Fserver%2Findex.js',
    '%2e%2e%2findex.js',
    '..%5Cindex.js',
    'index.html%00',
    'nothing.js',
    '.'
  ]) {
    const { status } = await ask(server, 'GET', `/console/${name}`)
    expect([name, status]).toEqual([name, 404])
  }
  expect((await ask(server, 'HEAD', '/console')).status).toBe(200)
  expect(await refusal(server, 'POST', '/console', {})).toEqual([405, 'METHOD_NOT_ALLOWED'])
})
