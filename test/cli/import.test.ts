// The commands on files of documents: import, export, dump, load. An import that is killed goes on without loss.
// The long form: QUIRE_CASES=1000000 npx vitest run test/cli/import; a case is a line of an import.
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Document, open } from '../../src/index.ts'
import { done, quire, refusal, startQuire, temporaryDirectory } from './quire.ts'

const FORMATS = ['jsonl', 'json', 'csv', 'msgpack', 'ejson']
const PEOPLE: Document[] = [
  { _id: 'ada', name: 'Ada "Countess"', age: 36, address: { city: 'London' } },
  { _id: 'grace', name: 'Grace,\nHopper', age: 45.5, isAdmiral: true },
  { _id: '007', name: 'grüße {[', age: -3 }
]
/** What only formats with types keep. */
const TYPED: Document[] = [
  { _id: 1, at: new Date('2026-01-01T00:00:00Z'), bytes: new Uint8Array([0, 255]), big: 9007199254740993n },
  { _id: 2, list: [1, [2], { a: null }], half: 0.5, long: 2 ** 40, text: '' }
]
/** MessagePack is written without it. */
const MINUS_ZERO: Document = { _id: 3, zero: -0 }
const LINES = Number(process.env['QUIRE_CASES'] ?? 100_000)
/** Lines of the import that is killed, and milliseconds in which each of its kills comes. */
const KILLED_LINES = Number(process.env['QUIRE_CASES'] ?? 30_000)
const KILL_MS = KILLED_LINES > 100_000 ? 2000 : 150
/** Peak of the memory of a process that imports, however many lines there are. */
const PEAK_KB_MAX = 200_000

function write(directory: string, collection: string, documents: Document[]): void {
  using database = open(join(directory, 'a.quire'))
  database.collection(collection).insertMany(documents)
}

function read(directory: string, file: string, collection: string): Document[] {
  using database = open(join(directory, file), { create: false })
  return database.collection(collection).find().sort({ _id: 1 }).toArray()
}

function writeLines(path: string, count: number): void {
  const line = (_id: number) => `{"_id":${_id},"name":"user ${_id}","tags":["a","b"],"address":{"zip":"${_id}"}}\n`
  writeFileSync(path, Array.from({ length: count }, (_, index) => line(index)).join(''))
}

/** Makes processes that end by themselves write down the peak of their memory, in kB. */
function peakHook(directory: string): { env: NodeJS.ProcessEnv; peak: () => number } {
  const [hook, path] = [join(directory, 'peak.cjs'), join(directory, 'peak')]
  const write = `require('fs').writeFileSync(${JSON.stringify(path)}, String(process.resourceUsage().maxRSS))`
  writeFileSync(hook, `process.on('exit', () => ${write})`)
  return { env: { NODE_OPTIONS: `--require ${hook}` }, peak: () => Number(readFileSync(path, 'utf8')) }
}

test.each(FORMATS)('documents_come_through_%s_by_file_and_by_pipe', async format => {
  const directory = temporaryDirectory()
  const documents = [...PEOPLE]
  if (format !== 'csv') documents.push(...TYPED)
  if (format !== 'csv' && format !== 'msgpack') documents.push(MINUS_ZERO)
  write(directory, 'from', documents)
  await done(directory, ['export', 'a.quire', 'from', `out.${format}`])
  await done(directory, ['import', 'file.quire', 'to', `out.${format}`])
  expect(read(directory, 'file.quire', 'to')).toEqual(read(directory, 'a.quire', 'from'))
  const piped = await quire(directory, ['export', 'a.quire', 'from', '--format', format])
  await done(directory, ['import', 'pipe.quire', 'to', '-', '--format', format], { input: piped.bytes })
  expect(read(directory, 'pipe.quire', 'to')).toEqual(read(directory, 'a.quire', 'from'))
})

