// Opening a database, storing documents, finding and changing them.
import { open } from 'quiredb'

interface User {
  name: string
  age: number
  city?: string
}

// ':memory:' has no file; a path such as 'app.quire' makes one.
using database = open(':memory:')
const users = database.collection<User>('users')

const { insertedId } = users.insertOne({ name: 'Ada', age: 36, city: 'London' })
users.insertMany([
  { name: 'Bob', age: 70, city: 'Kochi' },
  { name: 'Cid', age: 17 }
])

console.log(users.get(insertedId))
for (const user of users.find({ age: { $gt: 18 } })) console.log(user.name, user.city)

users.updateOne({ name: 'Cid' }, { $inc: { age: 1 }, $set: { city: 'Oslo' } })
users.deleteOne({ _id: insertedId })
console.log(users.countDocuments(), 'users left, adults:', users.countDocuments({ age: { $gte: 18 } }))
