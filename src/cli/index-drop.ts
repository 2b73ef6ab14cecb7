// quire index drop: drops an index.
//
// Promises: one that is not there is told by the exit code.

import type { Document } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { parseHint } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    index: { type: 'positional', required: true, description: 'Its name, or its fields as JSON' }
  },
  examples: [
    ['index drop app.quire users city_1_age_-1', 'by its name'],
    ['index drop app.quire users \'{"city": 1, "age": -1}\'', 'by its fields']
  ],
  async run({ args, output, settings }) {
    await withDatabase(args.file, 'write', settings, database =>
      database.collection<Document>(args.collection).dropIndex(parseHint(args.index) as never)
    )
    await output.report({ dropped: args.index }, () => '')
  }
})
