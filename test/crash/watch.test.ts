// Change streams beside worker threads, and at the end of workers and processes.
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { Document } from '../../src/index.ts'
import { opened, temporaryPath } from '../unit/temporary.ts'
import { runChild, startWorker } from './child.ts'

const WORKERS = 4
const COMMITS = 300

test('changes_of_worker_threads_are_told_whole_and_in_order', { timeout: 120_000 }, async () => {
  const path = temporaryPath()
  const database = opened(path)
  const stream = database.watch()
  const workers = Array.from({ length: WORKERS }, (_, number) =>
    startWorker(
      `const { number, commits } = workerData
      const database = open(path)
      for (let n = 0; n < commits; n++) {
        database.transaction(tx => {
          tx.collection('own' + number).insertOne({ n })
          tx.collection('shared').insertOne({ n, number })
        }, { collections: ['own' + number, 'shared'] })
      }
      database.close()`,
      path,
      { number, commits: COMMITS }
    )
  )
  // Listened for from the beginning: they may be done before their changes were read.
  const exits = workers.map(worker => once(worker, 'exit'))
  const next = Array.from({ length: WORKERS }, () => 0)
  let last = 0
  for (let count = 0; count < WORKERS * COMMITS; count++) {
    const [first, second] = [await stream.next(), await stream.next()]
    if (first?.operationType !== 'insert' || second?.operationType !== 'insert') throw new Error('no insert')
    expect([first.commit.index, second.commit.index, second.commit.isLast]).toEqual([0, 1, true])
    expect(second.commit.sequence).toBe(first.commit.sequence)
    expect(first.commit.sequence).toBeGreaterThan(last)
    last = first.commit.sequence
    const { n, number } = second.fullDocument as Document as { n: number; number: number }
    expect(n).toBe(next[number])
    next[number] = n + 1
  }
  expect(stream.tryNext()).toBeNull()
  await Promise.all(exits)
})

test('worker_that_waits_for_changes_can_be_terminated', { timeout: 60_000 }, async () => {
  const path = temporaryPath()
  const database = opened(path)
  for (let round = 0; round < 10; round++) {
    const worker = startWorker(
      `const database = open(path)
      const stream = database.watch()
      const live = database.collection('c').liveQuery()
      live.subscribe(() => {})
      parentPort.postMessage('ready')
      for await (const change of stream) parentPort.postMessage('change')`,
      path
    )
    await once(worker, 'message')
    database.collection<Document>('c').insertOne({ round })
    await once(worker, 'message')
    const writes = setImmediate(() => database.collection<Document>('c').insertOne({ round }))
    await worker.terminate()
    clearImmediate(writes)
    database.collection<Document>('c').insertOne({ round })
  }
})

test('open_streams_do_not_keep_a_process_and_a_waiting_loop_does', { timeout: 60_000 }, async () => {
  const idle = await runChild(
    `const database = open(path)
    database.watch()
    database.collection('c').liveQuery().subscribe(() => {})
    database.collection('c').insertOne({})
    console.log('done')`,
    temporaryPath()
  )
  expect(idle).toMatchObject({ code: 0, signal: null, stdout: 'done\n', stderr: '' })
  const waiting = await runChild(
    `const database = open(path)
    setTimeout(() => database.collection('c').insertOne({ _id: 1 }), 50).unref()
    for await (const { documentKey } of database.watch()) {
      console.log(documentKey._id)
      break
    }`,
    temporaryPath()
  )
  expect(waiting).toMatchObject({ code: 0, signal: null, stdout: '1\n', stderr: '' })
  const exiting = await runChild(
    `const database = open(path)
    database.watch().next()
    setImmediate(() => process.exit(7))`,
    temporaryPath()
  )
  expect(exiting).toMatchObject({ code: 7, signal: null, stderr: '' })
})
