// The web console, used as people use it: a browser, a token, a server of the built package.
//
// The tests go on from one another as a visit does; each ends with a page that complained of nothing. Leaves to others:
// servers and browsers (harness.ts), where a browser comes from (scripts/test-console.mjs).

import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Console, type Served, startBrowser, startServer } from './harness.ts'

let server: Served
let browser: Browser
let context: BrowserContext
let user: Console

beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(), startBrowser()])
  context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: 'light' })
  user = await Console.open(context, server.url)
})
afterEach(() => user.expectNoComplaint())
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

test('a_wrong_token_is_refused_and_a_right_one_lets_in', async () => {
  const { page } = user
  await user.inspect('login')
  await page.getByLabel('Token').fill('quire_000000000000_wrong')
  await page.getByRole('button', { name: 'Log in' }).click()
  user.foresee(/401/)
  await expect.poll(() => page.getByRole('alert').innerText()).toMatch(/does not take this token/)
  expect(await page.evaluate('sessionStorage.length')).toBe(0)
  await user.logIn(server.token)
  await page.getByRole('heading', { level: 1, name: 'Database main' }).waitFor()
  await user.inspect('overview-empty')
})

test('documents_are_inserted_found_edited_and_deleted', async () => {
  const { page } = user
  await user.goTo('#/main/collection/users/documents', 'users')
  for (const [name, age] of [
    ['Ada', 36],
    ['Grace', 45],
    ['Edsger', 41]
  ]) {
    await page.getByRole('button', { name: 'Insert', exact: true }).first().click()
    const dialog = page.getByRole('dialog', { name: 'New document' })
    await dialog
      .getByLabel('Document')
      .fill(JSON.stringify({ _id: name, age, since: { $date: '2026-01-01T00:00:00Z' } }))
    await dialog.getByRole('button', { name: 'Insert' }).click()
    await page.getByRole('button', { name: `Edit ${name}` }).waitFor()
  }
  await page.getByLabel('Filter', { exact: true }).fill('{"age": {"$gt": 40}}')
  await page.getByLabel('Sort').fill('{"age": -1}')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('1 to 2 of 2').waitFor()
  expect(await page.getByRole('rowheader').allTextContents()).toEqual(['Edit Grace', 'Edit Edsger'])
  await user.inspect('documents')
  await page.getByRole('button', { name: 'Edit Grace' }).click()
  const dialog = page.getByRole('dialog', { name: 'Document Grace' })
  await expect.poll(() => dialog.getByLabel('Document').inputValue()).toContain('2026-01-01T00:00:00.000Z')
  await dialog.getByLabel('Document').fill('{"_id": "Grace",\n "age": 46,\n "since": {"$date": "yesterday"}}')
  await dialog.getByText('Line 3, column 11: $date takes a time').waitFor()
  expect(await dialog.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await user.inspect('document-wrong')
  await dialog.getByLabel('Document').fill('{"_id": "Grace", "age": 46, "big": {"$numberLong": "9007199254740993"}}')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('cell', { name: '9007199254740993' }).waitFor()
  await page.getByRole('button', { name: 'Edit Edsger' }).click()
  const other = page.getByRole('dialog', { name: 'Document Edsger' })
  await other.getByRole('button', { name: 'Delete' }).click()
  await other.getByRole('button', { name: 'Yes, delete it' }).click()
  await page.getByText('1 to 1 of 1').waitFor()
})

test('a_filter_that_is_no_json_is_not_sent_and_says_where', async () => {
  const { page } = user
  await page.getByLabel('Filter', { exact: true }).fill('{"age": }')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('Line 1, column 9: a value cannot begin with }').waitFor()
})
