// Indexes: unique, over several fields, of a part of the documents, with an end; and what a query does with them.
import { open, type QuireError } from 'quiredb'

interface User {
  _id: number
  mail: string
  city: string
  age: number
  seen?: Date
}

using database = open(':memory:')
const users = database.collection<User>('users')
const cities = ['Kochi', 'London', 'Oslo']
users.insertMany(
  Array.from({ length: 3000 }, (_, n) => ({ _id: n, mail: `${n}@x.org`, city: cities[n % 3] as string, age: n % 100 }))
)

const examined = () => {
  const { executionStats } = users.find({ city: 'Oslo', age: { $gte: 98 } }).explain()
  return executionStats.totalDocsExamined
}
console.log('read without an index:', examined())
console.log('made', users.createIndex({ city: 1, age: -1 }))
console.log('read with it:', examined())

// Nobody takes a mail address that somebody has.
users.createIndex('mail', { unique: true })
try {
  users.insertOne({ _id: 3001, mail: '7@x.org', city: 'Oslo', age: 1 })
} catch (error) {
  console.log((error as QuireError).code)
}

// Only the documents that are asked for, and those that end by themselves an hour after they were seen.
users.createIndex({ age: 1 }, { name: 'old', partialFilterExpression: { age: { $gt: 90 } } })
users.createIndex('seen', { expireAfterSeconds: 3600 })
for (const { name, entriesCount } of users.listIndexes()) console.log(name, entriesCount)
users.dropIndex('old')
console.log(users.listIndexes().length, 'are left')
