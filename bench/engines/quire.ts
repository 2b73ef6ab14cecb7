// QuireDB as built in dist/, at each of its durabilities.
// The path is written out, because inside bench/ (a package of its own) the name `quiredb` leads nowhere.

import type * as Quire from '../../dist/index.js'
import { type BenchDocument, FILTER } from '../documents.ts'
import { type Engine, type IndexedSession, SMALL_CACHE_BYTES, type Survives } from '../engine.ts'

const { open } = (await import(new URL('../../../dist/index.js', import.meta.url).href)) as typeof Quire

const FILTER_DOCUMENT = { age: { $gt: FILTER.ageAbove }, city: FILTER.city }

function openSession(path: string, options: Quire.OpenOptions, isIndexed: boolean): IndexedSession {
  const database = open(`${path}/data.quire`, options)
  const documents = database.collection<BenchDocument>('documents')
  if (isIndexed) {
    documents.createIndex({ team: 1 })
    documents.createIndex({ createdAt: 1 })
  }
  return {
    insertMany: batch => void documents.insertMany(batch),
    insert: document => void documents.insertOne(document),
    get: id => documents.get(id),
    scan() {
      let count = 0
      let ages = 0
      for (const document of documents.find({})) {
        count++
        ages += document.age
      }
      return { count, ages }
    },
    filter: () => documents.find(FILTER_DOCUMENT).toArray().length,
    count: () => documents.countDocuments(FILTER_DOCUMENT),
    group: () =>
      documents
        .aggregate<{ _id: string; count: number; age: number }>([
          { $group: { _id: '$city', count: { $sum: 1 }, age: { $avg: '$age' } } }
        ])
        .toArray()
        .map(({ _id, count, age }) => ({ city: _id, count, age })),
    findTeam: team => documents.find({ team }).toArray(),
    findSince: (from, count) =>
      documents
        .find({ createdAt: { $gte: from } })
        .sort({ createdAt: 1 })
        .limit(count)
        .toArray(),
    setAge: (id, age) => void documents.updateOne({ _id: id }, { $set: { age } }),
    delete: id => void documents.delete(id),
    close: () => database.close()
  }
}

function engine(durability: Quire.Durability, survives: Survives, cacheSize?: number): Engine {
  const options = cacheSize === undefined ? { durability } : { durability, cacheSize }
  return {
    title: `quire ${durability}${cacheSize === undefined ? '' : `, ${cacheSize >> 20} MiB cache`}`,
    survives,
    persistent: true,
    isShared: true,
    open: path => openSession(path, options, false),
    openIndexed: path => openSession(path, options, true)
  }
}

export const quireLazy = engine('lazy', 'all but the last 100 ms')
export const quireProcess = engine('process', 'process death, synced later')
export const quireDisk = engine('disk', 'power cut')
/** With the least cache that can be asked for. */
export const quireSmall = engine('process', 'process death, synced later', SMALL_CACHE_BYTES)
