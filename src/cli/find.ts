// quire find: the documents that match a filter, one a line.
//
// Promises: documents are printed as they are read, however many there are; with --id exactly one, or exit code 3.
// Leaves to others: tables (shared/table.ts).

import type { Collection, Document } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { notFound, usageFailure } from './shared/failure.ts'
import type { Output } from './shared/output.ts'
import { parseCount, parseHint, parseId, parseObject, parseOptions } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    filter: { type: 'positional', required: false, description: "Which ones, as JSON; all without it, or with '{}'" },
    id: { type: 'string', description: 'The document of this id: text, or JSON for a number or bytes' },
    projection: { type: 'string', valueHint: 'json', description: 'Which fields' },
    sort: { type: 'string', valueHint: 'json', description: 'In which order' },
    skip: { type: 'string', valueHint: 'count', description: 'Pass over so many' },
    limit: { type: 'string', valueHint: 'count', description: 'At most so many' },
    hint: { type: 'string', valueHint: 'index', description: 'The index to use: its name, or its fields as JSON' },
    explain: { type: 'boolean', description: 'Print how they would be found' },
    pretty: { type: 'boolean', description: 'Indent the JSON' },
    table: { type: 'boolean', description: 'Print a table; for few documents' }
  },
  examples: [
    ['find app.quire users', 'every document, one a line'],
    ['find app.quire users \'{"age": {"$gt": 30}}\' --sort \'{"age": -1}\' --limit 10', 'the ten oldest over thirty'],
    ['find app.quire users --id ada --pretty', 'one document, or exit code 3'],
    ['find app.quire users \'{"city": "Kochi"}\' --explain', 'which index it would use']
  ],
  endsItself: true,
  async run({ args, output, settings, signal }) {
    const filter = parseObject(args.filter, 'the filter')
    const options = {
      ...parseOptions({ projection: args.projection, sort: args.sort }),
      ...(args.skip === undefined ? {} : { skip: parseCount(args.skip, '--skip') }),
      ...(args.limit === undefined ? {} : { limit: parseCount(args.limit, '--limit') }),
      ...(args.hint === undefined ? {} : { hint: parseHint(args.hint) })
    }
    if (args.id !== undefined && args.filter !== undefined) throw usageFailure('give a filter or --id, not both')
    await withDatabase(args.file, 'read', settings, async database => {
      const collection = database.collection<Document>(args.collection)
      if (args.id !== undefined) return printOne(collection, args.id, options, output, args.pretty === true)
      const cursor = collection.find(filter as never, options as never)
      if (args.explain) return output.value(cursor.explain(), !output.isJson)
      if (args.table && !output.isJson) return output.table(cursor.toArray())
      for (const document of cursor) {
        signal.throwIfAborted()
        await output.value(document, args.pretty)
      }
    })
  }
})

async function printOne(
  collection: Collection<Document>,
  id: string,
  options: object,
  output: Output,
  isPretty: boolean
): Promise<void> {
  const document = collection.findOne({ _id: parseId(id) } as never, options as never)
  if (document === null) throw notFound(`there is no document ${id} in ${collection.name}`)
  await output.value(document, isPretty)
}
