// quire serve and quire token: a server on the command line, who may use it, and how it ends.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { done, quire, startQuire, temporaryDirectory } from './quire.ts'

/** Starts a server; gives its address, and what ends it as Ctrl-C does. */
async function startServer(directory: string, more: readonly string[] = []) {
  const child = startQuire(directory, ['serve', 'data', '--port', '0', '--json', '--log-level', 'error', ...more])
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'close')])) as [string]
  const end = async () => {
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stderr }
  }
  return { url: (JSON.parse(line) as { url: string }).url, end }
}

const post = (url: string, body: object, token = '') =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body)
  })

test('what_a_server_was_given_is_in_the_file_when_it_ends', async () => {
  const directory = temporaryDirectory()
  const { url, end } = await startServer(directory)
  const answer = await post(`${url}/v1/databases/main/collections/users/documents`, { _id: 'ada', age: 36 })
  expect(answer.status).toBe(201)
  expect(await end()).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(await done(directory, ['find', 'data/main.quire', 'users', '--json']))).toEqual({
    _id: 'ada',
    age: 36
  })
})

test('tokens_of_the_command_line_open_a_server_and_are_taken_back', async () => {
  const directory = temporaryDirectory()
  const token = (await done(directory, ['token', 'create', 'data', 'app', 'read:main'])).trim()
  expect(token).toMatch(/^quire_[0-9a-f]{12}_/)
  const { url, end } = await startServer(directory)
  const count = `${url}/v1/databases/main/collections/users/count`
  expect((await post(count, {})).status).toBe(401)
  expect((await post(count, {}, token)).status).toBe(200)
  expect((await post(`${url}/v1/databases/main/collections/users/documents`, {}, token)).status).toBe(403)
  expect((await end()).code).toBe(0)
  const [id = ''] = /(?<=^quire_)[0-9a-f]{12}/.exec(token) ?? []
  const listed = JSON.parse(await done(directory, ['token', 'list', 'data', '--json']))
  expect(listed).toMatchObject({ id, name: 'app', scopes: 'read:main', expires: null })
  expect(JSON.stringify(listed)).not.toContain(token.slice(-20))
  await done(directory, ['token', 'revoke', 'data', id])
  expect(await done(directory, ['token', 'list', 'data'])).toBe('')
  expect(await quire(directory, ['token', 'revoke', 'data', id])).toMatchObject({ code: 3, stdout: '' })
})

test('a_server_that_cannot_be_started_is_refused_on_one_line', async () => {
  const directory = temporaryDirectory()
  const { url, end } = await startServer(directory)
  const port = new URL(url).port
  expect(await quire(directory, ['serve', 'other', '--port', port, '--log-level', 'silent'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^quire: CANNOT_OPEN: .*\n$/)
  })
  await end()
  for (const line of [
    ['serve', 'data', '--port', 'x'],
    ['serve', 'data', '--key', 'key.pem'],
    ['serve', 'data', '--log-level', 'loud'],
    ['token', 'create', 'data', 'app', 'all'],
    ['token', 'create', 'data', 'app', 'read', '--expires', 'soon']
  ]) {
    expect([line, (await quire(directory, line)).code]).toEqual([line, 2])
  }
  expect(
    (
      await quire(directory, [
        'serve',
        'data',
        '--host',
        '0.0.0.0',
        '--port',
        '0',
        '--certificate',
        'no',
        '--key',
        'no'
      ])
    ).code
  ).toBe(1)
})

test('the_changes_of_a_server_are_watched', async () => {
  const directory = temporaryDirectory()
  const token = (await done(directory, ['token', 'create', 'data', 'app', 'write:main'])).trim()
  const { url, end } = await startServer(directory)
  const watching = startQuire(directory, ['watch', url, 'users', '--limit', '2'], { env: { QUIRE_TOKEN: token } })
  const told: string[] = []
  createInterface(watching.stdout).on('line', line =>
    told.push((JSON.parse(line) as { operationType: string }).operationType)
  )
  const closed = once(watching, 'close')
  // Nobody tells when the stream is open, so changes are made until two are seen.
  while (watching.exitCode === null) await post(`${url}/v1/databases/main/collections/users/documents`, {}, token)
  expect([await closed, told]).toEqual([
    [0, null],
    ['insert', 'insert']
  ])
  const refused = await quire(directory, ['watch', url, 'users'])
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('UNAUTHENTICATED')])
  expect((await quire(directory, ['watch', 'a.quire', '--database', 'main'])).code).toBe(2)
  expect((await end()).code).toBe(0)
})
