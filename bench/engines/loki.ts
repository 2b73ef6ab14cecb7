// LokiJS in memory: what its users hold against an embedded database. It hands out live objects and saves its whole
// content as one JSON text now and then, so there is no decoding and no durability in these figures. A document is
// copied when it is inserted, because LokiJS writes fields of its own into it.

import Loki from 'lokijs'
import { type BenchDocument, FILTER, groupByCity } from '../documents.ts'
import type { Engine, Session } from '../engine.ts'

function openSession(): Session {
  const documents = new Loki('bench', { autosave: false }).addCollection<BenchDocument>('documents', {
    unique: ['_id'],
    clone: false,
    disableMeta: true
  })
  const passingCount = () => documents.find({ age: { $gt: FILTER.ageAbove }, city: FILTER.city }).length
  return {
    insertMany: batch => void documents.insert(batch.map(document => ({ ...document }))),
    insert: document => void documents.insert({ ...document }),
    get: id => documents.by('_id', id),
    scan() {
      let count = 0
      let ages = 0
      for (const document of documents.find()) {
        count++
        ages += document.age
      }
      return { count, ages }
    },
    filter: passingCount,
    count: passingCount,
    group: () => groupByCity(documents.find()),
    setAge(id, age) {
      const document = documents.by('_id', id)
      if (document === undefined) return
      document.age = age
      documents.update(document)
    },
    delete(id) {
      const document = documents.by('_id', id)
      if (document !== undefined) documents.remove(document)
    },
    close: () => documents.clear()
  }
}

export const loki: Engine = {
  title: 'LokiJS in memory',
  survives: 'nothing',
  persistent: false,
  package: 'lokijs',
  open: openSession
}
