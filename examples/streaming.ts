// Reading many documents: in batches, off the event loop, and as of one moment.
import { open } from 'quiredb'

using database = open(':memory:')
const events = database.collection<{ _id: number; kind: string }>('events')
events.insertMany(Array.from({ length: 10_000 }, (_, n) => ({ _id: n, kind: n % 3 === 0 ? 'click' : 'view' })))

// A loop holds one batch in memory; leaving it closes the cursor.
let clicks = 0
for (const event of events.find({ kind: 'click' })) {
  if (event._id > 300) break
  clicks++
}
console.log(clicks, 'clicks among the first 300')

// The twin `async` reads on another thread while the event loop runs on.
let views = 0
for await (const _ of events.async.find({ kind: 'view' })) views++
console.log(views, 'views')

// A cursor sees the moment of its first document, whatever is written meanwhile.
const cursor = events.find()
cursor.next()
events.clear()
console.log(cursor.toArray().length + 1, 'events seen,', events.countDocuments(), 'left')
