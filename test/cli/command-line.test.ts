// The command line as a whole: help, exit codes, errors, pipes, signals.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { done, quire, refusal, startQuire, temporaryDirectory } from './quire.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

test('help_names_every_command_and_every_exit_code', async () => {
  const directory = temporaryDirectory()
  const help = await done(directory, ['--help'])
  for (const word of ['get', 'open', 'find', 'index create', 'check', 'EXIT CODES', '130']) expect(help).toContain(word)
  expect(help).not.toContain('\u001b')
  expect(await done(directory, ['help'])).toBe(help)
  expect(await done(directory, ['--version'])).toBe(`${version}\n`)
})

test('every_command_has_help_with_examples', { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory()
  const help = await done(directory, ['--help'])
  const names = [...help.matchAll(/^ +([a-z]+(?: [a-z]+)?) {4,}\S/gm)].map(([, name]) => name as string)
  expect(names.length).toBeGreaterThanOrEqual(17)
  const read = names.map(async name => {
    const own = await done(directory, [...name.split(' '), '--help'])
    expect(own).toContain(`USAGE quire ${name}`)
    const shown = name === 'open' ? 'shell' : name
    expect(own).toMatch(new RegExp(`EXAMPLES\\n\\n  # .+\\n  quire ${shown}( |\\n)`))
    expect(own).toContain('EXIT CODES')
  })
  await Promise.all(read)
  expect(await done(directory, ['help', 'index', 'create'])).toBe(await done(directory, ['index', 'create', '-h']))
})

test('a_command_line_that_is_wrong_is_refused_with_2', async () => {
  const directory = temporaryDirectory()
  const wrong = [
    [],
    ['nothing'],
    ['toString'],
    ['index'],
    ['index', 'nothing'],
    ['find'],
    ['find', 'a.quire'],
    ['find', 'a.quire', 'c', '{}', 'more'],
    ['find', 'a.quire', 'c', '--unknown'],
    ['find', 'a.quire', 'c', '--limit'],
    ['find', 'a.quire', 'c', '--limit', 'many'],
    ['find', 'a.quire', 'c', '{age: 3'],
    ['find', 'a.quire', 'c', '[]'],
    ['find', 'a.quire', 'c', '{}', '--id', 'x'],
    ['find', 'a.quire', 'c', '--cache-size', 'big'],
    ['find', 'a.quire', 'c', '--durability', 'none'],
    ['insert', 'a.quire', 'c', '5'],
    ['set', 'a.quire', 'key', 'value'],
    ['set', 'a.quire', 's/k', 'value', '--as', 'song'],
    ['set', 'a.quire', 's/k', 'value', '--ttl', 'soon']
  ]
  const refused = wrong.map(async line =>
    expect([line, await refusal(directory, line)]).toMatchObject([line, { exit: 2 }])
  )
  await Promise.all(refused)
})

test('what_is_not_there_is_refused_with_3_and_nothing_is_made', async () => {
  const directory = temporaryDirectory()
  for (const command of ['find', 'count', 'stats', 'check', 'compact']) {
    const line = [command, 'none.quire', ...(command === 'find' || command === 'count' ? ['c'] : [])]
    expect(await refusal(directory, line)).toEqual({ exit: 3, code: 'NOT_FOUND', stdout: '' })
  }
  expect(await refusal(directory, ['repair', 'none.quire', 'new.quire'])).toMatchObject({ exit: 3 })
  expect(await quire(directory, ['find', 'none.quire', 'c'])).toMatchObject({ code: 3 })
})

test('an_error_is_one_line_without_a_stack_and_JSON_when_asked', async () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'text.quire'), 'not a database, but a text that is longer than a header. '.repeat(200))
  expect(await refusal(directory, ['stats', 'text.quire'])).toMatchObject({ exit: 1, code: 'NOT_A_DATABASE' })
  const { code, stderr } = await quire(directory, ['stats', 'text.quire', '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'NOT_A_DATABASE' } })
})

test('a_database_that_another_process_holds_is_refused_with_its_code', async () => {
  const directory = temporaryDirectory()
  using database = open(join(directory, 'a.quire'))
  database.collection('c').insertOne({ _id: 1 })
  expect(await refusal(directory, ['find', 'a.quire', 'c'])).toMatchObject({ exit: 1, code: 'LOCKED' })
})

/** Starts a command that prints more than a pipe holds; `complaints` gives what it wrote to stderr. */
function findMany() {
  const directory = temporaryDirectory()
  {
    using database = open(join(directory, 'a.quire'))
    database.collection('c').insertMany(Array.from({ length: 50_000 }, (_, _id) => ({ _id, text: 'x'.repeat(50) })))
  }
  const child = startQuire(directory, ['find', 'a.quire', 'c'])
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return { child, complaints: () => stderr }
}

test('a_reader_that_goes_away_ends_the_command_quietly', async () => {
  const { child, complaints } = findMany()
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code, signal] = await once(child, 'close')
  expect([code, signal, complaints()]).toEqual([0, null, ''])
})

test('an_interrupt_ends_a_command_with_130', async () => {
  const { child, complaints } = findMany()
  child.stdout.once('data', () => child.stdout.pause())
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  child.stdout.resume()
  const [code] = await once(child, 'close')
  expect([code, complaints()]).toEqual([130, 'quire: INTERRUPTED: interrupted\n'])
})
