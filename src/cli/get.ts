// quire get: the value of a key.
//
// Promises: bytes come out as they went in, with nothing added; every other value is one line.

import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { notFound } from './shared/failure.ts'

export default command({
  args: {
    file: FILE,
    key: { type: 'positional', required: true, description: 'Store and key, as store/key' },
    entry: { type: 'boolean', description: 'Print the entry as JSON: with its version and its end' }
  },
  examples: [
    ['get app.quire artists/nina', 'the value of the key nina in the store artists'],
    ['get app.quire pictures/cover > cover.png', 'bytes come out as they are'],
    ['get app.quire artists/nina --entry', 'with its version, for set --if-version']
  ],
  async run({ args, output, settings }) {
    const entry = await withDatabase(args.file, 'read', settings, database => database.kv().getEntry(args.key))
    if (entry === undefined) throw notFound(`there is no key ${args.key} in ${args.file}`)
    const { value } = entry
    if (args.entry || output.isJson) await output.value(args.entry ? entry : value)
    else if (value instanceof Uint8Array) await output.bytes(value)
    else if (typeof value === 'string') await output.line(value)
    else await output.value(value)
  }
})
