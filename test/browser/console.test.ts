// The web console, used as people use it: a browser, a token, a server of the built package.
//
// The tests go on from one another as a visit does; each ends with a page that complained of nothing. Leaves to others:
// servers and browsers (harness.ts), where a browser comes from (scripts/test-console.mjs).

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connect, type RemoteDatabase } from '../../src/client/index.ts'
import { Console, type Served, startBrowser, startServer, WINDOW } from './harness.ts'

let server: Served
let browser: Browser
let user: Console
/** Another program that uses the server. */
let other: RemoteDatabase

/** Where every view is looked at once more, in the dark and on a narrow page. */
const VIEWS = [
  ['#/main', 'Database main', 'overview'],
  ['#/main/activity', 'Activity', 'activity'],
  ['#/main/changes', 'Changes', 'changes'],
  ['#/main/keys', 'Keys and values', 'keys'],
  ['#/main/transactions', 'Transactions', 'transactions'],
  ['#/main/pages', 'Page map', 'pages'],
  ['#/main/collection/people/documents', 'people', 'documents'],
  ['#/main/collection/people/indexes', 'people', 'indexes'],
  ['#/main/collection/people/transfer', 'people', 'transfer']
] as const

/** Goes to a view, and waits until it shows something. */
async function visit([hash, heading]: (typeof VIEWS)[number]): Promise<void> {
  await user.goTo(hash, heading)
  if (heading === 'Activity') await user.page.locator('figure').first().waitFor()
  if (heading === 'Page map') await user.page.locator('canvas').waitFor()
}

beforeAll(async () => {
  ;[server, browser] = await Promise.all([startServer(), startBrowser()])
  user = await Console.open(browser, server.url)
  other = connect(server.url, { token: server.token })
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
  const last = page.getByRole('dialog', { name: 'Document Edsger' })
  await last.getByRole('button', { name: 'Delete' }).click()
  await last.getByRole('button', { name: 'Yes, delete it' }).click()
  await page.getByText('1 to 1 of 1').waitFor()
})

test('a_filter_that_is_no_json_is_not_sent_and_says_where', async () => {
  const { page } = user
  await page.getByLabel('Filter', { exact: true }).fill('{"age": }')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('Line 1, column 9: a value cannot begin with }').waitFor()
})

test('a_document_that_somebody_else_changed_is_not_overwritten_unasked', async () => {
  const { page } = user
  await user.goTo('#/main/collection/users/indexes', 'users')
  await user.goTo('#/main/collection/users/documents', 'users')
  await page.getByRole('button', { name: 'Edit Ada' }).click()
  const dialog = page.getByRole('dialog', { name: 'Document Ada' })
  await expect.poll(() => dialog.getByLabel('Document').inputValue()).toContain('36')
  await other.collection<{ _id: string }>('users').updateOne({ _id: 'Ada' }, { $set: { age: 37 } as never })
  await dialog.getByLabel('Document').fill('{"_id": "Ada", "age": 99}')
  await dialog.getByRole('button', { name: 'Save' }).click()
  user.foresee(/412/)
  await dialog.getByText('Somebody changed or deleted this document').waitFor()
  await user.inspect('document-conflict')
  await dialog.getByRole('button', { name: 'Load theirs' }).click()
  await expect.poll(() => dialog.getByLabel('Document').inputValue()).toContain('37')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
})

test('a_change_of_another_client_arrives_live', async () => {
  const { page } = user
  await user.goTo('#/main/changes', 'Changes')
  await page.getByText('Listening').waitFor()
  await other.collection<{ _id: string }>('orders').insertOne({ _id: 'order-1' })
  await other.collection<{ _id: string }>('orders').deleteOne({ _id: 'order-1' })
  const items = page.getByRole('listitem').filter({ hasText: 'orders' }).filter({ hasText: 'order-1' })
  await expect.poll(() => items.locator('.badge').allInnerTexts()).toEqual(['delete', 'insert'])
  await page.getByText('2 changes shown').waitFor()
  await user.inspect('changes')
  await page.getByLabel('Paused').check()
  const many = Array.from({ length: 500 }, (_, n) => ({ _id: `many-${n}` }))
  await other.collection<{ _id: string }>('orders').insertMany(many)
  await page.getByLabel('Kind').selectOption('delete')
  await page.getByText('1 change shown').waitFor()
  await page.getByLabel('Paused').uncheck()
  await page.getByLabel('Kind').selectOption('insert')
  await page.getByText('200 changes shown').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'many-499' }).waitFor()
  await other.collection<{ _id: string }>('orders').deleteMany({})
})

