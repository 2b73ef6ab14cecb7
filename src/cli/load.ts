// quire load: a dump into a database.
//
// Promises: documents are written in batches, each whole or not at all; indexes are made as the dump tells them. Leaves
// to others: reading the lines (the database's importJson), what may be resumed (import.ts, for one collection).

import { importJson } from '../index.ts'
import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { interrupted } from './shared/failure.ts'
import { ProgressBar } from './shared/progress-bar.ts'
import { IMPORT_CACHE_BYTES, openSource } from './shared/sources.ts'

const CONFLICTS = ['error', 'replace', 'skip'] as const

export default command({
  args: {
    file: FILE,
    source: { type: 'positional', required: true, description: 'Path of the dump; -: standard input' },
    'on-conflict': {
      type: 'enum',
      options: [...CONFLICTS],
      description: 'When an _id is there: error, replace or skip'
    }
  },
  examples: [
    ['load new.quire app.jsonl', 'makes a database of a dump'],
    ['dump app.quire | quire load copy.quire -', 'by a pipe']
  ],
  endsItself: true,
  async run({ args, output, settings, signal }) {
    const source = await openSource(args.source)
    const bar = new ProgressBar(source.size)
    try {
      const report = await withDatabase(
        args.file,
        'create',
        settings.withDefault('cacheSize', IMPORT_CACHE_BYTES),
        database =>
          importJson(database, source.pieces(), {
            onConflict: args['on-conflict'] ?? CONFLICTS[0],
            onProgress: ({ documentsCount }) => {
              if (signal.aborted) throw interrupted(`interrupted after ${documentsCount} documents`)
              bar.show(source.bytesRead, documentsCount)
            }
          })
      )
      await output.report(report, ({ documentsCount, skippedCount }) =>
        skippedCount > 0 ? `loaded ${documentsCount}, left ${skippedCount} as they were` : `loaded ${documentsCount}`
      )
    } finally {
      bar.end()
      source.close()
    }
  }
})
