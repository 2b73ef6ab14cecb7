// better-sqlite3 with a write-ahead log: documents as JSON text under their id, and the two filtered fields as columns
// before it, so that SQLite filters by itself and only matches are decoded. Statements are prepared once.
// JSON and not MessagePack, and a rowid table and not WITHOUT ROWID, because both were measured and these were faster:
// text costs this binding less than blobs, and SQLite can change a field of JSON in place.
// And once more without the columns, as who has no schema uses it: JSON text alone, which filters look into.

import Database from 'better-sqlite3'
import { type BenchDocument, FILTER } from '../documents.ts'
import type { CityGroup, Engine, IndexedSession, Session, Survives } from '../engine.ts'

/** How documents lie in the table. */
interface Layout {
  columns: string
  /** Indexes of the table, where it has any. */
  indexes?: string
  /** How SQLite finds a document's age and city. */
  age: string
  city: string
  /** How its age is changed: statement and what it takes. */
  update: string
  change(id: string, age: number): (string | number)[]
  /** The values of a row. */
  row(document: BenchDocument): (string | number)[]
}

const WITH_COLUMNS: Layout = {
  columns: 'age INTEGER NOT NULL, city TEXT NOT NULL, body TEXT NOT NULL',
  age: 'age',
  city: 'city',
  update: `UPDATE documents SET age = ?, body = json_set(body, '$.age', ?) WHERE id = ?`,
  change: (id, age) => [age, age, id],
  row: document => [document._id, document.age, document.city, JSON.stringify(document)]
}

/** With what the indexes are of as columns, too. */
const INDEXED: Layout = {
  ...WITH_COLUMNS,
  columns: `${WITH_COLUMNS.columns}, team TEXT NOT NULL, created_at INTEGER NOT NULL`,
  indexes: `CREATE INDEX IF NOT EXISTS by_team ON documents (team);
    CREATE INDEX IF NOT EXISTS by_created_at ON documents (created_at)`,
  row: document => [...WITH_COLUMNS.row(document), document.team, document.createdAt]
}

const JSON_ALONE: Layout = {
  columns: 'body TEXT NOT NULL',
  age: `json_extract(body, '$.age')`,
  city: `json_extract(body, '$.city')`,
  update: `UPDATE documents SET body = json_set(body, '$.age', ?) WHERE id = ?`,
  change: (id, age) => [age, id],
  row: document => [document._id, JSON.stringify(document)]
}

function openDatabase(path: string, synchronous: string, layout: Layout): Database.Database {
  const database = new Database(`${path}/data.sqlite`)
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${synchronous}`)
  database.pragma('cache_size = -262144')
  database.exec(`CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, ${layout.columns})`)
  if (layout.indexes !== undefined) database.exec(layout.indexes)
  return database
}

function openIndexedSession(path: string, synchronous: string): IndexedSession {
  const database = openDatabase(path, synchronous, INDEXED)
  const team = database.prepare<[string], string>('SELECT body FROM documents WHERE team = ?').pluck()
  const since = database
    .prepare<[number, number], string>('SELECT body FROM documents WHERE created_at >= ? ORDER BY created_at LIMIT ?')
    .pluck()
  return {
    ...sessionOf(database, INDEXED),
    findTeam: name => team.all(name).map(body => JSON.parse(body)),
    findSince: (from, count) => since.all(from, count).map(body => JSON.parse(body))
  }
}

function sessionOf(database: Database.Database, layout: Layout): Session {
  const { age, city } = layout
  const columnsCount = layout.columns.split(',').length
  const insert = database.prepare<(string | number)[]>(`INSERT INTO documents VALUES (?${', ?'.repeat(columnsCount)})`)
  const get = database.prepare<[string], string>('SELECT body FROM documents WHERE id = ?').pluck()
  const scan = database.prepare<[], string>('SELECT body FROM documents').pluck()
  const passing = `FROM documents WHERE ${age} > ? AND ${city} = ?`
  const filter = database.prepare<[number, string], string>(`SELECT body ${passing}`).pluck()
  const count = database.prepare<[number, string], number>(`SELECT count(*) ${passing}`).pluck()
  const group = database.prepare<[], CityGroup>(
    `SELECT ${city} AS city, count(*) AS count, avg(${age}) AS age FROM documents GROUP BY 1`
  )
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
    count: () => count.get(FILTER.ageAbove, FILTER.city) ?? 0,
    group: () => group.all(),
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
    open: path => sessionOf(openDatabase(path, synchronous, layout), layout),
    ...(layout === WITH_COLUMNS ? { openIndexed: path => openIndexedSession(path, synchronous) } : {})
  }
}

export const sqliteOff = engine('OFF', 'process death')
export const sqliteJson = engine('OFF', 'process death', JSON_ALONE)
export const sqliteNormal = engine('NORMAL', 'process death, synced later')
export const sqliteFull = engine('FULL', 'power cut')
