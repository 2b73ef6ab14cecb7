// The SQLite that comes with Node from 22.5 on; how documents lie in it is told in sql.ts.
// It has neither first columns alone nor transactions of its own: both are made here of what there is.

import { DatabaseSync } from 'node:sqlite'
import { CACHE_BYTES, type Engine, type Survives } from '../engine.ts'
import { indexedSqlSession, type SqlDatabase, sqlSession, WITH_COLUMNS } from './sql.ts'

const firstColumn = (row: object) => Object.values(row)[0]

function open(path: string): SqlDatabase {
  const database = new DatabaseSync(`${path}/data.sqlite`)
  return {
    execute: statements => database.exec(statements),
    change(text) {
      const statement = database.prepare(text)
      return statement.run.bind(statement)
    },
    one<Value>(text: string) {
      const statement = database.prepare(text)
      return (...values) => {
        const row = statement.get(...values)
        return row === undefined ? undefined : (firstColumn(row) as Value)
      }
    },
    all<Value>(text: string) {
      const statement = database.prepare(text)
      return (...values) => statement.all(...values).map(firstColumn) as Value[]
    },
    each<Value>(text: string) {
      const statement = database.prepare(text)
      return function* (...values): Iterable<Value> {
        for (const row of statement.iterate(...values)) yield firstColumn(row) as Value
      }
    },
    rows<Row>(text: string) {
      const statement = database.prepare(text)
      return (...values) => statement.all(...values) as Row[]
    },
    atomic: work => value => {
      database.exec('BEGIN')
      try {
        work(value)
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close()
  }
}

function engine(synchronous: string, survives: Survives): Engine {
  const settings = { synchronous, cacheBytes: CACHE_BYTES }
  return {
    title: `node:sqlite ${synchronous}`,
    survives,
    persistent: true,
    isShared: true,
    open: path => sqlSession(open(path), settings, WITH_COLUMNS),
    openIndexed: path => indexedSqlSession(open(path), settings)
  }
}

export const nodeSqliteOff = engine('OFF', 'process death')
export const nodeSqliteNormal = engine('NORMAL', 'process death, synced later')
export const nodeSqliteFull = engine('FULL', 'power cut')
