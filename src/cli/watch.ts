// quire watch: the changes of a database as they are committed, one a line.
//
// A file is open to one writing process, so its changes are those of this one (documents that expire) and, with --after, those
// that its log still has. Of a server everybody's changes come, also over connections that break. Promises: each change
// once and in order; the token to go on from is in every line, as `_id`; the one that opens a server is never an
// argument, which other users of the machine see. Leaves to others: what is told and how long it is kept (docs/CHANGES.md).

import { connect, type RemoteDatabase } from '../client/index.ts'
import type { ChangeEvent, Database, Document } from '../index.ts'
import { command } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { usageFailure } from './shared/failure.ts'
import { parseCount, parseObject } from './shared/values.ts'

export default command({
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'Path of the database, or URL of a server',
      valueHint: 'path'
    },
    collection: { type: 'positional', required: false, description: 'Name of the collection; all without it' },
    filter: { type: 'string', valueHint: 'json', description: 'Which changes: conditions on their fields' },
    after: { type: 'string', valueHint: 'token', description: 'Go on behind this change: the _id of a line' },
    full: { type: 'boolean', description: 'Print the whole document with each update' },
    database: { type: 'string', valueHint: 'name', description: 'Of a server: the database; main by default' },
    limit: { type: 'string', valueHint: 'count', description: 'End after so many changes' }
  },
  examples: [
    ['watch app.quire users', 'until Ctrl-C'],
    ['watch app.quire users --filter \'{"operationType": "delete"}\' --limit 1', 'ends with the first deletion'],
    ['watch http://localhost:8080 users', 'of a server; QUIRE_TOKEN=quire_… in the environment opens it']
  ],
  endsItself: true,
  async run({ args, output, settings, signal }) {
    const filter = parseObject(args.filter, '--filter') as never
    const limit = args.limit === undefined ? Number.POSITIVE_INFINITY : parseCount(args.limit, '--limit')
    if (limit === 0) throw usageFailure('--limit must be 1 or more')
    const options = {
      signal,
      ...(args.after === undefined ? {} : { startAfter: args.after }),
      ...(args.full ? { fullDocument: 'updateLookup' as const } : {})
    }
    const watch = async (database: Database | RemoteDatabase) => {
      const place = args.collection === undefined ? database : database.collection<Document>(args.collection)
      let count = 0
      for await (const change of place.watch(filter, options) as AsyncIterable<ChangeEvent<Document>>) {
        await output.value(change)
        await output.flush()
        if (++count >= limit) return
      }
    }
    if (!/^https?:\/\//i.test(args.file)) {
      if (args.database !== undefined) throw usageFailure('--database is of a server; a file is one database')
      return withDatabase(args.file, 'write', settings, watch)
    }
    await using database = connect(args.file, {
      ...(process.env['QUIRE_TOKEN'] === undefined ? {} : { token: process.env['QUIRE_TOKEN'] }),
      ...(args.database === undefined ? {} : { database: args.database })
    })
    await watch(database)
  }
})
