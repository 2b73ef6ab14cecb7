// What people who come from mongosh type.
//
// Promises: `db.users` is a collection unless the database has a property of that name; nothing is made by being named.
// Leaves to others: the console around it (terminal.ts).

import type { Collection, Database, Document } from '../../index.ts'

/** The database as the console has it. */
export type Shown = Database & { readonly [collection: string]: Collection<Document> }

/** A database whose collections are its properties. */
export function withCollections(database: Database): Shown {
  const more: Record<string, unknown> = {
    getCollection: (name: string) => database.collection(name),
    getCollectionNames: () => namesOf(database)
  }
  return new Proxy(database, {
    get(target, key) {
      if (typeof key === 'string' && Object.hasOwn(more, key)) return more[key]
      const value = Reflect.get(target, key, target) as unknown
      if (typeof value === 'function') return value.bind(target)
      // A promise would be looked for under `then`, and an object's own name under `constructor`.
      if (value !== undefined || typeof key !== 'string' || key === 'then') return value
      return target.collection(key)
    },
    ownKeys: target => [...new Set([...Reflect.ownKeys(target), ...namesOf(database)])],
    getOwnPropertyDescriptor(target, key) {
      const own = Reflect.getOwnPropertyDescriptor(target, key)
      if (own !== undefined || typeof key !== 'string' || !namesOf(database).includes(key)) return own
      return { configurable: true, enumerable: true, value: database.collection(key) }
    }
  }) as Shown
}

/** What a line that is no JavaScript asks for; undefined for every other line. */
export function habitOf(line: string, database: Database): (() => unknown) | undefined {
  switch (line.trim().replace(/;$/, '').replace(/\s+/g, ' ')) {
    case 'show collections':
    case 'show tables':
      return () => namesOf(database).join('\n')
    case 'show namespaces':
      return () => database.listNamespaces().join('\n')
    case 'show indexes':
      return () =>
        namesOf(database)
          .flatMap(name =>
            database
              .collection(name)
              .listIndexes()
              .map(index => `${name} ${index.name}`)
          )
          .join('\n')
    case 'help':
      return () => HELP
    default:
      return undefined
  }
}

/** What can be typed. */
const HELP = `db.users.find({ age: { $gt: 30 } }).sort({ age: -1 }).limit(5)
db.users.insertOne({ name: 'Ada' })   updateOne   deleteMany   aggregate   createIndex   countDocuments
db.kv('artists').set('nina', 'Nina Simone')   get   delete
show collections   show namespaces   show indexes
it      the next documents of the last result
.help   commands of the console   .exit   ends it (Ctrl-D)`

/** The names of the collections. */
export function namesOf(database: Database): string[] {
  return database.listCollections().map(({ name }) => name)
}
