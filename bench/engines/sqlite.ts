// better-sqlite3 with a write-ahead log, at each setting of `synchronous`; how documents lie in it is told in sql.ts.
// `pluck` gives first columns without objects around them, which is what its documentation advises.

import Database from 'better-sqlite3'
import { CACHE_BYTES, type Engine, SMALL_CACHE_BYTES, type Survives } from '../engine.ts'
import { type Bound, indexedSqlSession, JSON_ALONE, type SqlDatabase, sqlSession, WITH_COLUMNS } from './sql.ts'

function open(path: string): SqlDatabase {
  const database = new Database(`${path}/data.sqlite`)
  const plucked = <Value>(statement: string) => database.prepare<Bound[], Value>(statement).pluck()
  return {
    execute: statements => void database.exec(statements),
    change(text) {
      const statement = database.prepare<Bound[]>(text)
      return statement.run.bind(statement)
    },
    one<Value>(text: string) {
      const statement = plucked<Value>(text)
      return statement.get.bind(statement)
    },
    all<Value>(text: string) {
      const statement = plucked<Value>(text)
      return statement.all.bind(statement)
    },
    each<Value>(text: string) {
      const statement = plucked<Value>(text)
      return statement.iterate.bind(statement)
    },
    rows<Row>(text: string) {
      const statement = database.prepare<Bound[], Row>(text)
      return statement.all.bind(statement)
    },
    atomic: work => database.transaction(work),
    close: () => void database.close()
  }
}

function engine(synchronous: string, survives: Survives, layout = WITH_COLUMNS, cacheBytes = CACHE_BYTES): Engine {
  const settings = { synchronous, cacheBytes }
  const notes = [
    ...(layout === JSON_ALONE ? [', JSON alone'] : []),
    ...(cacheBytes === CACHE_BYTES ? [] : [`, ${cacheBytes >> 20} MiB cache`])
  ]
  return {
    title: `better-sqlite3 ${synchronous}${notes.join('')}`,
    survives,
    persistent: true,
    isShared: true,
    package: 'better-sqlite3',
    open: path => sqlSession(open(path), settings, layout),
    ...(layout === WITH_COLUMNS ? { openIndexed: path => indexedSqlSession(open(path), settings) } : {})
  }
}

export const sqliteOff = engine('OFF', 'process death')
export const sqliteJson = engine('OFF', 'process death', JSON_ALONE)
export const sqliteNormal = engine('NORMAL', 'process death, synced later')
export const sqliteFull = engine('FULL', 'power cut')
export const sqliteSmall = engine('OFF', 'process death', WITH_COLUMNS, SMALL_CACHE_BYTES)
