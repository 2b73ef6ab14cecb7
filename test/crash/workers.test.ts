// Worker threads on one file: nothing lost, nothing torn, and every way to end one.
import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import type { Document } from '../../src/index.ts'
import { opened, temporaryPath } from '../unit/temporary.ts'
import { PACKAGE, runChild, startWorker } from './child.ts'

const WORKERS = 8
const DOCUMENTS = 1500

/** Resolves with what the worker posts first; rejects with its error. */
async function message(worker: Worker): Promise<unknown> {
  const [value] = (await Promise.race([
    once(worker, 'message'),
    once(worker, 'exit').then(([code]) => Promise.reject(new Error(`the worker exited with ${code}`)))
  ])) as [unknown]
  return value
}

test('eight_workers_write_and_read_one_file', { timeout: 120_000 }, async () => {
  const path = temporaryPath()
  const database = opened(path)
  database.collection<Document>('shared').insertOne({ _id: 'pair', left: 0, right: 0 })
  const workers = Array.from({ length: WORKERS }, (_, number) =>
    startWorker(
      `const { number, documents } = workerData
      const database = open(path)
      const [own, shared] = [database.collection('own' + number), database.collection('shared')]
      let torn = 0
      for (let n = 0; n < documents; n++) {
        const text = String(number).repeat(n % 300)
        shared.insertOne({ _id: number + '-' + n, number, n, text })
        own.insertOne({ _id: n, n, text })
        if (n % 10 === 0) shared.updateOne({ _id: 'pair' }, { $inc: { left: 1, right: 1 } })
        if (n % 25 === 0) database.transaction(transaction => {
          const pairs = transaction.collection('shared')
          pairs.updateOne({ _id: 'pair' }, { $inc: { left: 1 } })
          pairs.updateOne({ _id: 'pair' }, { $inc: { right: 1 } })
        }, { collections: ['shared'] })
        const pair = shared.get('pair')
        if (pair.left !== pair.right) torn++
        const back = shared.get(number + '-' + n)
        if (back?.n !== n || back.text !== text) torn++
        if (n % 100 === 0) {
          for (const item of shared.find({ number: { $exists: true } })) {
            if (item.text !== String(item.number).repeat(item.n % 300)) torn++
          }
        }
      }
      database.close()
      parentPort.postMessage(torn)`,
      path,
      { number, documents: DOCUMENTS }
    )
  )
  const torn = await Promise.all(workers.map(message))
  expect(torn).toEqual(new Array(WORKERS).fill(0))
  const shared = database.collection<{ _id: string; left?: number; right?: number }>('shared')
  expect(shared.countDocuments()).toBe(WORKERS * DOCUMENTS + 1)
  const increments = WORKERS * (DOCUMENTS / 10 + DOCUMENTS / 25)
  expect(shared.get('pair')).toEqual({ _id: 'pair', left: increments, right: increments })
  for (let number = 0; number < WORKERS; number++) {
    expect(database.collection(`own${number}`).countDocuments()).toBe(DOCUMENTS)
  }
  expect(await database.check()).toMatchObject({ isClean: true, problems: [] })
})

test('a_worker_reads_while_another_thread_holds_a_transaction', async () => {
  const path = temporaryPath()
  const database = opened(path)
  const items = database.collection<{ _id: string; n: number }>('items')
  items.insertOne({ _id: 'a', n: 1 })
  const transaction = database.begin({ collections: ['items'] })
  transaction.collection<{ _id: string; n: number }>('items').updateOne({ _id: 'a' }, { $set: { n: 2 } })
  const worker = startWorker(
    `const items = open(path, { lockWait: 30000 }).collection('items')
    parentPort.postMessage([items.get('a').n, items.find().toArray().length])
    items.updateOne({ _id: 'a' }, { $inc: { n: 10 } })
    parentPort.postMessage(items.get('a').n)`,
    path
  )
  expect(await message(worker)).toEqual([1, 1])
  transaction.commit()
  expect(await message(worker)).toBe(12)
})

test('a_worker_that_waits_too_long_gets_busy', async () => {
  const path = temporaryPath()
  const database = opened(path, { lockWait: 50 })
  const transaction = database.begin({ collections: ['items'] })
  const worker = startWorker(
    `try { open(path, { lockWait: 50 }).collection('items').insertOne({ n: 1 }) } catch (error) { parentPort.postMessage(error.code) }`,
    path
  )
  expect(await message(worker)).toBe('BUSY')
  transaction.rollback()
})

test('terminated_workers_leave_a_whole_file_and_no_lock', { timeout: 120_000 }, async () => {
  const path = temporaryPath()
  const database = opened(path)
  const items = database.collection<{ n: number }>('items')
  for (let round = 0; round < 40; round++) {
    const worker = startWorker(
      `const database = open(path)
      const items = database.collection('items')
      const tasks = []
      parentPort.postMessage('running')
      for (let n = 0; ; n++) {
        items.insertOne({ n, text: 'x'.repeat(n % 500) })
        if (workerData % 4 === 1) tasks.push(items.async.insertOne({ n }), items.async.find().toArray(), database.sync())
        if (workerData % 4 === 2) database.transaction(transaction => transaction.collection('items').insertOne({ n }))
        if (workerData % 4 === 3 && n === 50) {
          globalThis.held = [database.begin({ collections: ['items'] }), items.find()]
          held[1].next()
          for (;;) items.countDocuments({ n: 5 })
        }
        if (n % 64 === 0) await new Promise(resolve => setImmediate(resolve))
      }`,
      path,
      round
    )
    await message(worker)
    await new Promise(resolve => setTimeout(resolve, (round * 7) % 40))
    await worker.terminate()
    items.insertOne({ n: -1 })
  }
  expect(items.countDocuments({ n: -1 })).toBe(40)
  expect(await database.check()).toMatchObject({ isClean: true })
})

test('a_process_exits_while_its_workers_work', { timeout: 60_000 }, async () => {
  for (const end of ['process.exit(0)', 'await Promise.all(workers.map(worker => worker.terminate()))']) {
    const path = temporaryPath()
    const result = await runChild(
      `const { Worker } = await import('node:worker_threads')
      const source = 'import { open } from ' + JSON.stringify('${PACKAGE}') + \`
        import { parentPort, workerData } from 'node:worker_threads'
        const items = open(workerData).collection('items')
        parentPort.postMessage('running')
        for (let n = 0; ; n++) { items.put({ _id: n % 1000, n }); items.async.countDocuments({ n: 3 }).catch(() => {}); if (n % 50 === 0) await new Promise(resolve => setImmediate(resolve)) }\`
      const database = open(path)
      const workers = Array.from({ length: 4 }, () => new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)), { workerData: path }))
      await Promise.all(workers.map(worker => new Promise(resolve => worker.once('message', resolve))))
      database.collection('items').insertOne({ n: -1 })
      ${end}`,
      path
    )
    expect(result).toMatchObject({ code: 0, signal: null, stderr: '' })
    const database = opened(path)
    expect(database.collection<{ n: number }>('items').countDocuments({ n: -1 })).toBe(1)
    expect(await database.check()).toMatchObject({ isClean: true })
  }
})
