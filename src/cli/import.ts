// quire import: documents from a file or a pipe into a collection.
//
// Promises: documents are written in batches, each whole or not at all, and no more than one is held. What is known of
// the progress is committed with each batch, so that an import of a file that was ended in any way goes on with
// --resume, without a document lost or twice. Leaves to others: formats (shared/formats.ts), what is known of the
// progress (shared/import-progress.ts), the bar (shared/progress-bar.ts).

import type { Database, Document, Documents } from '../index.ts'
import { COLLECTION, type CommandContext, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { Failure, interrupted, toldError, usageFailure } from './shared/failure.ts'
import { FORMAT_NAMES, formatName, loadFormat } from './shared/formats.ts'
import { ImportProgress } from './shared/import-progress.ts'
import { STANDARD } from './shared/input.ts'
import { ProgressBar } from './shared/progress-bar.ts'
import { IMPORT_CACHE_BYTES, openSource, type Source } from './shared/sources.ts'

/** What becomes of a document whose id is there. */
const CONFLICTS = ['error', 'replace', 'skip']
/** Most documents of a batch. */
const BATCH_DOCUMENTS = 1000

/** What an import did. */
interface ImportReport {
  readonly documentsCount: number
  readonly skippedCount: number
  /** Records that an import before this one had done. */
  readonly resumedAt: number
}

const ARGS = {
  file: FILE,
  collection: COLLECTION,
  source: { type: 'positional', required: true, description: 'Path of the file; -: standard input' },
  format: { type: 'enum', options: FORMAT_NAMES, description: 'By default that of the ending, else jsonl' },
  'on-conflict': { type: 'enum', options: CONFLICTS, description: 'When an _id is there: error, replace or skip' },
  resume: { type: 'boolean', description: 'Go on where an import of this file was ended' },
  restart: { type: 'boolean', description: 'Begin anew, although an import of this file was ended' },
  text: { type: 'boolean', description: 'CSV: all values are texts' }
} as const

export default command({
  args: ARGS,
  examples: [
    ['import app.quire users users.jsonl', 'one JSON document a line; the database is made when it is not there'],
    ['import app.quire users users.jsonl --resume', 'goes on after Ctrl-C, a kill or a power cut'],
    ['import app.quire users people.csv --on-conflict skip', 'CSV; documents that are there stay'],
    ['import app.quire users - --format msgpack < users.msgpack', 'from a pipe']
  ],
  endsItself: true,
  async run(context) {
    const { args, output, settings } = context
    if (args.resume && args.restart) throw usageFailure('--resume and --restart exclude each other')
    if (args.source === STANDARD && args.resume) throw usageFailure('an import from a pipe cannot be resumed')
    const source = await openSource(args.source)
    try {
      const report = await withDatabase(
        args.file,
        'create',
        settings.withDefault('cacheSize', IMPORT_CACHE_BYTES),
        database => run(context, database, source)
      )
      await output.report(report, tell)
    } finally {
      source.close()
    }
  }
})

function tell({ documentsCount, skippedCount, resumedAt }: ImportReport): string {
  const skipped = skippedCount > 0 ? `, left ${skippedCount} as they were` : ''
  return `imported ${documentsCount}${skipped}${resumedAt > 0 ? `, after ${resumedAt} of an import before` : ''}`
}

async function run(context: CommandContext<typeof ARGS>, database: Database, source: Source): Promise<ImportReport> {
  const { args, signal } = context
  const name = formatName(args.format, args.source)
  const format = await loadFormat(name)
  const progress = ImportProgress.open(database, source.identity, `${args.collection} ${name}`)
  const resumedAt = progress.begin(args.resume === true, args.restart === true)
  const writer = new BatchWriter(database, args.collection, args['on-conflict'] ?? 'error', progress)
  if (progress.isDone) return writer.report(resumedAt)
  const bar = new ProgressBar(source.size)
  try {
    const lists = format.read(source.pieces(), { infersTypes: args.text !== true, skip: resumedAt })
    for await (const documents of lists) {
      for (let at = 0; at < documents.length; at += BATCH_DOCUMENTS) {
        if (signal.aborted) throw interrupted(`interrupted after ${progress.recordsCount} documents; --resume goes on`)
        writer.write(documents.slice(at, at + BATCH_DOCUMENTS))
      }
      bar.show(source.bytesRead, progress.recordsCount)
    }
    writer.finish()
  } finally {
    bar.end()
  }
  return writer.report(resumedAt)
}

/** Writes batches, each together with the progress. */
class BatchWriter {
  readonly #database: Database
  readonly #collection: string
  readonly #conflict: string
  readonly #progress: ImportProgress
  #documentsCount = 0
  #skippedCount = 0

  constructor(database: Database, collection: string, conflict: string, progress: ImportProgress) {
    this.#database = database
    this.#collection = collection
    this.#conflict = conflict
    this.#progress = progress
  }

  write(batch: readonly Document[]): void {
    const first = this.#progress.recordsCount + 1
    try {
      const skipped = this.#database.transaction(transaction => {
        const skippedCount = this.#put(transaction.collection<Document>(this.#collection), batch)
        this.#progress.add(transaction, batch.length)
        return skippedCount
      })
      this.#progress.recordsCount += batch.length
      this.#documentsCount += batch.length - skipped
      this.#skippedCount += skipped
    } catch (error) {
      const { code, message, exit } = toldError(error)
      const where = `records ${first} to ${first + batch.length - 1}`
      throw new Failure(code, exit, `${where}: ${message}`)
    }
  }

  /** Says that nothing is left. */
  finish(): void {
    this.#database.transaction(transaction => this.#progress.finish(transaction))
  }

  report(resumedAt: number): ImportReport {
    return { documentsCount: this.#documentsCount, skippedCount: this.#skippedCount, resumedAt }
  }

  /** Writes documents, and gives how many were left out. */
  #put(documents: Documents<Document>, batch: readonly Document[]): number {
    if (this.#conflict === 'error') {
      documents.insertMany(batch as Document[])
      return 0
    }
    const fresh = batch.filter(document => document['_id'] === undefined)
    if (fresh.length > 0) documents.insertMany(fresh)
    let skippedCount = 0
    for (const document of batch) {
      const id = document['_id']
      if (id === undefined) continue
      if (this.#conflict === 'skip' && documents.has(id as never)) skippedCount++
      else documents.put(document as never)
    }
    return skippedCount
  }
}
