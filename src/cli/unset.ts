// quire unset: takes a key away.
//
// Promises: a key that is not there is told by the exit code.

import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { notFound } from './shared/failure.ts'

export default command({
  args: { file: FILE, key: { type: 'positional', required: true, description: 'Store and key, as store/key' } },
  examples: [['unset app.quire artists/nina', 'takes the key nina of the store artists away']],
  async run({ args, output, settings }) {
    const isGone = await withDatabase(args.file, 'write', settings, database => database.kv().delete(args.key))
    if (!isGone) throw notFound(`there is no key ${args.key} in ${args.file}`)
    if (output.isJson) await output.value({ deleted: true })
  }
})
