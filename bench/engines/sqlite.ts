// better-sqlite3 with a write-ahead log: documents as JSON text under their id, and the two filtered fields as columns
// before it, so that SQLite filters by itself and only matches are decoded. Statements are prepared once.
// JSON and not MessagePack, and a rowid table and not WITHOUT ROWID, because both were measured and these were faster:
// text costs this binding less than blobs, and SQLite can change a field of JSON in place.

import Database from 'better-sqlite3'
import { type BenchDocument, FILTER } from '../documents.ts'
import type { Engine, Session, Survives } from '../engine.ts'

const SCHEMA = `CREATE TABLE IF NOT EXISTS documents (
  id TEXT PRIMARY KEY, age INTEGER NOT NULL, city TEXT NOT NULL, body TEXT NOT NULL)`

function openSession(path: string, synchronous: string): Session {
  const database = new Database(`${path}/data.sqlite`)
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${synchronous}`)
  database.pragma('cache_size = -262144')
  database.exec(SCHEMA)
  const insert = database.prepare<[string, number, string, string]>('INSERT INTO documents VALUES (?, ?, ?, ?)')
  const get = database.prepare<[string], string>('SELECT body FROM documents WHERE id = ?').pluck()
  const scan = database.prepare<[], string>('SELECT body FROM documents').pluck()
  const filter = database
    .prepare<[number, string], string>('SELECT body FROM documents WHERE age > ? AND city = ?')
    .pluck()
  const update = database.prepare<[number, number, string]>(
    `UPDATE documents SET age = ?, body = json_set(body, '$.age', ?) WHERE id = ?`
  )
  const remove = database.prepare<[string]>('DELETE FROM documents WHERE id = ?')
  const insertOne = (document: BenchDocument) =>
    void insert.run(document._id, document.age, document.city, JSON.stringify(document))
  return {
    insertMany: database.transaction((documents: BenchDocument[]) => {
      for (const document of documents) insertOne(document)
    }),
    insert: insertOne,
    get(id) {
      const body = get.get(id)
      return body === undefined ? undefined : JSON.parse(body)
    },
    scan() {
      let count = 0
      let ages = 0
      for (const body of scan.iterate()) {
        count++
        ages += (JSON.parse(body) as BenchDocument).age
      }
      return { count, ages }
    },
    filter: () => filter.all(FILTER.ageAbove, FILTER.city).map(body => JSON.parse(body)).length,
    setAge: (id, age) => void update.run(age, age, id),
    delete: id => void remove.run(id),
    close: () => void database.close()
  }
}

function engine(synchronous: string, survives: Survives): Engine {
  return {
    title: `better-sqlite3 ${synchronous}`,
    survives,
    persistent: true,
    package: 'better-sqlite3',
    open: path => openSession(path, synchronous)
  }
}

export const sqliteOff = engine('OFF', 'process death')
export const sqliteNormal = engine('NORMAL', 'process death, synced later')
export const sqliteFull = engine('FULL', 'power cut')
