// Damaged files and full disks, as a program meets them: a code, a page, and everything else still there.
import { spawn } from 'node:child_process'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { open, QuireError } from '../../src/index.ts'
import { failure, opened, temporaryPath } from '../unit/temporary.ts'
import { ended, PACKAGE } from './child.ts'

const PAGE_BYTES = 4096
const DOCUMENTS = 5000

interface Item {
  _id: number
  text: string
}

/** A closed file with documents; gives its path and bytes. */
function written(): { path: string; bytes: Buffer } {
  const path = temporaryPath()
  const database = open(path)
  const items = Array.from({ length: DOCUMENTS }, (_, _id) => ({ _id, text: `text ${_id} `.repeat(10) }))
  database.collection<Item>('items').insertMany(items)
  database.close()
  return { path, bytes: readFileSync(path) }
}

/** What reading every document by its id gives: how many came whole, and the pages that were named. */
function readAll(path: string): { whole: number; pages: Set<number | undefined> } {
  const database = open(path, { readOnly: true })
  const items = database.collection<Item>('items')
  const result = { whole: 0, pages: new Set<number | undefined>() }
  for (let id = 0; id < DOCUMENTS; id++) {
    try {
      const item = items.get(id)
      if (item?.text === `text ${id} `.repeat(10)) result.whole++
      else throw new Error(`document ${id} came as ${JSON.stringify(item)}`)
    } catch (error) {
      if (!(error instanceof QuireError) || error.code !== 'CORRUPTED') throw error
      result.pages.add(error.page)
    }
  }
  database.close()
  return result
}

test('a_flipped_bit_is_told_with_its_page_and_the_rest_is_readable', async () => {
  const { path, bytes } = written()
  const pages = Math.floor(bytes.length / PAGE_BYTES)
  let readable = 0
  for (let page = 3; page < pages; page += Math.ceil(pages / 25)) {
    const damaged = Buffer.from(bytes)
    const at = page * PAGE_BYTES + ((page * 997) % PAGE_BYTES)
    damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (page % 8)), at)
    writeFileSync(path, damaged)
    try {
      const { whole, pages: named } = readAll(path)
      expect([...named].filter(number => number !== page)).toEqual([])
      if (whole === DOCUMENTS) continue
      readable++
      expect(whole).toBeGreaterThan(DOCUMENTS / 2)
      const database = open(path)
      const report = await database.check()
      expect(report.isClean).toBe(false)
      expect(report.problems.some(problem => problem.code === 'CORRUPTED' && problem.page === page)).toBe(true)
      database.close()
    } catch (error) {
      // The page is needed for opening at all.
      expect(error).toMatchObject({ code: 'CORRUPTED' })
    }
  }
  expect(readable).toBeGreaterThan(10)
})

test('a_truncated_file_is_told_as_damage', () => {
  const { path, bytes } = written()
  for (const length of [0, 1, 511, 4096, 8192, 12_288, 50_000, bytes.length - 1]) {
    writeFileSync(path, bytes)
    truncateSync(path, length)
    let code: string
    try {
      const { whole, pages } = readAll(path)
      code = whole < DOCUMENTS && pages.size > 0 ? 'CORRUPTED' : 'unseen'
    } catch (error) {
      code = (error as QuireError).code
    }
    expect([length, code]).toEqual([length, expect.stringMatching(/CORRUPTED|NOT_A_DATABASE/)])
  }
})

test('a_newer_format_is_refused_by_name', () => {
  const { path, bytes } = written()
  // Both header slots, wherever they keep their version: at least one byte of the head is the format's number.
  const codes = new Set<string>()
  for (let at = 0; at < 64; at++) {
    const changed = Buffer.from(bytes)
    for (const slot of [0, 1]) changed.writeUInt8(0xff, slot * PAGE_BYTES + at)
    writeFileSync(path, changed)
    try {
      open(path, { readOnly: true }).close()
    } catch (error) {
      codes.add((error as QuireError).code)
    }
  }
  expect([...codes].every(code => ['CORRUPTED', 'NOT_A_DATABASE', 'UNSUPPORTED_FORMAT'].includes(code))).toBe(true)
  writeFileSync(path, bytes)
  expect(readAll(path).whole).toBe(DOCUMENTS)
})

test.skipIf(process.platform === 'win32')(
  'a_full_disk_fails_the_write_and_nothing_else',
  { timeout: 60_000 },
  async () => {
    const path = temporaryPath()
    // A limit on the size of files is met like a full disk.
    const script = `
    const { open } = await import(${JSON.stringify(PACKAGE)})
    const database = open(process.argv[1], { syncInterval: 5 })
    const items = database.collection('items')
    let count = 0
    let code
    try {
      for (; count < 1e5; count++) items.insertOne({ _id: count, text: 'x'.repeat(500) })
    } catch (error) {
      code = error.code
    }
    const isThere = items.countDocuments() === count && items.get(count - 1)._id === count - 1
    const refused = []
    for (let n = 0; n < 3; n++) try { items.insertOne({ text: 'y'.repeat(100000) }) } catch (error) { refused.push(error.code) }
    console.log(JSON.stringify({ code, count, isThere, read: items.find().toArray().length === count, refused }))
    process.kill(process.pid, 'SIGKILL')`
    const child = spawn('sh', [
      '-c',
      'ulimit -f 8192; exec "$0" --input-type=module -e "$1" "$2"',
      process.execPath,
      script,
      path
    ])
    const { stdout, stderr } = await ended(child)
    expect(stderr).toBe('')
    const result = JSON.parse(stdout) as {
      code: string
      count: number
      isThere: boolean
      read: boolean
      refused: string[]
    }
    expect(result).toMatchObject({ isThere: true, read: true })
    expect(result.code).toMatch(/DISK_FULL|POISONED/)
    const database = opened(path)
    const items = database.collection<Item>('items')
    expect(items.countDocuments()).toBe(result.count)
    expect(await database.check()).toMatchObject({ isClean: true })
    items.insertOne({ _id: -1, text: 'after' })
    expect(items.get(-1)?.text).toBe('after')
    expect(failure(() => items.insertOne({ _id: -1, text: '' })).code).toBe('DUPLICATE_ID')
  }
)