test('an_export_takes_no_file_s_place_and_leaves_nothing_half', async () => {
  const directory = temporaryDirectory()
  write(directory, 'c', PEOPLE)
  writeFileSync(join(directory, 'out.jsonl'), 'mine')
  expect(await refusal(directory, ['export', 'a.quire', 'c', 'out.jsonl'])).toMatchObject({ exit: 2 })
  expect(readFileSync(join(directory, 'out.jsonl'), 'utf8')).toBe('mine')
  expect(await refusal(directory, ['export', 'a.quire', 'none', 'new.jsonl'])).toMatchObject({ exit: 3 })
  await done(directory, ['export', 'a.quire', 'c', 'out.jsonl', '--force', '--filter', '{"_id":"ada"}'])
  expect(readFileSync(join(directory, 'out.jsonl'), 'utf8')).toBe(`${JSON.stringify(PEOPLE[0])}\n`)
  expect(readdirSync(directory).sort()).toEqual(['a.quire', 'out.jsonl'])
})

test('CSV_has_the_columns_that_are_asked_for_and_the_types_that_are_seen', async () => {
  const directory = temporaryDirectory()
  write(directory, 'c', PEOPLE)
  const csv = await done(directory, ['export', 'a.quire', 'c', '--format', 'csv', '--fields', '_id,address.city'])
  expect(csv.split('\n').sort()).toEqual(['', '007,', '_id,address.city', 'ada,London', 'grace,'])
  writeFileSync(join(directory, 'x.csv'), '_id,n,t\na,1.50,007\nb,true,\n')
  await done(directory, ['import', 'b.quire', 'c', 'x.csv'])
  expect(read(directory, 'b.quire', 'c')).toEqual([
    { _id: 'a', n: 1.5, t: '007' },
    { _id: 'b', n: true }
  ])
  await done(directory, ['import', 'b.quire', 'texts', 'x.csv', '--text'])
  expect(read(directory, 'b.quire', 'texts')[1]).toEqual({ _id: 'b', n: 'true' })
})

test('what_is_no_document_is_refused_with_its_record', async () => {
  const directory = temporaryDirectory()
  const inputs: [string, string][] = [
    ['jsonl', '{"_id":1}\n{"_id":'],
    ['jsonl', '[1]\n'],
    ['json', '[{"_id":1} {"_id":2}]'],
    ['json', '[{"_id":1},'],
    ['csv', 'a,b\n1\n'],
    ['csv', 'a,a\n1,2\n'],
    ['csv', 'a,a.b\n1,2\n'],
    ['msgpack', '\u0001'],
    ['ejson', '{"_id":1,"d":{"$numberDecimal":"1.5"}}']
  ]
  const refused = inputs.map(async ([format, input], index) => {
    const line = ['import', `${index}.quire`, 'c', '-', '--format', format]
    expect([format, input, await refusal(directory, line, { input })]).toMatchObject([
      format,
      input,
      { exit: 1, code: 'INVALID_DOCUMENT' }
    ])
  })
  await Promise.all(refused)
})

test('a_conflict_is_an_error_unless_it_is_skipped_or_replaced', async () => {
  const directory = temporaryDirectory()
  write(directory, 'c', [{ _id: 1, old: true }])
  const input = '{"_id":1}\n{"_id":2}\n'
  const line = ['import', 'a.quire', 'c', '-']
  expect(await refusal(directory, line, { input })).toMatchObject({ exit: 1, code: 'DUPLICATE_ID' })
  expect(read(directory, 'a.quire', 'c')).toHaveLength(1)
  const skipped = await done(directory, [...line, '--on-conflict', 'skip'], { input })
  expect(skipped).toBe('imported 1, left 1 as they were\n')
  expect(read(directory, 'a.quire', 'c')).toEqual([{ _id: 1, old: true }, { _id: 2 }])
  await done(directory, [...line, '--on-conflict', 'replace'], { input })
  expect(read(directory, 'a.quire', 'c')).toEqual([{ _id: 1 }, { _id: 2 }])
})

