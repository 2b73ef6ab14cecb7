// The commands on keys: get, set, unset.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { done, quire, refusal, temporaryDirectory } from './quire.ts'

test('a_key_is_set_read_and_taken_away', async () => {
  const directory = temporaryDirectory()
  expect(await done(directory, ['set', 'a.quire', 'artists/nina', 'Nina Simone'])).toBe('')
  expect(await done(directory, ['get', 'a.quire', 'artists/nina'])).toBe('Nina Simone\n')
  expect(await done(directory, ['get', 'a.quire', 'artists/nina', '--json'])).toBe('"Nina Simone"\n')
  expect(await done(directory, ['unset', 'a.quire', 'artists/nina'])).toBe('')
  expect(await refusal(directory, ['unset', 'a.quire', 'artists/nina'])).toMatchObject({ exit: 3, code: 'NOT_FOUND' })
  expect(await refusal(directory, ['get', 'a.quire', 'artists/nina'])).toMatchObject({ exit: 3, code: 'NOT_FOUND' })
})

test('every_byte_goes_in_and_out_as_it_is', async () => {
  const directory = temporaryDirectory()
  const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7919) & 255)
  await done(directory, ['set', 'a.quire', 'files/x'], { input: bytes })
  const { bytes: read, code } = await quire(directory, ['get', 'a.quire', 'files/x'])
  expect(code).toBe(0)
  expect(Buffer.compare(read, bytes)).toBe(0)
  await done(directory, ['set', 'a.quire', 'files/empty', '-'], { input: '' })
  expect((await quire(directory, ['get', 'a.quire', 'files/empty'])).bytes.length).toBe(0)
})

test('a_value_is_what_as_says', async () => {
  const directory = temporaryDirectory()
  await done(directory, ['set', 'a.quire', 's/n', '500', '--as', 'json'])
  await done(directory, ['set', 'a.quire', 's/t', '500'])
  await done(directory, ['set', 'a.quire', 's/u', '-', '--as', 'text'], { input: 'grüße\n' })
  using database = open(join(directory, 'a.quire'))
  expect(['s/n', 's/t', 's/u'].map(path => database.kv().get(path))).toEqual([500, '500', 'grüße\n'])
})

test('set_may_depend_on_what_is_there', async () => {
  const directory = temporaryDirectory()
  await done(directory, ['set', 'a.quire', 's/k', 'first', '--if-absent'])
  expect(await refusal(directory, ['set', 'a.quire', 's/k', 'second', '--if-absent'])).toMatchObject({
    exit: 1,
    code: 'CONFLICT'
  })
  const entry = JSON.parse(await done(directory, ['get', 'a.quire', 's/k', '--entry']))
  expect(entry).toMatchObject({ key: 'k', value: 'first' })
  await done(directory, ['set', 'a.quire', 's/k', 'third', '--if-version', String(entry.version)])
  const late = ['set', 'a.quire', 's/k', 'fourth', '--if-version', String(entry.version)]
  expect(await refusal(directory, late)).toMatchObject({ code: 'CONFLICT' })
  expect(await done(directory, ['get', 'a.quire', 's/k'])).toBe('third\n')
})

test('a_key_with_a_ttl_has_an_end', async () => {
  const directory = temporaryDirectory()
  await done(directory, ['set', 'a.quire', 's/k', 'v', '--ttl', '2h'])
  const { expires } = JSON.parse(await done(directory, ['get', 'a.quire', 's/k', '--entry']))
  expect(new Date(expires.$date).getTime()).toBeGreaterThan(Date.now() + 3_600_000)
})
