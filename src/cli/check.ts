// quire check: reads everything and compares it with everything else.
//
// Promises: writes nothing; exit code 4 when anything is wrong, also when it is too damaged to open.

import type { CheckReport, Problem } from '../index.ts'
import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { EXITS } from './shared/failure.ts'

export default command({
  args: { file: FILE },
  examples: [
    ['check app.quire', 'exit code 0 when all is well, 4 when something is damaged'],
    ["check app.quire --json | jq '.problems'", 'what is wrong']
  ],
  async run({ args, output, settings }) {
    const report = await withDatabase(args.file, 'read', settings, database => database.check())
    await output.report(report, report => tell(args.file, report))
    return report.isClean ? EXITS.done.code : EXITS.damage.code
  }
})

function tell(file: string, { isClean, pagesCount, documentsCount, problemsCount, problems }: CheckReport): string {
  const size = `${pagesCount} pages, ${documentsCount} documents`
  if (isClean) return `${file} is whole: ${size}`
  const untold = problemsCount - problems.length
  return [
    `${file} is damaged: ${problemsCount} problems, ${size}`,
    ...problems.map(problemLine),
    ...(untold > 0 ? [`and ${untold} more`] : []),
    `quire repair ${file} new.quire copies what can be read; a backup may have more`
  ].join('\n')
}

/** A problem on one line. */
export function problemLine({ code, message, page }: Problem): string {
  return `${code}${page === undefined ? '' : ` (page ${page})`}: ${message}`
}
