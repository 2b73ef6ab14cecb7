// Keys and values, versions, ends, batches, and namespaces.
import { exportJson, open } from 'quiredb'

using database = open(':memory:')

// A store holds texts, bytes, numbers, or whatever a document may hold.
const artists = database.kv<{ name: string; born: number }>('artists')
artists.set('nina', { name: 'Nina Simone', born: 1933 })
artists.set('miles', { name: 'Miles Davis', born: 1926 })
artists.set('mingus', { name: 'Charles Mingus', born: 1922 })
console.log(artists.get('nina')?.name, artists.has('ella'))
for (const { key, value } of artists.entries({ prefix: 'mi', reverse: true })) console.log(key, value.born)

// Whoever comes second has read a version that is no longer there.
const read = artists.getEntry('nina')
if (read !== undefined) {
  const first = artists.compareAndSet('nina', read.version, { ...read.value, name: 'Eunice Waymon' })
  const second = artists.compareAndSet('nina', read.version, { ...read.value, name: 'Nina' })
  console.log(first !== undefined, second !== undefined)
}

// Sessions go by themselves; a counter adds without a read before.
const sessions = database.kv<Uint8Array>('sessions', { ttl: 30 * 60_000 })
sessions.set('token', new Uint8Array([1, 2, 3]))
const hits = database.kv<number>('hits')
console.log(hits.increment('/'), hits.increment('/', 10), sessions.getEntry('token')?.expires !== undefined)

// All or nothing, also over several stores by their paths.
database.kv().batch([
  { op: 'delete', key: 'artists/miles' },
  { op: 'increment', key: 'hits//about' },
  { op: 'set', key: 'albums/blue', value: 1959 }
])
console.log(artists.count(), hits.get('/about'), database.kv().get('albums/blue'))

// Names in a namespace are its own; everything in it becomes JSON.
const google = database.namespace('google')
google.collection('User').insertOne({ _id: 'ada', joined: new Date(0) })
google.kv('User').set('ada', 1)
for (const lines of exportJson(google)) console.log(lines)
