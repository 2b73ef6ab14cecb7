// quire stats: counts and sizes of a database.
//
// Promises: reads no document. Leaves to others: what the figures mean (../stats.ts).

import { statSync } from 'node:fs'
import type { CollectionInfo, Stats } from '../index.ts'
import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { tableOf } from './shared/table.ts'
import { showSize } from './shared/units.ts'

export default command({
  args: { file: FILE },
  examples: [
    ['stats app.quire', 'collections with their counts and sizes'],
    ["stats app.quire --json | jq '.collections[].name'", 'the names of the collections']
  ],
  async run({ args, output, settings }) {
    const stats = await withDatabase(args.file, 'read', settings, database => database.stats())
    await output.report({ fileBytes: statSync(args.file).size, ...stats }, tell)
  }
})

function tell({
  fileBytes,
  collections,
  pagesCount,
  freePagesCount,
  logBytes,
  sequence
}: Stats & { fileBytes: number }) {
  const documentsCount = collections.reduce((sum, { documentsCount }) => sum + documentsCount, 0)
  const lines = [
    `file         ${showSize(fileBytes)}, ${pagesCount} pages, ${freePagesCount} free`,
    `log          ${showSize(logBytes)}`,
    `commits      ${sequence}`,
    `documents    ${documentsCount} in ${collections.length} collections`
  ]
  return [...lines, ...(collections.length === 0 ? [] : ['', tableOf(collections.map(row))])].join('\n')
}

function row({ name, documentsCount, documentsBytes, indexBytes, ids }: CollectionInfo) {
  return {
    collection: name,
    documents: documentsCount,
    size: showSize(documentsBytes),
    'id index': showSize(indexBytes),
    ids
  }
}
