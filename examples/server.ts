// A server and its client: the same calls over the network, with a token, a transaction and changes as they happen.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'quiredb/client'
import { createToken, serve } from 'quiredb/server'

interface Account {
  _id: string
  balance: number
}

// Databases are files of a folder. `quire serve FOLDER` and `quire token create` do the same from a shell.
const folder = mkdtempSync(join(tmpdir(), 'quiredb-example-'))
const { token } = createToken(folder, { name: 'shop', scopes: [{ database: 'main', access: 'write' }] })
const server = await serve({ folder, port: 0 })

{
  // Was: open('app.quire'). Everything else waits for the answer, as the methods of `collection.async` do.
  await using database = connect(server.url, { token })
  const accounts = database.collection<Account>('accounts')
  const changes = accounts.watch()

  await accounts.insertMany([
    { _id: 'ada', balance: 100 },
    { _id: 'bob', balance: 0 }
  ])
  // A server waits for nobody in the middle of a transaction: its commands come together.
  await database.transaction([
    { op: 'updateOne', collection: 'accounts', filter: { _id: 'ada' }, update: { $inc: { balance: -30 } } },
    { op: 'updateOne', collection: 'accounts', filter: { _id: 'bob' }, update: { $inc: { balance: 30 } } }
  ])
  for await (const { _id, balance } of accounts.find().sort({ _id: 1 })) console.log(_id, balance)

  const told: string[] = []
  for await (const change of changes) if (told.push(change.operationType) === 4) break
  console.log('told:', told.join(', '))
  console.log('visits:', await database.kv<number>('visits').increment('/'))
}

// Whoever has no right token gets nothing.
await using stranger = connect(server.url, { retries: 0 })
await stranger.listCollections().catch((error: { status: number; message: string }) => console.log(error.status))

// Closing finishes what is under way and has everything on disk.
await server.close()
rmSync(folder, { recursive: true })
