// quire shell: a console on a database, with the habits of mongosh.
//
// Promises: `db` is the database and `db.users` the collection of that name; results of many documents come twenty at a
// time, `it` gives the next; a pipe is read line by line, and its first error ends the shell with that error's exit
// code. Leaves to others: reading JavaScript (node:repl), habits (shared/habits.ts), where the history is
// (shared/history.ts).

import { Readable } from 'node:stream'
import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { Console } from './shared/terminal.ts'

export default command({
  args: {
    file: FILE,
    eval: { type: 'string', valueHint: 'code', description: 'Run this instead of what is typed' },
    'read-only': { type: 'boolean', description: 'Refuse every write' },
    existing: { type: 'boolean', description: 'Refuse a file that is not there' }
  },
  examples: [
    ['shell app.quire', 'db.users.find({ age: { $gt: 30 } }).limit(5)'],
    ["shell app.quire --eval 'db.users.countDocuments()'", 'runs a line and ends'],
    ['shell app.quire < script.js', 'runs what comes by the pipe']
  ],
  endsItself: true,
  async run({ args, settings, output, signal }) {
    const access = args['read-only'] ? 'read' : args.existing ? 'write' : 'create'
    await withDatabase(args.file, access, settings, async database => {
      const input = args.eval === undefined ? process.stdin : Readable.from([`${args.eval}\n`])
      await new Console(database, output, signal).run(input)
    })
  }
})
