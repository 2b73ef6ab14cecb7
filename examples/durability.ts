// When a commit is safe from what: the three levels, and waiting for the disk.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'quiredb'

const directory = mkdtempSync(join(tmpdir(), 'quiredb-example-'))
const path = join(directory, 'app.quire')

{
  // 'process' (the default): what returned survives the death of this process.
  await using database = open(path, { durability: 'process' })
  const orders = database.collection<{ _id: string; total: number }>('orders')
  orders.insertOne({ _id: 'a', total: 5 })
  // This one survives a power cut before the call returns.
  orders.insertOne({ _id: 'b', total: 7 }, { durability: 'disk' })
  // This one is written a moment later.
  orders.insertOne({ _id: 'c', total: 9 }, { durability: 'lazy' })
  // From here on everything above is on disk.
  await database.sync()
}

{
  using database = open(path, { readOnly: true })
  console.log(database.collection('orders').find().toArray())
}
rmSync(directory, { recursive: true })
