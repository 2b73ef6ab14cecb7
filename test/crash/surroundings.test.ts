// What a machine does to a process beside failing its calls: the clock goes back, the folder becomes read-only, descriptors
// and memory run out, files are cut short or replaced under an open database, and it is opened and closed for ever.
// Each ends in a clear error or in nothing at all, and everything acknowledged is there afterwards.
// QUIRE_CASES is how often a database is opened and closed: 300, in the long form 10,000.

import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { type Document, open, QuireError } from '../../src/index.ts'
import { temporaryPath } from '../unit/temporary.ts'
import { ended, startChild } from './child.ts'
import { faultLibrary } from './faulty.ts'

const CYCLES = Number(process.env['QUIRE_CASES'] ?? 300)
const isLinux = process.platform === 'linux'
const library = faultLibrary()

interface Numbered extends Document {
  n: number
}

/** Runs `script`, which says JSON at its end, and gives that. */
async function told(script: string, path: string, env = process.env): Promise<Record<string, unknown>> {
  const run = await ended(startChild(script, path, [], env))
  expect([run.stderr, run.code]).toEqual(['', 0])
  return JSON.parse(run.stdout.trimEnd().split('\n').at(-1) ?? '')
}

async function expectWhole(path: string, count: number): Promise<void> {
  const database = open(path)
  expect(await database.check()).toMatchObject({ isClean: true, problems: [] })
  expect(database.collection<Numbered>('items').countDocuments()).toBe(count)
  database.close()
}

/** Takes away the right to change a folder, which a superuser does not lose by its mode; gives what gives it back. */
function makeReadOnly(folder: string): (() => void) | undefined {
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o555)
    return () => chmodSync(folder, 0o755)
  }
  if (spawnSync('chattr', ['+i', folder]).status !== 0) return undefined
  return () => execFileSync('chattr', ['-i', folder])
}

test.skipIf('missing' in library)('clock_set_back_makes_no_id_twice_and_expires_nothing', async () => {
  const path = temporaryPath()
  const clock = `${dirname(path)}.clock`
  const script = `
    const { rmSync, writeFileSync } = await import('node:fs')
    const clock = process.env.QUIRE_CLOCK
    let db = open(path)
    const items = () => db.collection('items')
    items().createIndex({ at: 1 }, { expireAfterSeconds: 3600 })
    const insert = () => items().insertMany(Array.from({ length: 500 }, (_, n) => ({ n, at: new Date() })))
    const before = Date.now()
    insert()
    writeFileSync(clock, Buffer.alloc(86_400))
    const back = before - Date.now()
    insert()
    const expired = db.expireDocuments()
    await db.checkpoint()
    db.close()
    db = open(path)
    insert()
    const ids = new Set(items().find().toArray().map(({ _id }) => _id))
    rmSync(clock)
    const expiredLate = db.expireDocuments()
    db.close()
    console.log(JSON.stringify({ back: back > 86_000_000, expired, expiredLate, ids: ids.size }))`
  const env = { ...process.env, LD_PRELOAD: 'path' in library ? library.path : '', QUIRE_CLOCK: clock }
  try {
    // What was stamped while the clock was a day back is a day old once it is right again.
    expect(await told(script, path, env)).toEqual({ back: true, expired: 0, expiredLate: 1000, ids: 1500 })
  } finally {
    rmSync(clock, { force: true })
  }
  await expectWhole(path, 500)
})

test.skipIf(!isLinux)('read_only_folder_refuses_an_opening_and_keeps_what_is_there', async ({ skip }) => {
  const path = temporaryPath()
  const database = open(path)
  database.collection<Numbered>('items').insertOne({ n: 1 })
  const giveBack = makeReadOnly(dirname(path))
  if (giveBack === undefined) return skip('this superuser cannot make a folder read-only (chattr)')
  try {
    database.collection<Numbered>('items').insertOne({ n: 2 })
    await expect(database.checkpoint()).rejects.toBeInstanceOf(QuireError)
    database.collection<Numbered>('items').insertOne({ n: 3 })
    expect(database.collection<Numbered>('items').countDocuments()).toBe(3)
  } finally {
    giveBack()
  }
  await database.checkpoint()
  database.close()
  const again = makeReadOnly(dirname(path))
  try {
    expect(() => open(path)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^(CANNOT_OPEN|IO)$/) }))
  } finally {
    again?.()
  }
  await expectWhole(path, 3)
})

test.skipIf(!isLinux)('descriptors_that_run_out_give_errors_and_lose_nothing', async () => {
  const path = temporaryPath()
  const script = `
    const { openSync, closeSync } = await import('node:fs')
    const { execFileSync } = await import('node:child_process')
    execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=256:256'])
    const held = []
    const take = () => { try { for (;;) held.push(openSync('/dev/null')) } catch (error) { if (error.code !== 'EMFILE') throw error } }
    const give = () => { for (const file of held.splice(0)) closeSync(file) }
    const codes = []
    const attempt = async work => { try { await work(); codes.push('') } catch (error) { codes.push(error.code) } }
    take()
    await attempt(() => open(path))
    give()
    const db = open(path)
    db.collection('items').insertOne({ n: 1 })
    take()
    await attempt(() => db.backup(path + '.backup'))
    await attempt(() => open(path + '.other'))
    db.collection('items').insertOne({ n: 2 })
    const count = db.collection('items').countDocuments()
    give()
    await db.checkpoint()
    db.close()
    console.log(JSON.stringify({ codes, count }))`
  const { codes, count } = await told(script, path)
  expect([codes, count]).toEqual([Array.from({ length: 3 }, () => expect.stringMatching(/^(CANNOT_OPEN|IO)$/)), 2])
  await expectWhole(path, 2)
})