test('an_index_is_built_and_explain_uses_it', async () => {
  const { page } = user
  const many = Array.from({ length: 500 }, (_, n) => ({ _id: `u${n}`, n, city: `city ${n % 20}`, tags: ['a', 'b'] }))
  await other.collection<{ _id: string }>('people').insertMany(many)
  await user.goTo('#/main/collection/people/indexes', 'people')
  const explain = async () => {
    await page.getByLabel('Filter to explain').fill('{"city": "city 3"}')
    await page.getByRole('button', { name: 'Explain' }).click()
  }
  await explain()
  await page.getByText('Reads the whole collection').waitFor()
  await page.getByLabel('Field 1').fill('city')
  await page.getByRole('button', { name: 'Make index' }).click()
  await page.getByRole('rowheader', { name: 'city_1' }).waitFor()
  await explain()
  await page.getByText('Uses index city_1.').waitFor()
  await user.inspect('indexes')
  await page.getByRole('button', { name: 'Drop index city_1' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Drop it' }).click()
  await page.getByRole('rowheader', { name: 'city_1' }).waitFor({ state: 'detached' })
})

test('the_charts_move_while_another_client_works', async () => {
  const { page } = user
  await user.goTo('#/main/activity', 'Activity')
  const operations = page.locator('figure').filter({ hasText: 'Operations' })
  await operations.waitFor()
  const drawn = () => operations.locator('canvas').evaluate(canvas => (canvas as HTMLCanvasElement).toDataURL())
  const before = await drawn()
  const people = other.collection<{ _id: string; n: number }>('people')
  let isOver = false
  const work = (async () => {
    for (let n = 0; !isOver; n++) await people.updateOne({ _id: `u${n % 500}` }, { $set: { n } })
  })()
  await expect.poll(() => operations.locator('b').last().innerText(), { timeout: 15_000 }).toMatch(/^[1-9]/)
  await expect.poll(drawn, { timeout: 15_000 }).not.toBe(before)
  await expect
    .poll(() => page.locator('figure').filter({ hasText: 'Latency' }).locator('b').first().innerText())
    .toMatch(/ ms$/)
  await page.getByRole('rowheader', { name: /update-one/ }).waitFor()
  isOver = true
  await work
  await user.inspect('activity')
})

test('keys_are_set_read_and_deleted', async () => {
  const { page } = user
  await user.goTo('#/main/keys', 'Keys and values')
  await page.getByLabel('Store', { exact: true }).fill('artists')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByRole('button', { name: 'Set a key' }).click()
  const dialog = page.getByRole('dialog', { name: 'Set a key' })
  await dialog.getByLabel('Key', { exact: true }).fill('nina')
  await dialog.getByLabel('Value').fill('{"name": "Nina Simone"}')
  await dialog.getByLabel('Time to live').fill('60000')
  await dialog.getByRole('button', { name: 'Set', exact: true }).click()
  await page.getByRole('button', { name: 'Edit nina' }).waitFor()
  expect(await other.kv('artists').get('nina')).toEqual({ name: 'Nina Simone' })
  await user.inspect('keys')
  await page.getByRole('button', { name: 'Edit nina' }).click()
  const edit = page.getByRole('dialog', { name: 'Key nina' })
  await edit.getByLabel('Value').fill('"Eunice Waymon"')
  await edit.getByRole('button', { name: 'Set', exact: true }).click()
  await page.getByRole('cell', { name: 'Eunice Waymon' }).waitFor()
  await page.getByRole('button', { name: 'Edit nina' }).click()
  await edit.getByRole('button', { name: 'Delete' }).click()
  await page.getByText('There is no such key.').waitFor()
  expect(await other.kv('artists').get('nina')).toBeUndefined()
})

test('a_transaction_is_done_whole_or_not_at_all', async () => {
  const { page } = user
  await user.goTo('#/main/transactions', 'Transactions')
  await page.getByRole('button', { name: 'Do all of them, or none' }).click()
  await page.getByRole('list', { name: 'Results' }).getByText('"sum": 95').waitFor()
  await user.inspect('transactions')
  await page.getByLabel('Begin with').selectOption('refused')
  await page.getByRole('button', { name: 'Do all of them, or none' }).click()
  user.foresee(/412/)
  await page.getByText('Nothing was done.').waitFor()
  expect(await other.collection('accounts').countDocuments({})).toBe(2)
})

test('documents_go_out_and_come_in_as_files', async () => {
  const { page } = user
  const path = join(server.directory, 'in.json')
  writeFileSync(
    path,
    '[{"_id": 1, "at": {"$date": "2026-01-01T00:00:00Z"}}, {"_id": 2, "bytes": {"$binary": {"base64": "AQI=", "subType": "00"}}}]'
  )
  await user.goTo('#/main/collection/files/transfer', 'files')
  await page.getByLabel('File', { exact: true }).setInputFiles(path)
  await page.getByRole('button', { name: 'Import' }).click()
  await page.getByText('Imported 2 documents.').waitFor()
  expect(await other.collection<{ _id: number; at?: Date }>('files').findOne({ _id: 1 })).toEqual({
    _id: 1,
    at: new Date('2026-01-01T00:00:00Z')
  })
  await user.inspect('transfer')
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click()
  ])
  expect(file.suggestedFilename()).toBe('files.ndjson')
  const lines = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines).toEqual([
    { _id: 1, at: { $date: '2026-01-01T00:00:00.000Z' } },
    { _id: 2, bytes: { $binary: { base64: 'AQI=', subType: '00' } } }
  ])
  await page.getByRole('button', { name: 'Import' }).click()
  user.foresee(/409/)
  await page.getByRole('alert').getByText('DUPLICATE_ID').waitFor()
})

