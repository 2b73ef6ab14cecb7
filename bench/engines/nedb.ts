// NeDB in memory, in the fork that is maintained: what its users hold against an embedded database. It keeps every
// document as an object and hands out deep copies; its file is a text that it reads whole at the start, so where the
// documents lie says nothing about these figures. Its calls give promises, and go through a queue one by one.

import nedbModule from '@seald-io/nedb'
import { type BenchDocument, FILTER, groupByCity } from '../documents.ts'
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
      insert: async document => void (await documents.insertAsync(document)),
      get: async id => (await documents.findOneAsync({ _id: id })) ?? undefined,
      async scan() {
        const found = await documents.findAsync({})
        return { count: found.length, ages: found.reduce((sum, { age }) => sum + age, 0) }
      },
      filter: async () => (await documents.findAsync(PASSING)).length,
      count: async () => await documents.countAsync(PASSING),
      group: async () => groupByCity(await documents.findAsync({})),
      setAge: async (id, age) => void (await documents.updateAsync({ _id: id }, { $set: { age } })),
      delete: async id => void (await documents.removeAsync({ _id: id }, {})),
      close: async () => void (await documents.dropDatabaseAsync())
    }
  }
}
