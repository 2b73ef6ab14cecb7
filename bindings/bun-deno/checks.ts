// What depends on the runtime and not on the engine: workers, promises, change streams, memory that is collected.
//
// Promises: each check makes its own database in `directory` and rejects with what is wrong. Leaves to others: what
// documents and queries do (test/conformance).

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { open, QuireError } from 'quiredb'

const WORKERS = 3
const DOCUMENTS_EACH = 500

/** The checks, by the rules that they prove. */
export const CHECKS: { readonly [rule: string]: (directory: string) => Promise<void> } = {
  async workers_share_one_file(directory) {
    const path = join(directory, 'shared.quire')
    const db = open(path)
    const workers = Array.from({ length: WORKERS }, (_, number) => {
      const workerData = { path, number, count: DOCUMENTS_EACH }
      return new Worker(new URL('worker.ts', import.meta.url), { workerData })
    })
    await Promise.all(
      workers.map(worker => new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject)))
    )
    assert.equal(db.collection('a').countDocuments(), WORKERS * DOCUMENTS_EACH)
    for (let number = 0; number < WORKERS; number++) {
      assert.equal(db.collection('a').countDocuments({ number }), DOCUMENTS_EACH)
    }
    db.close()
  },

  async promises_resolve_off_the_event_loop(directory) {
    const db = open(join(directory, 'async.quire'))
    const things = db.collection<{ _id: number; even: boolean }>('a')
    const documents = Array.from({ length: 5_000 }, (_, _id) => ({ _id, even: _id % 2 === 0 }))
    await things.async.insertMany(documents)
    const [count, found] = await Promise.all([
      things.async.countDocuments({ even: true }),
      things.async.find({ even: false }).toArray()
    ])
    assert.deepEqual([count, found.length], [2_500, 2_500])
    await assert.rejects(things.async.insertOne({ _id: 1, even: false }), { code: 'DUPLICATE_ID' })
    await db.sync()
    db.close()
  },

  async changes_come_as_they_are_committed() {
    using db = open(':memory:')
    const things = db.collection<{ _id: number }>('a')
    using changes = things.watch()
    const documents = [{ _id: 1 }, { _id: 2 }, { _id: 3 }]
    setTimeout(() => db.transaction(transaction => transaction.collection('a').insertMany(documents)))
    const seen: unknown[] = []
    for await (const change of changes) {
      seen.push(change.operationType, 'documentKey' in change ? change.documentKey._id : undefined)
      if (seen.length === 6) break
    }
    assert.deepEqual(seen, ['insert', 1, 'insert', 2, 'insert', 3])
  },

  async errors_have_their_class_and_code() {
    const db = open(':memory:')
    db.close()
    assert.throws(
      () => db.collection('a').insertOne({}),
      error => error instanceof QuireError && error instanceof Error && error.code === 'CLOSED'
    )
  },

  async values_of_every_kind_come_back() {
    using db = open(':memory:')
    const document = {
      _id: 'ä€😀',
      date: new Date(-1),
      bytes: new Uint8Array([0, 255]),
      big: 2n ** 63n - 1n,
      nested: { list: [1, 2.5, -0, null, 'x'.repeat(70_000)] }
    }
    db.collection('a').insertOne(document)
    assert.deepEqual(db.collection('a').get(document._id), document)
  },

  async many_cursors_may_be_forgotten() {
    using db = open(':memory:')
    const things = db.collection<{ n: number }>('a')
    things.insertMany(Array.from({ length: 2_000 }, (_, n) => ({ n })))
    for (let round = 0; round < 2_000; round++) {
      const cursor = things.find({})
      assert.equal(cursor.next()?.n, 0)
    }
    assert.equal(things.find({}).toArray().length, 2_000)
  }
}
