// lmdb-js, used as its documentation advises: shared record structures, synchronous transactions for batches.
// noSync leaves the sync to the system (a process may die, a machine may not); the other syncs every commit, without
// the overlapping that would return before it.

import { open } from 'lmdb'
import { type BenchDocument, passes } from '../documents.ts'
import type { Engine, Session } from '../engine.ts'

function openSession(path: string, noSync: boolean): Session {
  const database = open<BenchDocument, string>({
    path: `${path}/data.mdb`,
    noSync,
    overlappingSync: false,
    sharedStructuresKey: Symbol.for('structures')
  })
  return {
    insertMany: documents =>
      database.transactionSync(() => {
        for (const document of documents) database.putSync(document._id, document)
      }),
    insert: document => void database.putSync(document._id, document),
    get: id => database.get(id),
    scan() {
      let count = 0
      let ages = 0
      for (const { key, value } of database.getRange()) {
        if (typeof key !== 'string') continue
        count++
        ages += value.age
      }
      return { count, ages }
    },
    filter() {
      const found = []
      for (const { key, value } of database.getRange()) {
        if (typeof key === 'string' && passes(value)) found.push(value)
      }
      return found.length
    },
    setAge(id, age) {
      const document = database.get(id)
      if (document !== undefined) database.putSync(id, { ...document, age })
    },
    delete: id => void database.removeSync(id),
    close: () => void database.close()
  }
}

export const lmdbNoSync: Engine = {
  title: 'lmdb noSync',
  survives: 'process death',
  persistent: true,
  package: 'lmdb',
  open: path => openSession(path, true)
}

export const lmdbSync: Engine = {
  title: 'lmdb sync',
  survives: 'power cut',
  persistent: true,
  package: 'lmdb',
  open: path => openSession(path, false)
}
