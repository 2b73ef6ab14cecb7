// quire insert: inserts documents.
//
// Promises: all of them or none. Leaves to others: files of many documents (import.ts), which does it in batches.

import type { Document } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { usageFailure } from './shared/failure.ts'
import { textOf } from './shared/input.ts'
import { parseValue } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    documents: {
      type: 'positional',
      required: false,
      description: 'A JSON object, an array of them, or one a line; - or none: standard input'
    }
  },
  examples: [
    ['insert app.quire users \'{"_id": "ada", "name": "Ada", "age": 36}\'', 'one document; the file is made as well'],
    ['insert app.quire users \'[{"name": "Grace"}, {"name": "Linus"}]\'', 'two documents'],
    ['insert app.quire users < users.jsonl', 'documents from a file, in one commit']
  ],
  async run({ args, output, settings }) {
    const documents = documentsOf(await textOf(args.documents, 'the documents'))
    const result = await withDatabase(args.file, 'create', settings, database =>
      database.collection<Document>(args.collection).insertMany(documents)
    )
    await output.report(result, ({ insertedCount }) => `inserted ${insertedCount}`)
  }
})

function documentsOf(text: string): Document[] {
  const trimmed = text.trim()
  if (trimmed.startsWith('[')) return checked(parseValue(trimmed, 'the array of documents') as unknown[])
  const lines = trimmed.split('\n').filter(line => line.trim() !== '')
  // One document may stand on several lines.
  const isOne = lines.length > 1 && !lines.every(line => /^\{.*\}$/.test(line.trim()))
  if (isOne) return checked([parseValue(trimmed, 'the document')])
  return checked(
    lines.map((line, index) => parseValue(line, lines.length === 1 ? 'the document' : `line ${index + 1}`))
  )
}

function checked(values: readonly unknown[]): Document[] {
  const wrong = values.findIndex(value => typeof value !== 'object' || value === null || Array.isArray(value))
  if (wrong >= 0) throw usageFailure(`document ${wrong + 1} is no JSON object`)
  return values as Document[]
}
