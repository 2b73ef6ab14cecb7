// quire index list: the indexes of a collection.
//
// Promises: a collection that is not there is told by the exit code.

import type { Document, IndexInfo } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { notFound } from './shared/failure.ts'
import { tableOf } from './shared/table.ts'
import { showSize } from './shared/units.ts'

export default command({
  args: { file: FILE, collection: COLLECTION },
  examples: [['index list app.quire users', 'their names, fields, entries and sizes']],
  async run({ args, output, settings }) {
    const indexes = await withDatabase(args.file, 'read', settings, database =>
      database.collection<Document>(args.collection).listIndexes()
    )
    if (indexes.length === 0) throw notFound(`there is no collection ${args.collection} in ${args.file}`)
    await output.report(indexes, all => tableOf(all.map(row)))
  }
})

function row({ name, key, entriesCount, bytes, ...options }: IndexInfo): Document {
  const others = Object.keys(options).length === 0 ? '' : JSON.stringify(options)
  return { name, fields: JSON.stringify(key), entries: entriesCount, size: showSize(Number(bytes)), options: others }
}
