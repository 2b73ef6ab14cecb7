// Changes: told after their commit, gone on with from a token, and results that stay current.
import { open } from 'quiredb'

interface Order {
  _id: number
  status: 'open' | 'paid'
}

using database = open(':memory:')
const orders = database.collection<Order>('orders')

// A stream tells what happens from now on; this filter leaves deletions out.
const stream = orders.watch({ operationType: { $in: ['insert', 'update'] } })
const live = orders.liveQuery({ status: 'open' })

orders.insertMany([
  { _id: 1, status: 'open' },
  { _id: 2, status: 'open' }
])
orders.updateOne({ _id: 1 }, { $set: { status: 'paid' } })
orders.deleteOne({ _id: 2 })
orders.insertOne({ _id: 3, status: 'open' })

let token = ''
for await (const change of stream) {
  if (change.operationType !== 'insert' && change.operationType !== 'update') continue
  console.log(change.operationType, change.documentKey._id)
  token = change._id
  if (change.operationType === 'update') break
}

// The token can be stored anywhere; a new stream goes on behind that change.
const rest = orders.watch(undefined, { resumeAfter: token })
for (let change = await rest.next(); change !== null; change = rest.tryNext()) console.log('then', change.operationType)
rest.close()

// The result of the query as it is after the last commit.
console.log('open now:', live.documents.map(order => order._id).join(', '))
live.close()

// Stores of keys tell changes too.
const settings = database.kv<string>('settings')
const changes = settings.watch()
settings.set('theme', 'dark')
const change = await changes.next()
if (change?.type === 'set') console.log(change.key, 'is', change.value)
changes.close()
