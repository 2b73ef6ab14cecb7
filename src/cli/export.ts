// quire export: the documents of a collection to a file or a pipe.
//
// Promises: documents are as of one moment and written as they are read. A file has its name only when it is whole; one
// that is there is left alone unless --force says otherwise. Leaves to others: formats (shared/formats.ts).

import type { Document } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { notFound } from './shared/failure.ts'
import { FORMAT_NAMES, formatName, loadFormat } from './shared/formats.ts'
import { STANDARD } from './shared/input.ts'
import { ProgressBar } from './shared/progress-bar.ts'
import { openTarget } from './shared/targets.ts'
import { parseObject, parseOptions } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    target: { type: 'positional', required: false, description: 'Path of the file; - or none: standard output' },
    format: { type: 'enum', options: FORMAT_NAMES, description: 'By default that of the ending, else jsonl' },
    filter: { type: 'string', valueHint: 'json', description: 'Which documents' },
    sort: { type: 'string', valueHint: 'json', description: 'In which order' },
    fields: { type: 'string', valueHint: 'a,b.c', description: 'CSV: the columns; by default all fields there are' },
    force: { type: 'boolean', description: 'Take the place of a file that is there' }
  },
  examples: [
    ['export app.quire users users.jsonl', 'one JSON document a line'],
    ['export app.quire users users.csv --fields _id,name,address.city', 'CSV with these columns'],
    ['export app.quire users | gzip > users.jsonl.gz', 'to a pipe'],
    ['export app.quire users users.ejson', "for MongoDB's tools: canonical Extended JSON"]
  ],
  endsItself: true,
  async run({ args, output, settings, signal }) {
    const path = args.target ?? STANDARD
    const format = await loadFormat(formatName(args.format, path))
    const filter = parseObject(args.filter, '--filter') as never
    const options = parseOptions({ sort: args.sort }) as never
    await withDatabase(args.file, 'read', settings, async database => {
      const info = database.listCollections().find(({ name }) => name === args.collection)
      if (info === undefined) throw notFound(`there is no collection ${args.collection} in ${args.file}`)
      const transaction = database.begin()
      const target = await openTarget(path, output, args.force === true)
      const bar = new ProgressBar(args.filter === undefined && path !== STANDARD ? info.documentsCount : undefined)
      let count = 0
      const documents = function* () {
        count = 0
        for (const document of transaction.collection<Document>(args.collection).find(filter, options)) {
          signal.throwIfAborted()
          if (++count % 1000 === 0) bar.show(count, count)
          yield document
        }
      }
      try {
        for await (const piece of format.write({ fields: args.fields?.split(','), documents }))
          await target.write(piece)
        await target.finish()
      } finally {
        transaction.rollback()
        bar.end()
        await target.abandon()
      }
      if (path !== STANDARD) await output.report({ documentsCount: count }, () => `exported ${count}`)
    })
  }
})
