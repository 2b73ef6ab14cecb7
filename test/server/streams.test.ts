// Change streams, imports and backups: what comes in or goes out without end.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { open } from '../../src/index.ts'
import { createToken, type RunningServer } from '../../src/server/index.ts'
import { ask, connection, ITEMS, refusal, served, temporaryFolder } from './harness.ts'

interface Told {
  readonly event: string
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape
  readonly data: any
}

/** Opens a change stream; `next` waits for an event, and gives undefined at the end. */
async function listen(server: RunningServer, path: string, headers: Record<string, string> = {}) {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const response = await fetch(server.url + path, { headers, signal: controller.signal })
  if (response.status !== 200) throw new Error(`answered ${response.status}: ${await response.text()}`)
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as never).getReader()
  let text = ''
  const next = async (): Promise<Told | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end < 0) {
        const { done, value } = await reader.read()
        if (done) return undefined
        text += value
        continue
      }
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string) => lines.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? ''
      if (!['', 'open'].includes(field('event')))
        return { event: field('event'), id: field('id'), data: JSON.parse(field('data')) }
    }
  }
  return { next, close: () => controller.abort() }
}

test('changes_are_told_in_order_and_go_on_behind_the_last_event', async () => {
  const server = await served()
  await ask(server, 'POST', `${ITEMS}/documents`, { _id: 'before' })
  const changes = await listen(server, `${ITEMS}/changes`)
  await ask(server, 'POST', `${ITEMS}/documents`, { _id: 'a', at: { $date: '2026-01-01T00:00:00Z' } })
  await ask(server, 'PATCH', `${ITEMS}/documents/a`, { $set: { n: 1 } })
  await ask(server, 'DELETE', `${ITEMS}/documents/a`)
  const first = await changes.next()
  expect(first).toMatchObject({
    event: 'change',
    data: { operationType: 'insert', fullDocument: { _id: 'a', at: { $date: '2026-01-01T00:00:00.000Z' } } }
  })
  expect((await changes.next())?.data.operationType).toBe('update')
  changes.close()
  const again = await listen(server, `${ITEMS}/changes?fullDocument=updateLookup`, {
    'Last-Event-ID': first?.id as string
  })
  expect((await again.next())?.data).toMatchObject({
    operationType: 'update',
    updateDescription: { updatedFields: { n: 1 } }
  })
  expect((await again.next())?.data.operationType).toBe('delete')
  const filter = encodeURIComponent('{"operationType": "delete"}')
  const deletions = await listen(server, `/v1/databases/main/changes?filter=${filter}&resumeAfter=${first?.id}`)
  expect((await deletions.next())?.data.operationType).toBe('delete')
  expect((await ask(server, 'GET', '/v1/stats')).value.streamsOpen).toBeGreaterThanOrEqual(2)
})

test('change_streams_refuse_what_means_nothing_and_end_with_the_server', async () => {
  const server = await served({ limits: { streamsMax: 1 } })
  expect(await refusal(server, 'GET', `${ITEMS}/changes?filter={`)).toEqual([400, 'MALFORMED_BODY'])
  expect(await refusal(server, 'GET', `${ITEMS}/changes?filter=[]`)).toEqual([400, 'INVALID_REQUEST'])
  expect((await refusal(server, 'GET', `${ITEMS}/changes?filter={"$nope":1}`))[0]).toBe(422)
  expect((await refusal(server, 'GET', `${ITEMS}/changes`, undefined, { 'Last-Event-ID': 'x' }))[0]).toBe(422)
  const changes = await listen(server, `${ITEMS}/changes`)
  expect(await refusal(server, 'GET', `${ITEMS}/changes`)).toEqual([503, 'OVERLOADED'])
  const end = changes.next()
  await server.close()
  expect(await end).toBeUndefined()
})

test('a_listener_that_left_gives_its_place_back', async () => {
  const server = await served({ limits: { streamsMax: 1 } })
  const changes = await listen(server, `${ITEMS}/changes`)
  changes.close()
  const isOpen = () => fetch(`${server.url}/v1/stats`).then(answer => answer.json() as Promise<{ streamsOpen: number }>)
  await expect.poll(async () => (await isOpen()).streamsOpen, { timeout: 5000 }).toBe(0)
})

