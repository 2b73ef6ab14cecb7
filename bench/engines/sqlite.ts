// better-sqlite3 with a write-ahead log: documents as JSON text under their id, and the two filtered fields as columns
// before it, so that SQLite filters by itself and only matches are decoded. Statements are prepared once.
// JSON and not MessagePack, and a rowid table and not WITHOUT ROWID, because both were measured and these were faster:
// text costs this binding less than blobs, and SQLite can change a field of JSON in place.
// And once more without the columns, as who has no schema uses it: JSON text alone, which filters look into.

import Database from 'better-sqlite3'
import { type BenchDocument, FILTER } from '../documents.ts'
import type { Engine, Session, Survives } from '../engine.ts'

/** How documents lie in the table, and the statements that differ by it. */
interface Layout {
  columns: string
  insert: string
  filter: string
  update: string
  /** What `insert` takes. */
  row(document: BenchDocument): (string | number)[]
  /** What `update` takes. */
  change(id: string, age: number): (string | number)[]
}

const WITH_COLUMNS: Layout = {
  columns: 'age INTEGER NOT NULL, city TEXT NOT NULL, body TEXT NOT NULL',
  insert: 'INSERT INTO documents VALUES (?, ?, ?, ?)',
  filter: 'SELECT body FROM documents WHERE age > ? AND city = ?',
  update: `UPDATE documents SET age = ?, body = json_set(body, '$.age', ?) WHERE id = ?`,
  row: document => [document._id, document.age, document.city, JSON.stringify(document)],
  change: (id, age) => [age, age, id]
}

const JSON_ALONE: Layout = {
  columns: 'body TEXT NOT NULL',
  insert: 'INSERT INTO documents VALUES (?, ?)',
  filter: `SELECT body FROM documents WHERE json_extract(body, '$.age') > ? AND json_extract(body, '$.city') = ?`,
  update: `UPDATE documents SET body = json_set(body, '$.age', ?) WHERE id = ?`,
  row: document => [document._id, JSON.stringify(document)],
  change: (id, age) => [age, id]
}

function openSession(path: string, synchronous: string, layout: Layout): Session {
  const database = new Database(`${path}/data.sqlite`)
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${synchronous}`)
  database.pragma('cache_size = -262144')
  database.exec(`CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, ${layout.columns})`)
  const insert = database.prepare<(string | number)[]>(layout.insert)
  const get = database.prepare<[string], string>('SELECT body FROM documents WHERE id = ?').pluck()
  const scan = database.prepare<[], string>('SELECT body FROM documents').pluck()
  const filter = database.prepare<[number, string], string>(layout.filter).pluck()
  const update = database.prepare<(string | number)[]>(layout.update)
  const remove = database.prepare<[string]>('DELETE FROM documents WHERE id = ?')
  const insertOne = (document: BenchDocument) => void insert.run(...layout.row(document))
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
    setAge: (id, age) => void update.run(...layout.change(id, age)),
    delete: id => void remove.run(id),
    close: () => void database.close()
  }
}

function engine(synchronous: string, survives: Survives, layout = WITH_COLUMNS): Engine {
  return {
    title: `better-sqlite3 ${synchronous}${layout === JSON_ALONE ? ', JSON alone' : ''}`,
    survives,
    persistent: true,
    package: 'better-sqlite3',
    open: path => openSession(path, synchronous, layout)
  }
}

export const sqliteOff = engine('OFF', 'process death')
export const sqliteJson = engine('OFF', 'process death', JSON_ALONE)
export const sqliteNormal = engine('NORMAL', 'process death, synced later')
export const sqliteFull = engine('FULL', 'power cut')
