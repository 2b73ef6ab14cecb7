// quire count: how many documents match a filter.
//
// Promises: prints one number.

import type { Document } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { parseHint, parseObject } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    filter: { type: 'positional', required: false, description: 'Which ones, as JSON; all without it' },
    hint: { type: 'string', valueHint: 'index', description: 'The index to use: its name, or its fields as JSON' }
  },
  examples: [
    ['count app.quire users', 'all of them'],
    ['count app.quire users \'{"age": {"$gt": 30}}\'', 'those over thirty']
  ],
  async run({ args, output, settings }) {
    const filter = parseObject(args.filter, 'the filter')
    const options = args.hint === undefined ? {} : { hint: parseHint(args.hint) }
    const count = await withDatabase(args.file, 'read', settings, database =>
      database.collection<Document>(args.collection).async.countDocuments(filter as never, options as never)
    )
    await output.value(count)
  }
})
