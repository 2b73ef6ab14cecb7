// quire compact: gives back the room in the file that deletes and updates left.
//
// Promises: what is not worth moving stays where it is.

import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { showSize } from './shared/units.ts'

export default command({
  args: { file: FILE },
  examples: [['compact app.quire', 'tells the size before and after']],
  async run({ args, output, settings }) {
    const report = await withDatabase(args.file, 'write', settings, database => database.compact())
    await output.report(
      report,
      ({ bytesBefore, bytesAfter, left }) =>
        `${showSize(bytesBefore)} before, ${showSize(bytesAfter)} after${left.length > 0 ? `; left as they were: ${left.join(', ')}` : ''}`
    )
  }
})
