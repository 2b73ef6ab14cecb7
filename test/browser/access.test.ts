// Who sees what in the console: everybody of this machine where there is no token, and with a token what it opens.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { connect } from '../../src/client/index.ts'
import { Console, type Served, startBrowser, startServer } from './harness.ts'

let browser: Browser
let server: Served

beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(), startBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

test('a_server_without_tokens_is_open_to_its_own_machine', async () => {
  const { url, stop } = await startServer({ isOpen: true })
  onTestFinished(stop)
  const user = await Console.open(browser, url)
  await user.page.getByRole('heading', { level: 1, name: 'Database main' }).waitFor()
  expect(await user.page.getByRole('button', { name: 'Log out' }).count()).toBe(0)
  user.expectNoComplaint()
})

test('a_token_of_one_namespace_shows_no_other_and_writes_nothing_it_may_not', async () => {
  const { url, token, shopToken } = server
  const all = connect(url, { token })
  await all.namespace('shop').collection<{ _id: string }>('orders').insertOne({ _id: 'order-1' })
  await all.collection<{ _id: string }>('secrets').insertOne({ _id: 'secret-1' })
  const user = await Console.open(browser, url)
  const { page } = user
  await user.logIn(shopToken)
  user.foresee(/403/)
  await page.getByText('the token does not allow read of database main').waitFor()
  await page.getByRole('rowheader', { name: 'shop/orders' }).waitFor()
  expect(await page.locator('body').innerText()).not.toContain('secrets')
  await user.goTo('#/main/collection/secrets/documents', 'secrets')
  await page.getByText('the token does not allow read of collection secrets').first().waitFor()
  expect(await page.locator('body').innerText()).not.toContain('secret-1')
  await user.goTo(`#/main/collection/${encodeURIComponent('shop/orders')}/documents`, 'shop/orders')
  await page.getByRole('button', { name: 'Edit order-1' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').getByText('the token does not allow write').waitFor()
  await page.keyboard.press('Escape')
  await user.goTo('#/main/activity', 'Activity')
  await page.getByRole('alert').getByText('does not allow').waitFor()
  user.expectNoComplaint()
})

test('a_token_that_is_taken_back_leads_to_the_login_and_logging_out_forgets_it', async () => {
  const user = await Console.open(browser, server.url)
  const { page } = user
  await user.logIn(server.token)
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('Token').waitFor()
  expect(await page.evaluate('sessionStorage.length')).toBe(0)
  await user.logIn(server.token)
  server.revoke(server.token)
  await page.locator('main').press('r')
  user.foresee(/401/)
  await page.getByText('You were logged out').waitFor()
  user.expectNoComplaint()
})

test('a_database_that_is_spread_shows_what_each_file_carries', async () => {
  const { url, stop } = await startServer({ isOpen: true })
  onTestFinished(stop)
  const documents = Array.from({ length: 30 }, (_, n) => ({ _id: `d${n}` }))
  const main = connect(url)
  for (const document of documents) await main.collection<{ _id: string }>('items').insertOne(document)
  const spread = await fetch(`${url}/v1/databases/main/shards`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: '{"shardsCount": 2}'
  })
  expect(spread.status).toBe(202)
  const user = await Console.open(browser, url)
  await user.page.getByRole('region', { name: 'Shards' }).getByRole('rowheader', { name: '1' }).waitFor()
  await user.goTo('#/main/pages', 'Page map')
  await user.page.getByLabel('Shard', { exact: true }).selectOption('1')
  await user.page.getByRole('rowheader', { name: 'File header' }).waitFor()
  user.expectNoComplaint()
})
