// quire update: changes documents.
//
// Promises: the first match, or with --many all of them or none.

import type { Document, Update } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { usageFailure } from './shared/failure.ts'
import { parseArray, parseHint, parseObject, parseOptions, parseValue } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    filter: { type: 'positional', required: true, description: 'Which ones, as JSON' },
    update: { type: 'positional', required: true, description: 'What becomes of them: operators, or a pipeline' },
    many: { type: 'boolean', description: 'Change every match, not the first' },
    upsert: { type: 'boolean', description: 'Insert a document when none matches' },
    replace: { type: 'boolean', description: 'The update is a document that takes the place of the first match' },
    'array-filters': { type: 'string', valueHint: 'json', description: 'Which elements $[name] stands for' },
    sort: { type: 'string', valueHint: 'json', description: 'Which match is the first' },
    hint: { type: 'string', valueHint: 'index', description: 'The index to use: its name, or its fields as JSON' }
  },
  examples: [
    ['update app.quire users \'{"_id": "ada"}\' \'{"$inc": {"age": 1}}\'', 'one document'],
    ['update app.quire users \'{"age": {"$gt": 30}}\' \'{"$set": {"senior": true}}\' --many', 'every match'],
    ['update app.quire users \'{"_id": "alan"}\' \'{"$set": {"name": "Alan"}}\' --upsert', 'or a new document']
  ],
  async run({ args, output, settings }) {
    const { many, replace, upsert, sort, hint } = args
    if (replace && (many || args['array-filters'] !== undefined)) {
      throw usageFailure('--replace excludes --many and --array-filters')
    }
    if (many && sort !== undefined) throw usageFailure('--sort says which match is the first; --many changes all')
    const filter = parseObject(args.filter, 'the filter') as never
    const update = parseValue(args.update, 'the update') as Update<Document>
    const arrayFilters = args['array-filters']
    const options = {
      ...parseOptions({ sort }),
      ...(upsert ? { upsert: true } : {}),
      ...(arrayFilters === undefined ? {} : { arrayFilters: parseArray(arrayFilters, '--array-filters') }),
      ...(hint === undefined ? {} : { hint: parseHint(hint) })
    } as never
    const result = await withDatabase(args.file, upsert ? 'create' : 'write', settings, database => {
      const collection = database.collection<Document>(args.collection)
      if (replace) return collection.replaceOne(filter, update as Document, options)
      return many ? collection.updateMany(filter, update, options) : collection.updateOne(filter, update, options)
    })
    await output.report(result, ({ matchedCount, modifiedCount, upsertedCount }) =>
      [`matched ${matchedCount}`, `changed ${modifiedCount}`, ...(upsertedCount > 0 ? ['inserted 1'] : [])].join(', ')
    )
  }
})
