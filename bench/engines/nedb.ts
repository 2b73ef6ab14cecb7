// NeDB in memory, in the fork that is maintained: what its users hold against an embedded database. It keeps every
// document as an object and hands out deep copies; its file is a text that it reads whole at the start, so where the
// documents lie says nothing about these figures. Its calls give promises, and go through a queue one by one.

import nedbModule from '@seald-io/nedb'
import { type BenchDocument, FILTER } from '../documents.ts'
import type { LaterEngine } from '../engine.ts'

/** The module is the class itself, where its types tell of an export named default. */
const Datastore = nedbModule as unknown as typeof nedbModule.default

const PASSING = { age: { $gt: FILTER.ageAbove }, city: FILTER.city }

export const nedb: LaterEngine = {
  title: 'NeDB in memory',
  survives: 'nothing',
  persistent: false,
  package: '@seald-io/nedb',
  async openLater() {
    const documents = new Datastore<BenchDocument>({ inMemoryOnly: true })
    return {
      insertMany: async batch => void (await documents.insertAsync(batch)),
      filter: async () => (await documents.findAsync(PASSING)).length,
      count: async () => await documents.countAsync(PASSING),
      close: async () => void (await documents.dropDatabaseAsync())
    }
  }
}