test.skipIf(!isLinux)(
  'memory_that_runs_out_is_an_error_or_an_end_with_the_file_intact',
  { timeout: 120_000 },
  async () => {
    const path = temporaryPath()
    const script = `
    const { readFileSync, writeSync } = await import('node:fs')
    const { execFileSync } = await import('node:child_process')
    const db = open(path)
    const items = db.collection('items')
    items.insertOne({ n: 0 })
    const used = Number(/VmSize:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
    execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + (used + (256 << 20))])
    const text = 'x'.repeat(3 << 20)
    const held = []
    for (let n = 1; n < 500; n++) {
      try { held.push(Buffer.alloc(4 << 20)) } catch { held.full = true }
      try { items.insertOne({ n, text }) } catch (error) { writeSync(1, 'refused ' + error.code + '\\n'); break }
      writeSync(1, 'ok ' + n + '\\n')
      if (held.full && n > held.length + 20) break
    }
    writeSync(1, 'full ' + (held.full === true) + '\\n')
    process.kill(process.pid, 'SIGKILL')`
    const run = await ended(startChild(script, path))
    const lines = run.stdout.trimEnd().split('\n')
    const acknowledged = lines.filter(line => line.startsWith('ok')).length
    const refused = lines.find(line => line.startsWith('refused'))
    expect(acknowledged).toBeGreaterThan(0)
    // An end of its own is one by the allocator; else the memory did run out.
    if (run.signal === 'SIGKILL') expect(lines.at(-1)).toBe('full true')
    if (refused !== undefined) expect(refused).toMatch(/^refused (OUT_OF_MEMORY|IO|POISONED|DISK_FULL)$/)
    const database = open(path)
    expect(await database.check()).toMatchObject({ isClean: true })
    expect(database.collection<Numbered>('items').countDocuments()).toBeGreaterThanOrEqual(acknowledged + 1)
    database.close()
  }
)

test.skipIf(!isLinux)(
  'opening_and_closing_for_ever_keeps_neither_memory_nor_descriptors',
  { timeout: 600_000 },
  async () => {
    const path = temporaryPath()
    const script = `
    const { readdirSync } = await import('node:fs')
    const cycles = ${CYCLES}
    const figures = []
    for (let n = 0; n < cycles; n++) {
      const db = open(path)
      db.collection('items').insertOne({ n })
      for (const { n } of db.collection('items').find({ n: { $gte: 0 } }).limit(3)) void n
      db.close()
      if (n === cycles >> 1 || n === cycles - 1) {
        gc()
        figures.push([readdirSync('/proc/self/fd').length, process.memoryUsage().rss, readdirSync('/proc/self/task').length])
      }
    }
    console.log(JSON.stringify({ figures }))`
    const { figures } = (await told(script, path)) as { figures: [number, number, number][] }
    const [[files = 0, bytes = 0, threads = 0] = [], [filesLater, bytesLater = 0, threadsLater] = []] = figures
    expect([filesLater, threadsLater]).toEqual([files, threads])
    expect(bytesLater - bytes).toBeLessThan(24 << 20)
    await expectWhole(path, CYCLES)
  }
)

test('file_cut_short_under_an_open_database_gives_errors_and_no_wrong_document', () => {
  const path = temporaryPath()
  const filled = open(path)
  filled
    .collection<Numbered & { text: string }>('items')
    .insertMany(Array.from({ length: 4_000 }, (_, n) => ({ _id: String(n), n, text: `${n}-`.repeat(200) })))
  filled.close()
  // Opened anew, it has read next to nothing yet.
  const database = open(path)
  const items = database.collection<Numbered & { text: string }>('items')
  truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096)
  const codes = new Set<string>()
  for (let n = 0; n < 4_000; n++) {
    try {
      expect(items.get(String(n))?.text).toBe(`${n}-`.repeat(200))
    } catch (error) {
      if (!(error instanceof QuireError)) throw error
      codes.add(error.code)
    }
  }
  expect([...codes]).toEqual(['CORRUPTED'])
  try {
    database.close()
  } catch (error) {
    expect(error).toBeInstanceOf(QuireError)
  }
  expect(() => open(path)).toThrow(expect.objectContaining({ code: 'CORRUPTED' }))
})

test.skipIf(!isLinux)('file_replaced_under_an_open_database_is_left_as_it_is', async () => {
  const [path, other] = [temporaryPath(), temporaryPath()]
  const replacement = open(other)
  replacement.collection<Numbered>('items').insertMany([{ n: 1 }, { n: 2 }])
  replacement.close()
  const bytes = readFileSync(other)
  const database = open(path)
  database.collection<Numbered>('items').insertOne({ n: 1 })
  copyFileSync(other, `${path}.copy`)
  renameSync(`${path}.copy`, path)
  database.collection<Numbered>('items').insertOne({ n: 2 })
  try {
    database.close()
  } catch (error) {
    expect(error).toBeInstanceOf(QuireError)
  }
  expect(readFileSync(path).equals(bytes)).toBe(true)
  await expectWhole(path, 2)
})
