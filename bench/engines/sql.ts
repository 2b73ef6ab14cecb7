// SQLite as a store of documents, whichever binding calls it: documents as JSON text under their id, and the two filtered
// fields as columns before it, so that SQLite filters by itself and only matches are decoded. Statements are prepared once.
// JSON and not MessagePack, and a rowid table and not WITHOUT ROWID, because both were measured and these were faster:
// text costs a binding less than blobs, and SQLite can change a field of JSON in place.
// And once more without the columns, as who has no schema uses it: JSON text alone, which filters look into.
// Leaves to others: what a binding's calls are named (sqlite.ts, node-sqlite.ts).

import { type BenchDocument, FILTER } from '../documents.ts'
import type { CityGroup, IndexedSession, Session } from '../engine.ts'

/** A value that is bound to a statement. */
export type Bound = string | number

/** An open database of a binding: each call prepares a statement and gives the function that runs it. */
export interface SqlDatabase {
  /** Runs statements that give nothing. */
  execute(statements: string): void
  /** A statement that changes rows. */
  change(statement: string): (...values: Bound[]) => unknown
  /** The first column of the first row. */
  one<Value>(statement: string): (...values: Bound[]) => Value | undefined
  /** The first column of every row. */
  all<Value>(statement: string): (...values: Bound[]) => Value[]
  /** As `all`, row by row. */
  each<Value>(statement: string): (...values: Bound[]) => Iterable<Value>
  /** Every row as an object. */
  rows<Row>(statement: string): (...values: Bound[]) => Row[]
  /** The same work as one transaction. */
  atomic<Value>(work: (value: Value) => void): (value: Value) => void
  close(): void
}

/** How documents lie in the table. */
export interface Layout {
  columns: string
  /** Indexes of the table, where it has any. */
  indexes?: string
  /** How SQLite finds a document's age and city. */
  age: string
  city: string
  /** How its age is changed: statement and what it takes. */
  update: string
  change(id: string, age: number): Bound[]
  /** The values of a row. */
  row(document: BenchDocument): Bound[]
}

export const WITH_COLUMNS: Layout = {
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

export const JSON_ALONE: Layout = {
  columns: 'body TEXT NOT NULL',
  age: `json_extract(body, '$.age')`,
  city: `json_extract(body, '$.city')`,
  update: `UPDATE documents SET body = json_set(body, '$.age', ?) WHERE id = ?`,
  change: (id, age) => [age, id],
  row: document => [document._id, JSON.stringify(document)]
}

/** How long a thread waits for the lock of another one, as better-sqlite3 does by itself. */
const LOCK_WAIT_MS = 5_000

/** How a database is opened. */
export interface Settings {
  synchronous: string
  cacheBytes: number
}

function prepare(database: SqlDatabase, settings: Settings, layout: Layout): void {
  const { synchronous, cacheBytes } = settings
  // A cache's size in KiB is negative, for positive ones are pages.
  const cacheSize = -Math.round(cacheBytes / 1_024)
  database.execute(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`)
  database.execute(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA cache_size = ${cacheSize}`)
  database.execute(`CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, ${layout.columns})`)
  if (layout.indexes !== undefined) database.execute(layout.indexes)
}

const parsed = (bodies: string[]): BenchDocument[] => bodies.map(body => JSON.parse(body))

/** A session of a database that was just opened, with documents laid out by `layout`. */
export function sqlSession(database: SqlDatabase, settings: Settings, layout: Layout): Session {
  prepare(database, settings, layout)
  const { age, city } = layout
  const columnsCount = layout.columns.split(',').length
  const insert = database.change(`INSERT INTO documents VALUES (?${', ?'.repeat(columnsCount)})`)
  const get = database.one<string>('SELECT body FROM documents WHERE id = ?')
  const scan = database.each<string>('SELECT body FROM documents')
  const passing = `FROM documents WHERE ${age} > ? AND ${city} = ?`
  const filter = database.all<string>(`SELECT body ${passing}`)
  const count = database.one<number>(`SELECT count(*) ${passing}`)
  const group = database.rows<CityGroup>(
    `SELECT ${city} AS city, count(*) AS count, avg(${age}) AS age FROM documents GROUP BY 1`
  )
  const update = database.change(layout.update)
  const remove = database.change('DELETE FROM documents WHERE id = ?')
  const insertOne = (document: BenchDocument) => void insert(...layout.row(document))
  return {
    insertMany: database.atomic<BenchDocument[]>(documents => {
      for (const document of documents) insertOne(document)
    }),
    insert: insertOne,
    get(id) {
      const body = get(id)
      return body === undefined ? undefined : JSON.parse(body)
    },
    scan() {
      let count = 0
      let ages = 0
      for (const body of scan()) {
        count++
        ages += (JSON.parse(body) as BenchDocument).age
      }
      return { count, ages }
    },
    filter: () => parsed(filter(FILTER.ageAbove, FILTER.city)).length,
    count: () => count(FILTER.ageAbove, FILTER.city) ?? 0,
    group: () => group(),
    setAge: (id, age) => void update(...layout.change(id, age)),
    delete: id => void remove(id),
    close: () => database.close()
  }
}

/** As `sqlSession`, with columns for what the two indexes are of, and the indexes. */
export function indexedSqlSession(database: SqlDatabase, settings: Settings): IndexedSession {
  const session = sqlSession(database, settings, INDEXED)
  const team = database.all<string>('SELECT body FROM documents WHERE team = ?')
  const since = database.all<string>('SELECT body FROM documents WHERE created_at >= ? ORDER BY created_at LIMIT ?')
  return {
    ...session,
    findTeam: name => parsed(team(name)),
    findSince: (from, count) => parsed(since(from, count))
  }
}
