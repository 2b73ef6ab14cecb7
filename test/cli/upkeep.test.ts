// The commands on a database as a whole: stats, check, repair, backup, compact.
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { done, quire, refusal, temporaryDirectory } from './quire.ts'

const COUNT = 2000

function withItems(): string {
  const directory = temporaryDirectory()
  using database = open(join(directory, 'a.quire'))
  const items = Array.from({ length: COUNT }, (_, _id) => ({ _id, text: `item ${_id} `.repeat(10) }))
  database.collection('items').insertMany(items)
  return directory
}

test('stats_tells_collections_for_people_and_programs', async () => {
  const directory = withItems()
  const told = await done(directory, ['stats', 'a.quire'])
  expect(told).toContain('documents    2000 in 1 collections')
  expect(told).toContain('items')
  const { fileBytes, collections } = JSON.parse(await done(directory, ['stats', 'a.quire', '--json']))
  expect(fileBytes).toBe(statSync(join(directory, 'a.quire')).size)
  expect(collections).toMatchObject([{ name: 'items', documentsCount: COUNT }])
})

test('check_ends_with_0_when_all_is_well_and_changes_nothing', async () => {
  const directory = withItems()
  const before = readFileSync(join(directory, 'a.quire'))
  expect(await done(directory, ['check', 'a.quire'])).toContain('a.quire is whole')
  expect(JSON.parse(await done(directory, ['check', 'a.quire', '--json']))).toMatchObject({ isClean: true })
  expect(readFileSync(join(directory, 'a.quire')).equals(before)).toBe(true)
})

test('damage_ends_check_with_4_and_repair_copies_the_rest', async () => {
  const directory = withItems()
  const path = join(directory, 'a.quire')
  const place = readFileSync(path).indexOf('item 1000 item 1000')
  const file = openSync(path, 'r+')
  writeSync(file, 'damage', place)
  closeSync(file)
  const { code, stdout, stderr } = await quire(directory, ['check', 'a.quire'])
  expect([code, stderr]).toEqual([4, ''])
  expect(stdout).toContain('CORRUPTED (page ')
  const { code: jsonCode, stdout: report } = await quire(directory, ['check', 'a.quire', '--json'])
  expect(jsonCode).toBe(4)
  expect(JSON.parse(report)).toMatchObject({ isClean: false })
  expect(await refusal(directory, ['find', 'a.quire', 'items', '{"text":"none"}'])).toMatchObject({
    exit: 4,
    code: 'CORRUPTED'
  })
  expect(await done(directory, ['repair', 'a.quire', 'new.quire'])).toContain('new.quire has ')
  expect(await done(directory, ['check', 'new.quire'])).toContain('is whole')
  const left = Number(await done(directory, ['count', 'new.quire', 'items']))
  expect(left).toBeGreaterThan(COUNT * 0.9)
  expect(left).toBeLessThan(COUNT)
  expect(await refusal(directory, ['repair', 'a.quire', 'new.quire'])).toMatchObject({
    exit: 1,
    code: 'INVALID_ARGUMENT'
  })
})

test('a_backup_has_everything_and_takes_no_file_s_place', async () => {
  const directory = withItems()
  expect(await done(directory, ['backup', 'a.quire', 'copy.quire'])).toContain('2000 documents in 1 collections')
  expect(await done(directory, ['count', 'copy.quire', 'items'])).toBe(`${COUNT}\n`)
  expect(await refusal(directory, ['backup', 'a.quire', 'copy.quire'])).toMatchObject({
    exit: 1,
    code: 'INVALID_ARGUMENT'
  })
})

test('compact_gives_room_back', async () => {
  const directory = withItems()
  await done(directory, ['delete', 'a.quire', 'items', '{"_id":{"$gt":10}}', '--many'])
  const report = JSON.parse(await done(directory, ['compact', 'a.quire', '--json']))
  expect(report.bytesAfter).toBeLessThan(report.bytesBefore)
  expect(await done(directory, ['count', 'a.quire', 'items'])).toBe('11\n')
})