const LINES = { 'Content-Type': 'application/x-ndjson' }

test('an_import_takes_lines_without_end_and_can_go_on_after_a_failure', async () => {
  const server = await served()
  const lines = Array.from({ length: 5000 }, (_, n) => JSON.stringify({ _id: n, n }))
  const { value } = await ask(server, 'POST', `${ITEMS}/import`, `${lines.join('\n')}\n\n`, LINES)
  expect(value).toEqual({ linesCount: 5001, importedCount: 5000 })
  expect((await ask(server, 'POST', `${ITEMS}/count`, {})).value).toEqual({ count: 5000 })
  const again = await ask(server, 'POST', `${ITEMS}/import`, lines.join('\r\n'), LINES)
  expect([again.status, again.value.code, again.value.importedCount]).toEqual([409, 'DUPLICATE_ID', 0])
  const put = await ask(server, 'POST', `${ITEMS}/import?mode=put&skip=4000`, lines.join('\n'), LINES)
  expect(put.value).toEqual({ linesCount: 5000, importedCount: 1000 })
  const bad = await ask(server, 'POST', `${ITEMS}/import`, `{"_id": "x"}\nnope\n{"_id": "y"}`, LINES)
  expect([bad.status, bad.value.code, bad.value.linesCount]).toEqual([400, 'MALFORMED_BODY', 2])
  expect(await refusal(server, 'POST', `${ITEMS}/import`, '{}')).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
  expect((await ask(server, 'POST', `${ITEMS}/import`, '[]\n', LINES)).status).toBe(400)
})

test('an_import_that_stalls_or_has_an_endless_line_is_given_up', async () => {
  const server = await served({ limits: { bodyTimeoutMs: 300, bodyBytesMax: 100_000 } })
  const head = `POST ${ITEMS}/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n`
  const answerTo = async (sent: string) => {
    const socket = await connection(server)
    return new Promise<string>(resolve => {
      let answer = ''
      socket.setEncoding('latin1').on('data', piece => (answer += piece))
      socket.on('error', () => undefined).once('close', () => resolve(answer))
      socket.write(head + sent)
    })
  }
  const stalled = await answerTo('c\r\n{"_id": "a"}\r\n')
  expect(stalled).toMatch(/^HTTP\/1\.1 408 /)
  const piece = `ffff\r\n${'x'.repeat(0xffff)}\r\n`
  expect(await answerTo(piece.repeat(4))).toMatch(/^HTTP\/1\.1 413 /)
  expect((await ask(server, 'GET', '/health')).status).toBe(200)
})

test('a_backup_is_a_database_with_all_that_was_written', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.backup-left'), 'x')
  const server = await served({ folder })
  const documents = Array.from({ length: 2000 }, (_, n) => ({ _id: n, text: 'x'.repeat(500) }))
  await ask(server, 'POST', `${ITEMS}/insert-many`, { documents })
  const { status, value, headers } = await ask(server, 'GET', '/v1/databases/main/backup')
  expect([status, headers.get('Content-Disposition')]).toEqual([200, 'attachment; filename="main.quire"'])
  const path = join(temporaryFolder(), 'copy.quire')
  writeFileSync(path, Buffer.from(value))
  const copy = open(path)
  expect(await copy.check()).toMatchObject({ isClean: true, documentsCount: 2000 })
  copy.close()
  const { token } = createToken(folder, { name: 'w', scopes: [{ database: 'main', access: 'write' }] })
  const asWriter = { Authorization: `Bearer ${token}` }
  await expect
    .poll(async () => (await ask(server, 'GET', '/v1/databases', undefined, asWriter)).status, { timeout: 5000 })
    .toBe(200)
  await expect
    .poll(async () => (await ask(server, 'GET', '/v1/databases/main/backup', undefined, asWriter)).status, {
      timeout: 5000
    })
    .toBe(403)
})
