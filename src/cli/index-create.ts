// quire index create: makes an index.
//
// Promises: the same one again is made once.

import type { Document, IndexOptions } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { parseTime } from './shared/units.ts'
import { parseObject } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    fields: { type: 'positional', required: true, description: 'Its fields as JSON: 1 ascending, -1 descending' },
    name: { type: 'string', description: 'Its name; made of its fields without it' },
    unique: { type: 'boolean', description: 'No two documents have one key' },
    sparse: { type: 'boolean', description: 'Leave documents without the fields out' },
    partial: { type: 'string', valueHint: 'json', description: 'Only documents that match this filter' },
    'expire-after': { type: 'string', valueHint: 'time', description: 'Delete documents so long after their date' }
  },
  examples: [
    ['index create app.quire users \'{"city": 1, "age": -1}\'', 'a compound index'],
    ['index create app.quire users \'{"email": 1}\' --unique --sparse', 'no email twice'],
    ['index create app.quire sessions \'{"at": 1}\' --expire-after 7d', 'documents that expire']
  ],
  async run({ args, output, settings }) {
    const fields = parseObject(args.fields, 'the fields') as never
    const expireAfter = args['expire-after']
    const options = {
      ...(args.name === undefined ? {} : { name: args.name }),
      ...(args.unique ? { unique: true } : {}),
      ...(args.sparse ? { sparse: true } : {}),
      ...(args.partial === undefined ? {} : { partialFilterExpression: parseObject(args.partial, '--partial') }),
      ...(expireAfter === undefined ? {} : { expireAfterSeconds: parseTime(expireAfter, '--expire-after') / 1000 })
    } as IndexOptions<Document>
    const name = await withDatabase(args.file, 'write', settings, database =>
      database.collection<Document>(args.collection).createIndex(fields, options)
    )
    await output.report({ name }, () => name)
  }
})
