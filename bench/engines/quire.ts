// QuireDB as built in dist/, at each of its durabilities.
// The path is written out, because inside bench/ (a package of its own) the name `quiredb` leads nowhere.

import type * as Quire from '../../dist/index.js'
import { type BenchDocument, FILTER } from '../documents.ts'
import type { Engine, Session, Survives } from '../engine.ts'

const { open } = (await import(new URL('../../../dist/index.js', import.meta.url).href)) as typeof Quire

function openSession(path: string, durability: Quire.Durability): Session {
  const database = open(`${path}/data.quire`, { durability })
  const documents = database.collection<BenchDocument>('documents')
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
    filter: () => documents.find({ age: { $gt: FILTER.ageAbove }, city: FILTER.city }).toArray().length,
    setAge: (id, age) => void documents.updateOne({ _id: id }, { $set: { age } }),
    delete: id => void documents.delete(id),
    close: () => database.close()
  }
}

function engine(durability: Quire.Durability, survives: Survives): Engine {
  return {
    title: `quire ${durability}`,
    survives,
    persistent: true,
    open: path => openSession(path, durability)
  }
}

export const quireLazy = engine('lazy', 'all but the last 100 ms')
export const quireProcess = engine('process', 'process death, synced later')
export const quireDisk = engine('disk', 'power cut')