test('the_page_map_shows_what_pages_hold', async () => {
  const { page } = user
  await user.goTo('#/main', 'Database main')
  await page.getByRole('button', { name: 'Compact' }).click()
  await page.getByText(/The file had .* and has/).waitFor()
  await user.inspect('overview')
  await user.goTo('#/main/pages', 'Page map')
  await page.getByRole('rowheader', { name: 'Documents', exact: true }).waitFor()
  await page.getByLabel('Colours by').selectOption('collection')
  await page.getByRole('rowheader', { name: 'people' }).waitFor()
  await user.inspect('pages')
  const colorsCount = await page.locator('canvas.map').evaluate(element => {
    const canvas = element as HTMLCanvasElement
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
    const colors = new Set<string>()
    for (let at = 0; at + 3 < data.length; at += 4) colors.add(`${data[at]} ${data[at + 1]} ${data[at + 2]}`)
    return colors.size
  })
  expect(colorsCount).toBeGreaterThan(3)
})

test('the_looks_turn_dark_and_light_and_are_kept', async () => {
  const { page } = user
  const ground = () => page.locator('html').evaluate(element => getComputedStyle(element).backgroundColor)
  const light = await ground()
  await page.getByRole('button', { name: 'Looks: as the system' }).click()
  expect(await ground()).toBe(light)
  await page.getByRole('button', { name: 'Looks: light' }).click()
  const dark = await ground()
  expect(dark).not.toBe(light)
  await page.reload()
  expect(await ground()).toBe(dark)
  for (const view of VIEWS) {
    await visit(view)
    await user.inspect(`dark-${view[2]}`)
  }
  await page.getByRole('button', { name: 'Looks: dark' }).click()
  expect(await ground()).toBe(light)
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await ground()).toBe(dark)
  await page.emulateMedia({ colorScheme: 'light' })
})

test('every_view_fits_a_page_of_400_pixels', async () => {
  const { page } = user
  await page.setViewportSize({ width: 400, height: 800 })
  for (const view of VIEWS) {
    await visit(view)
    await user.keepPicture(`narrow-${view[2]}`)
    expect(await page.evaluate('document.documentElement.scrollWidth'), view[2]).toBeLessThanOrEqual(400)
  }
  await user.inspect('narrow')
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByRole('heading', { level: 1, name: 'Database main' }).waitFor()
  await page.getByRole('link', { name: 'Overview' }).waitFor({ state: 'hidden' })
  await page.setViewportSize(WINDOW)
})

test('everything_is_reached_by_keyboard', async () => {
  const { page } = user
  await user.goTo('#/main/collection/people/documents', 'people')
  await page.keyboard.press('/')
  await page.keyboard.type('{"n": {"$lt": 3}}')
  await page.keyboard.press('Enter')
  await page.getByText('1 to 3 of 3').waitFor()
  await page.keyboard.press('Tab')
  await page.locator('main').focus()
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keys' })
  await help.waitFor()
  await user.inspect('help')
  await help.getByLabel('Single keys are shortcuts').press('Space')
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'detached' })
  await page.keyboard.press('n')
  expect(await page.getByRole('dialog').count()).toBe(0)
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'people' }).waitFor()
  await page.keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
  await page.keyboard.press('Enter')
  expect(await page.evaluate('document.activeElement.id')).toBe('content')
})

test('databases_and_collections_are_made_and_dropped', async () => {
  const { page } = user
  await user.goTo('#/main', 'Database main')
  await page.getByRole('button', { name: 'New database' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('archive')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByRole('heading', { level: 1, name: 'Database archive' }).waitFor()
  await page.getByRole('button', { name: 'New collection' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('shop/orders')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByRole('heading', { level: 1, name: 'shop/orders' }).waitFor()
  await page.getByLabel('Namespace').selectOption('shop')
  await page
    .getByRole('navigation', { name: 'Console' })
    .getByRole('link', { name: /shop\/orders/ })
    .waitFor()
  await page.getByRole('button', { name: 'Drop', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Drop it' }).click()
  await page.getByText('There is no collection yet').waitFor()
  await page.getByRole('button', { name: 'Delete this database' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete it' }).click()
  await page.getByRole('heading', { level: 1, name: 'Database main' }).waitFor()
})
