// quire dump: everything that is in a database, as lines of JSON.
//
// Promises: all collections as of one moment, with their indexes. With --damaged it reads what a damaged database still
// holds, by way of a copy beside it that is removed. Leaves to others: the lines (the database's exportJson), reading
// them (load.ts).

import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { exportJson, salvage } from '../index.ts'
import { type CommandContext, command, FILE } from './shared/command.ts'
import { checkThere, withDatabase } from './shared/databases.ts'
import { STANDARD } from './shared/input.ts'
import { openTarget } from './shared/targets.ts'

const ARGS = {
  file: FILE,
  target: { type: 'positional', required: false, description: 'Path of the file; - or none: standard output' },
  sorted: { type: 'boolean', description: 'Documents in the order of their ids, for comparing dumps' },
  damaged: { type: 'boolean', description: 'Whatever can be read of a database that is damaged' },
  force: { type: 'boolean', description: 'Take the place of a file that is there' }
} as const

export default command({
  args: ARGS,
  examples: [
    ['dump app.quire app.jsonl', 'every collection with its indexes; quire load reads it'],
    ['dump app.quire --sorted | diff before.jsonl -', 'what has changed'],
    ['dump damaged.quire rest.jsonl --damaged', 'whatever can be read']
  ],
  endsItself: true,
  async run(context) {
    const { args } = context
    if (!args.damaged) return dump(context, args.file)
    checkThere(args.file)
    const directory = await mkdtemp(join(dirname(args.file), '.quire-dump-'))
    try {
      const copy = join(directory, 'salvaged.quire')
      const { problemsCount } = await salvage(args.file, copy)
      await dump(context, copy)
      if (problemsCount > 0) process.stderr.write(`quire: ${problemsCount} things could not be read\n`)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
})

async function dump({ args, output, settings, signal }: CommandContext<typeof ARGS>, file: string): Promise<void> {
  await withDatabase(file, 'read', settings, async database => {
    const target = await openTarget(args.target ?? STANDARD, output, args.force === true)
    try {
      for (const chunk of exportJson(database, { sorted: args.sorted === true })) {
        signal.throwIfAborted()
        await target.write(chunk)
      }
      await target.finish()
    } finally {
      await target.abandon()
    }
  })
}