test('an_import_that_is_killed_at_any_time_goes_on_without_loss_or_duplicate', {
  timeout: 120_000 + KILLED_LINES
}, async () => {
  const directory = temporaryDirectory()
  const count = KILLED_LINES
  // Without ids: a record that came twice would be a document more.
  const line = (n: number) => `{"n":${n},"text":"${'x'.repeat(n % 100)}"}\n`
  writeFileSync(join(directory, 'in.jsonl'), Array.from({ length: count }, (_, n) => line(n)).join(''))
  const { peak, env } = peakHook(directory)
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`seed ${seed}`)
  let state = seed
  let kills = 0
  for (let round = 0; ; round++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    const child = startQuire(directory, ['import', 'a.quire', 'c', 'in.jsonl', '--resume'], { env })
    const closed = once(child, 'close')
    // Later in each round, so that it hits the beginning, the middle, and at last nothing.
    const killAt = 50 + (state % KILL_MS) + round * 100
    const timer = setTimeout(() => child.kill('SIGKILL'), killAt)
    const [code, signal] = await closed
    clearTimeout(timer)
    if (signal === 'SIGKILL') kills++
    else {
      expect(code).toBe(0)
      break
    }
  }
  expect(kills).toBeGreaterThan(0)
  {
    using database = open(join(directory, 'a.quire'))
    expect(await database.check()).toMatchObject({ isClean: true })
    const seen = new Uint8Array(count)
    for (const { n, text } of database.collection<{ n: number; text: string }>('c').find()) {
      if (seen[n] !== 0 || text.length !== n % 100) throw new Error(`line ${n} came twice or wrong`)
      seen[n] = 1
    }
    expect(seen.indexOf(0)).toBe(-1)
  }
  console.log(`${count} lines, killed ${kills} times; the last process peaked at ${peak()} kB`)
  expect(await done(directory, ['import', 'a.quire', 'c', 'in.jsonl', '--resume'])).toContain('imported 0')
})

test('an_unfinished_import_is_not_begun_anew_unawares_and_goes_on_with_the_same_file_only', async () => {
  const directory = temporaryDirectory()
  writeLines(join(directory, 'in.jsonl'), 1500)
  // It is in the second batch, so that the first one is committed.
  write(directory, 'c', [{ _id: 1400 }])
  const line = ['import', 'a.quire', 'c', 'in.jsonl']
  expect(await refusal(directory, line)).toMatchObject({ exit: 1, code: 'DUPLICATE_ID' })
  expect(await refusal(directory, line)).toMatchObject({ exit: 1, code: 'UNFINISHED_IMPORT' })
  await done(directory, ['delete', 'a.quire', 'c', '--id', '1400'])
  const told = await done(directory, [...line, '--resume'])
  const [, rest, before] = /^imported (\d+), after (\d+) of an import before\n$/.exec(told) ?? []
  expect([Number(before) > 0, Number(rest) + Number(before)]).toEqual([true, 1500])
  expect(await done(directory, ['count', 'a.quire', 'c'])).toBe('1500\n')
  writeLines(join(directory, 'in.jsonl'), 1501)
  expect(await refusal(directory, [...line, '--resume'])).toMatchObject({ exit: 1, code: 'SOURCE_CHANGED' })
  expect(await done(directory, [...line, '--on-conflict', 'skip'])).toBe('imported 1, left 1500 as they were\n')
  expect(await refusal(directory, ['import', 'a.quire', 'c', '-', '--resume'])).toMatchObject({ exit: 2 })
})

test('memory_is_bounded_however_many_lines_there_are', { timeout: 120_000 }, async () => {
  const directory = temporaryDirectory()
  writeLines(join(directory, 'in.jsonl'), LINES)
  const { peak, env } = peakHook(directory)
  expect(await done(directory, ['import', 'a.quire', 'c', 'in.jsonl'], { env })).toBe(`imported ${LINES}\n`)
  expect(peak()).toBeLessThan(PEAK_KB_MAX)
  expect(await done(directory, ['count', 'a.quire', 'c'])).toBe(`${LINES}\n`)
})

test('a_dump_is_loaded_with_its_indexes', async () => {
  const directory = temporaryDirectory()
  write(directory, 'c', [...PEOPLE, ...TYPED])
  await done(directory, ['index', 'create', 'a.quire', 'c', '{"age":1}'])
  await done(directory, ['set', 'a.quire', 's/k', 'v'])
  const dump = await done(directory, ['dump', 'a.quire', '--sorted'])
  await done(directory, ['load', 'b.quire', '-'], { input: dump })
  expect(await done(directory, ['dump', 'b.quire', '--sorted'])).toBe(dump)
  expect(await done(directory, ['dump', 'a.quire', '--sorted', '--damaged'])).toBe(dump)
  await done(directory, ['dump', 'a.quire', 'a.jsonl'])
  await done(directory, ['load', 'c.quire', 'a.jsonl'])
  expect(read(directory, 'c.quire', 'c')).toEqual(read(directory, 'a.quire', 'c'))
})
