// The console by a pipe, the settings, and the changes that are watched.
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { done, refusal, startQuire, temporaryDirectory } from './quire.ts'

const FILL = 'for (let n = 0; n < 45; n++) db.items.insertOne({ _id: n })'

test('the_console_has_the_habits_of_mongosh', async () => {
  const directory = temporaryDirectory()
  const input = `${FILL}\nshow collections\ndb.items.find().sort({ _id: 1 })\nit\nit\nit\nconst next = n => {\n  return n + 1\n}\nnext(1)\ndb.items.async.get(7)\n`
  const text = await done(directory, ['shell', 'a.quire'], { input })
  const lines = text.trim().split('\n')
  expect(lines[1]).toBe('items')
  expect(lines.filter(line => line === 'it gives more')).toHaveLength(2)
  expect(lines.filter(line => /^\{ _id: \d+ \}$/.test(line))).toHaveLength(46)
  expect(lines.slice(-3)).toEqual(['nothing is listed', '2', '{ _id: 7 }'])
})

test('the_first_error_of_a_pipe_ends_the_console_with_its_code', async () => {
  const directory = temporaryDirectory()
  const run = (code: string) => refusal(directory, ['shell', 'a.quire', '--eval', code])
  expect(await run('db.c.find({ $bad: 1 }).toArray()')).toMatchObject({ exit: 1, code: 'INVALID_FILTER' })
  expect(await run('nothing.here')).toMatchObject({ exit: 1, code: 'SCRIPT' })
  expect(await run('if (true) {')).toMatchObject({ exit: 1, code: 'SCRIPT' })
  expect(await refusal(directory, ['shell', 'none.quire', '--existing'])).toMatchObject({ exit: 3 })
})

test('settings_are_stronger_from_file_to_user_to_environment_to_flag', async () => {
  const directory = temporaryDirectory()
  const from = async (name: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) => {
    const list = JSON.parse(await done(directory, ['config', '--json', ...args], { env }))
    return list.find((setting: { name: string }) => setting.name === name)
  }
  expect(await from('cacheSize')).toMatchObject({ from: 'default' })
  writeFileSync(join(directory, 'quire.toml'), 'cacheSize = "1MiB"\nlockWait = "2s"\n')
  expect(await from('cacheSize')).toMatchObject({ value: 1 << 20, from: join(directory, 'quire.toml') })
  const user = join(directory, 'settings', 'quire')
  mkdirSync(user, { recursive: true })
  writeFileSync(join(user, 'config.toml'), 'cacheSize = "2MiB"\n')
  expect(await from('cacheSize')).toMatchObject({ value: 2 << 20, from: join(user, 'config.toml') })
  expect(await from('lockWait')).toMatchObject({ value: 2000, from: join(directory, 'quire.toml') })
  const env = { QUIRE_CACHE_SIZE: '3MiB' }
  expect(await from('cacheSize', [], env)).toMatchObject({ value: 3 << 20, from: 'environment QUIRE_CACHE_SIZE' })
  const flag = ['--cache-size', '4MiB']
  expect(await from('cacheSize', flag, env)).toMatchObject({ value: 4 << 20, from: 'flag --cache-size' })
  writeFileSync(join(user, 'config.toml'), 'colour = "red"\n')
  expect(await refusal(directory, ['config'])).toMatchObject({ exit: 2, code: 'USAGE' })
  writeFileSync(join(user, 'config.toml'), 'no TOML')
  expect(await refusal(directory, ['config'])).toMatchObject({ exit: 2, code: 'USAGE' })
})

test('watch_tells_changes_and_ends_when_interrupted', async () => {
  const directory = temporaryDirectory()
  const expired = '{"_id":1,"at":{"$date":"2020-01-01T00:00:00Z"}}'
  await done(directory, ['insert', 'a.quire', 'c', expired, '--ttl-interval', '0'])
  await done(directory, ['index', 'create', 'a.quire', 'c', '{"at":1}', '--expire-after', '1s', '--ttl-interval', '0'])
  const line = ['watch', 'a.quire', 'c', '--ttl-interval', '20']
  const child = startQuire(directory, line)
  child.stdout.setEncoding('utf8')
  const [change] = (await once(child.stdout, 'data')) as [string]
  expect(JSON.parse(change)).toMatchObject({ operationType: 'delete', documentKey: { _id: 1 } })
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect(code).toBe(130)
})
