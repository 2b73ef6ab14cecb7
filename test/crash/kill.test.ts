// A real writer process, killed: no acknowledged write is lost, and the file is whole.
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { temporaryPath } from '../unit/temporary.ts'
import { ended, startChild } from './child.ts'

const ROUNDS = 20
/** Acknowledged writes after which a round's writer is killed: a different moment in every round. */
const acknowledgedBeforeKill = (round: number) => 50 + ((round * 7919) % 1500)

/** Inserts, replaces and deletes for ever; says each write on stdout once it was acknowledged. */
const WRITER = `
const { writeSync } = await import('node:fs')
const database = open(path, { checkpointLogSize: 1 << 20, log: process.argv[2] })
const items = database.collection('items')
const first = (items.get('last')?.n ?? 0) + 1
for (let n = first; ; n++) {
  // The last write of the round before may be there, although it was never acknowledged.
  if (n > first || !items.has(n)) items.insertOne({ _id: n, n, text: 'x'.repeat(n % 700) })
  if (n % 10 === 0) items.delete(n - 5)
  database.transaction(transaction => {
    transaction.collection('left').put({ _id: 'n', n })
    transaction.collection('right').put({ _id: 'n', n })
    transaction.collection('items').put({ _id: 'last', n })
  })
  writeSync(1, n + '\\n')
}`

test('no_acknowledged_write_is_lost_when_the_writer_is_killed', { timeout: 300_000 }, async () => {
  const path = temporaryPath()
  let most = 0
  for (let round = 0; round < ROUNDS; round++) {
    const child = startChild(WRITER, path, [round % 2 === 0 ? 'mapped' : 'write'])
    let rest = ''
    let count = 0
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      count += lines.length
      most = Math.max(most, Number(lines.at(-1) ?? 0))
      if (count >= acknowledgedBeforeKill(round)) child.kill('SIGKILL')
    })
    const { signal, stderr } = await ended(child)
    expect([round, signal, stderr]).toEqual([round, 'SIGKILL', ''])
    const database = open(path)
    const items = database.collection<{ _id: number | string; n: number; text?: string }>('items')
    expect(await database.check()).toMatchObject({ isClean: true })
    const last = items.get('last')?.n ?? 0
    expect(last).toBeGreaterThanOrEqual(most)
    expect([
      database.collection('left').get('n')?.['n' as never],
      database.collection('right').get('n')?.['n' as never]
    ]).toEqual([last, last])
    for (let n = 1; n <= last; n++) {
      const isDeleted = n % 10 === 5 && n + 5 <= last
      const found = items.get(n)
      // Its deletion may have happened, although it was never acknowledged.
      if (n % 10 === 5 && n + 5 === last + 1 && found === undefined) continue
      if (isDeleted ? found !== undefined : found?.n !== n || found.text?.length !== n % 700) {
        throw new Error(`round ${round}: document ${n} of ${last} is ${JSON.stringify(found)}`)
      }
    }
    database.close()
  }
  expect(most).toBeGreaterThan(ROUNDS * 50)
})

test('a_transaction_that_was_open_when_its_process_died_left_nothing', { timeout: 60_000 }, async () => {
  const path = temporaryPath()
  const child = startChild(
    `const database = open(path)
    database.collection('items').insertOne({ _id: 'before' })
    const transaction = database.begin()
    for (let n = 0; n < 5000; n++) transaction.collection('items').insertOne({ _id: n })
    transaction.collection('other').insertOne({ _id: 'x' })
    await database.sync()
    console.log('open')
    setInterval(() => {}, 1000)`,
    path
  )
  child.stdout?.once('data', () => child.kill('SIGKILL'))
  expect((await ended(child)).signal).toBe('SIGKILL')
  const database = open(path)
  expect(database.collection('items').find().toArray()).toEqual([{ _id: 'before' }])
  expect(database.listCollections().map(collection => collection.name)).toEqual(['items'])
  database.close()
})
