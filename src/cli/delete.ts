// quire delete: deletes documents.
//
// Promises: one document, or with --many every match; what is asked for by its id and not there is exit code 3.

import type { Document } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { notFound, usageFailure } from './shared/failure.ts'
import { parseHint, parseId, parseObject } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    filter: { type: 'positional', required: false, description: "Which ones, as JSON; all with '{}' and --many" },
    id: { type: 'string', description: 'The document of this id: text, or JSON for a number or bytes' },
    many: { type: 'boolean', description: 'Delete every match, not the first' },
    hint: { type: 'string', valueHint: 'index', description: 'The index to use: its name, or its fields as JSON' }
  },
  examples: [
    ['delete app.quire users --id ada', 'one document, or exit code 3'],
    ['delete app.quire users \'{"age": {"$lt": 18}}\' --many', 'every match']
  ],
  async run({ args, output, settings }) {
    const { id, many, hint } = args
    if ((id === undefined) === (args.filter === undefined)) throw usageFailure('give a filter or --id')
    if (id !== undefined && many) throw usageFailure('--id names one document; --many takes a filter')
    const filter = (id === undefined ? parseObject(args.filter, 'the filter') : { _id: parseId(id) }) as never
    const options = hint === undefined ? {} : { hint: parseHint(hint) as never }
    const result = await withDatabase(args.file, 'write', settings, database => {
      const collection = database.collection<Document>(args.collection)
      return many ? collection.deleteMany(filter, options) : collection.deleteOne(filter, options)
    })
    if (id !== undefined && result.deletedCount === 0)
      throw notFound(`there is no document ${id} in ${args.collection}`)
    await output.report(result, ({ deletedCount }) => `deleted ${deletedCount}`)
  }
})
