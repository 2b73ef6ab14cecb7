// quire backup: copies a database as of now to a new file.
//
// Promises: the new file has its name only when it is whole and on disk.

import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { showSize } from './shared/units.ts'

export default command({
  args: {
    file: FILE,
    to: { type: 'positional', required: true, description: 'Path of the copy, where no file may be' }
  },
  examples: [['backup app.quire copy.quire', 'a copy that can be opened like any other database']],
  async run({ args, output, settings }) {
    const report = await withDatabase(args.file, 'read', settings, database => database.backup(args.to))
    await output.report(
      report,
      ({ bytes, collectionsCount, documentsCount }) =>
        `${args.to} has ${documentsCount} documents in ${collectionsCount} collections, ${showSize(bytes)}`
    )
  }
})
