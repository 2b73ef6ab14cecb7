// Several processes, and how one ends: locks, exits with everything open, forgotten handles.
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { failure, opened, temporaryPath } from '../unit/temporary.ts'
import { ended, runChild, startChild } from './child.ts'

test('a_second_process_is_told_who_holds_the_file', async () => {
  const path = temporaryPath()
  const database = open(path)
  const tries = `
    try { open(path); console.log('opened') } catch (error) { console.log(error.code, error.message) }
    try { open(path, { readOnly: true }); console.log('opened') } catch (error) { console.log(error.code, error.message) }`
  const refused = await runChild(tries, path)
  expect(refused.stderr).toBe('')
  for (const line of refused.stdout.trim().split('\n'))
    expect(line).toMatch(new RegExp(`^LOCKED .*\\b${process.pid}\\b`))
  database.close()
  const child = startChild(`open(path); console.log('open'); process.stdin.once('data', () => process.exit())`, path)
  await new Promise(resolve => child.stdout?.once('data', resolve))
  const error = failure(() => open(path))
  expect(error.code).toBe('LOCKED')
  expect(error.message).toContain(String(child.pid))
  child.stdin?.write('end\n')
  expect((await ended(child)).code).toBe(0)
  open(path).close()
})

test('several_processes_may_read_one_file', async () => {
  const path = temporaryPath()
  const database = open(path)
  database.collection<{ n: number }>('items').insertOne({ n: 1 })
  database.close()
  opened(path, { readOnly: true })
  const reader = await runChild(
    `console.log(open(path, { readOnly: true }).collection('items').countDocuments())
    try { open(path) } catch (error) { console.log(error.code) }`,
    path
  )
  expect(reader).toMatchObject({ code: 0, stderr: '' })
  expect(reader.stdout.split('\n')[0]).toBe('1')
})

/** Everything that can be open. */
const EVERYTHING = `
const database = open(path)
const items = database.collection('items')
items.insertMany(Array.from({ length: 5000 }, (_, n) => ({ n })), { durability: 'lazy' })
const cursor = items.find()
cursor.next()
const transaction = database.begin()
transaction.collection('other').insertOne({ n: 1 })
const running = [database.sync(), items.async.find().toArray(), items.async.insertOne({ n: -1 }), database.check(), database.checkpoint()]
for (const one of running) one.catch(() => {})
`

const exits: [string, string, number][] = [
  ['at_the_end_of_the_script', '', 0],
  ['by_process_exit', 'process.exit(3)', 3],
  ['by_process_exit_later', 'setImmediate(() => process.exit(4))', 4],
  ['by_an_uncaught_error', `throw new Error('boom')`, 1],
  ['after_closing', 'database.close()', 0],
  ['with_a_handle_closed_in_an_exit_listener', `process.on('exit', () => database.close())`, 0],
  ['in_the_middle_of_a_loop', 'for (const item of items.find()) if (item.n === 2000) process.exit(5)', 5],
  ['inside_a_transaction', 'transaction.rollback(); database.transaction(() => process.exit(6))', 6]
]

test.each(exits)('a_process_exits_cleanly_%s', { timeout: 60_000 }, async (_, script, code) => {
  const path = temporaryPath()
  const result = await runChild(EVERYTHING + script, path)
  expect(result).toMatchObject({ code, signal: null, stderr: code === 1 ? expect.stringContaining('boom') : '' })
  const database = opened(path)
  expect(database.collection('items').countDocuments()).toBeGreaterThanOrEqual(5000)
  expect(database.collection('other').countDocuments()).toBe(0)
  expect(await database.check()).toMatchObject({ isClean: true })
})

test('memory_does_not_grow_with_the_number_of_reads', { timeout: 120_000 }, async () => {
  const { code, stdout, stderr } = await runChild(
    `const database = open(':memory:')
    const items = database.collection('items')
    items.insertMany(Array.from({ length: 10_000 }, (_, n) => ({ _id: n, n, text: 'x'.repeat(100), bytes: new Uint8Array(50) })))
    const used = () => { gc(); return process.memoryUsage().rss / 1048576 }
    const read = async count => {
      for (let round = 0; round < count; round++) {
        items.find().toArray()
        for (const item of items.find({ n: { $gt: 5 } })) if (item.n > 3000) break
        items.find().next()
        await items.async.find().toArray()
        for (let n = 0; n < 1000; n++) items.updateOne({ _id: n }, { $inc: { n: 1 } })
        // Lets the finalizers of forgotten cursors run.
        await new Promise(resolve => setImmediate(resolve))
      }
    }
    await read(60)
    const before = used()
    await read(200)
    const after = used()
    console.log(JSON.stringify({ before, after, version: database.stats().versionBytes }))`,
    ''
  )
  expect([code, stderr]).toEqual([0, ''])
  const { before, after } = JSON.parse(stdout) as { before: number; after: number }
  expect(after - before).toBeLessThan(60)
})

test('forgotten_cursors_let_their_snapshots_go', { timeout: 60_000 }, async () => {
  const { stdout, stderr } = await runChild(
    `const database = open(':memory:')
    const items = database.collection('items')
    items.insertMany(Array.from({ length: 10_000 }, (_, n) => ({ _id: n, n })))
    for (let round = 0; round < 50; round++) {
      items.find().next()
      await items.async.find().next()
      items.updateMany({ n: { $lt: 1e9 } }, { $inc: { n: 1 } })
    }
    for (let turn = 0; turn < 20; turn++) { gc(); await new Promise(resolve => setTimeout(resolve, 5)) }
    items.updateOne({ _id: 1 }, { $inc: { n: 1 } })
    items.updateMany({}, { $inc: { n: 1 } })
    console.log(database.stats().versionBytes)`,
    ''
  )
  expect(stderr).toBe('')
  expect(Number(stdout)).toBeLessThan(2 << 20)
})
