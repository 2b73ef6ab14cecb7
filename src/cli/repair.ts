// quire repair: copies every document that a damaged database still holds to a new file.
//
// Promises: the damaged files are only read. What could not be read is told, and is no error: it is why one repairs.

import { salvage } from '../index.ts'
import { problemLine } from './check.ts'
import { command } from './shared/command.ts'
import { checkThere } from './shared/databases.ts'

export default command({
  args: {
    damaged: { type: 'positional', required: true, description: 'Path of the damaged database', valueHint: 'path' },
    to: {
      type: 'positional',
      required: true,
      description: 'Path of the new one, where no file may be',
      valueHint: 'path'
    }
  },
  examples: [['repair damaged.quire new.quire', 'look at new.quire, then put it in the place of the damaged one']],
  async run({ args, output }) {
    checkThere(args.damaged)
    const report = await salvage(args.damaged, args.to)
    await output.report(report, ({ documentsCount, problemsCount, problems }) =>
      [
        `${args.to} has ${documentsCount} documents; ${problemsCount} things could not be read`,
        ...problems.map(problemLine)
      ].join('\n')
    )
  }
})
