// lmdb-js, used as its documentation advises: shared record structures, synchronous transactions for batches.
// noSync leaves the sync to the system (a process may die, a machine may not); the other syncs every commit, without
// the overlapping that would return before it.

import { type Database, open } from 'lmdb'
import { type BenchDocument, groupByCity, passes } from '../documents.ts'
import type { Engine, IndexedSession, Session } from '../engine.ts'

function openSession(path: string, noSync: boolean): Session {
  return sessionOf(openRoot(path, noSync, STRUCTURES), [])
}

/** An index: a database of its own, from the value to the ids of its documents. */
interface Index {
  database: Database<string, string | number>
  keyOf: (document: BenchDocument) => string | number
}

const STRUCTURES = { sharedStructuresKey: Symbol.for('structures') }

function openRoot(path: string, noSync: boolean, options = {}) {
  return open<BenchDocument, string>({ path: `${path}/data.mdb`, noSync, overlappingSync: false, ...options })
}

function openIndexedSession(path: string, noSync: boolean): IndexedSession {
  const root = openRoot(path, noSync)
  const indexOf = (name: string) =>
    root.openDB<string, string | number>({ name, dupSort: true, encoding: 'ordered-binary' })
  const database = root.openDB<BenchDocument, string>({ name: 'documents', ...STRUCTURES })
  const teams: Index = { database: indexOf('team'), keyOf: ({ team }) => team }
  const times: Index = { database: indexOf('createdAt'), keyOf: ({ createdAt }) => createdAt }
  const found = (id: string) => database.get(id) as BenchDocument
  return {
    ...sessionOf(database, [teams, times]),
    findTeam: team => [...teams.database.getValues(team)].map(found),
    findSince: (from, limit) => [...times.database.getRange({ start: from, limit })].map(({ value }) => found(value)),
    close: () => void root.close()
  }
}

function sessionOf(database: Database<BenchDocument, string>, indexes: Index[]): Session {
  const put = (document: BenchDocument) => {
    database.putSync(document._id, document)
    for (const { database, keyOf } of indexes) database.putSync(keyOf(document), document._id)
  }
  /** The decoded documents, without the record structures that are kept among them. */
  function* decoded(): Iterable<BenchDocument> {
    for (const { key, value } of database.getRange()) {
      if (typeof key === 'string') yield value
    }
  }
  const filter = () => {
    const found = []
    for (const document of decoded()) if (passes(document)) found.push(document)
    return found.length
  }
  return {
    insertMany: documents =>
      database.transactionSync(() => {
        for (const document of documents) put(document)
      }),
    insert: document => (indexes.length === 0 ? put(document) : database.transactionSync(() => put(document))),
    get: id => database.get(id),
    scan() {
      let count = 0
      let ages = 0
      for (const { age } of decoded()) {
        count++
        ages += age
      }
      return { count, ages }
    },
    filter,
    count: filter,
    group: () => groupByCity(decoded()),
    setAge(id, age) {
      const document = database.get(id)
      if (document !== undefined) database.putSync(id, { ...document, age })
    },
    delete(id) {
      const document = indexes.length === 0 ? undefined : database.get(id)
      database.removeSync(id)
      if (document !== undefined) for (const { database, keyOf } of indexes) database.removeSync(keyOf(document), id)
    },
    close: () => void database.close()
  }
}

export const lmdbNoSync: Engine = {
  title: 'lmdb noSync',
  survives: 'process death',
  persistent: true,
  isShared: true,
  package: 'lmdb',
  open: path => openSession(path, true),
  openIndexed: path => openIndexedSession(path, true)
}

export const lmdbSync: Engine = {
  title: 'lmdb sync',
  survives: 'power cut',
  persistent: true,
  isShared: true,
  package: 'lmdb',
  open: path => openSession(path, false),
  openIndexed: path => openIndexedSession(path, false)
}
