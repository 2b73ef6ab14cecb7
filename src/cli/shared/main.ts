// Running one command: from the command line to the exit code.
//
// Promises: whatever happens ends with one of the documented exit codes and at most one line on stderr; Ctrl-C ends a
// command, at the latest at the second time; a reader of stdout that goes away ends it quietly with 0. Only the command
// that is run is loaded. Leaves to others: which commands there are (../index.ts), arguments (command.ts).

import { stripVTControlCharacters } from 'node:util'
import { renderUsage } from 'citty'
import { type Command, exitCodes, helpOf, readArguments } from './command.ts'
import { EXITS, errorLine, interrupted, toldError, usageFailure } from './failure.ts'
import { readSettings, type Settings } from './settings.ts'

/** A command that can be picked. */
export interface Choice {
  /** One line of what it does. */
  readonly summary: string
  readonly load: () => Promise<{ readonly default: Command }>
}

/** The commands by their names, of one word or two. */
export type Choices = { readonly [name: string]: Choice }

/** Runs a command line; the process exits with what that gave. */
export async function main(line: readonly string[], choices: Choices, version: string): Promise<void> {
  let isJson = line.includes('--json')
  const tell = (error: unknown) => {
    const told = toldError(error)
    process.stderr.write(errorLine(told, isJson))
    process.exitCode = told.exit
  }
  process.stderr.on('error', () => undefined)
  try {
    const picked = pick(line, choices)
    if (picked === undefined) return await general(line, choices, version)
    const { name, rest } = picked
    const { summary, load } = choices[name] as Choice
    const { default: plan } = await load()
    if (asksForHelp(rest)) return printText(await helpOf(name, summary, plan))
    const args = readArguments(plan, rest)
    const settings = await readSettings(args)
    isJson = settings.isJson
    await runCommand(plan, args, settings, tell)
  } catch (error) {
    tell(error)
  }
}

/** Runs a command with its arguments, and closes its output. */
async function runCommand(
  plan: Command,
  args: ReturnType<typeof readArguments>,
  settings: Settings,
  tell: (error: unknown) => void
): Promise<void> {
  const { Output } = await import('./output.ts')
  const ending = new AbortController()
  const output = new Output(process.stdout, settings.isJson, () => ending.abort(interrupted()))
  const onInterrupt = () => {
    const isSecond = ending.signal.aborted
    ending.abort(interrupted())
    if (plan.endsItself === true && !isSecond) return
    tell(interrupted())
    process.exit()
  }
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onInterrupt)
  try {
    const code = await plan.run({ args, output, settings, signal: ending.signal })
    await output.flush()
    process.exitCode = code ?? EXITS.done.code
  } catch (error) {
    // What was printed before an error is part of the answer.
    await output.flush()
    if (output.isBroken) process.exitCode = EXITS.done.code
    else tell(error)
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onInterrupt)
  }
}

/** The command that a line begins with; undefined where it begins with none. */
function pick(line: readonly string[], choices: Choices): { name: string; rest: readonly string[] } | undefined {
  for (const words of [2, 1]) {
    const name = line.slice(0, words).join(' ')
    if (Object.hasOwn(choices, name)) return { name, rest: line.slice(words) }
  }
  return undefined
}

/** What a line without a command asks for. */
async function general(line: readonly string[], choices: Choices, version: string): Promise<void> {
  const [first, ...rest] = line
  if (first === '--version' || first === '-v') return printText(`${version}\n`)
  if (first === 'help' && rest.length > 0) return main([...rest, '--help'], choices, version)
  const asked = first === 'help' ? [] : line.filter(word => !word.startsWith('-'))
  if (asked.length > 0 && !isGroup(asked[0] as string, choices)) {
    throw usageFailure(`there is no command ${asked[0]}; quire --help tells all`)
  }
  const isHelp = first === 'help' || asksForHelp(line)
  if (!isHelp)
    throw usageFailure(asked.length > 0 ? `${asked[0]} is followed by another word` : 'no command; see quire --help')
  await printText(await generalHelp(asked[0], choices, version))
}

function isGroup(word: string, choices: Choices): boolean {
  return Object.keys(choices).some(name => name.startsWith(`${word} `))
}

async function generalHelp(group: string | undefined, choices: Choices, version: string): Promise<string> {
  const shown = Object.entries(choices).filter(([name]) => group === undefined || name.startsWith(`${group} `))
  const usage = await renderUsage({
    meta: { name: 'quire', version, description: 'Databases of QuireDB on the command line' },
    subCommands: Object.fromEntries(shown.map(([name, { summary }]) => [name, { meta: { description: summary } }]))
  })
  const lines = usage.replace(/^(.*USAGE.*?quire).*$/m, '$1 <command> [options]')
  return `${lines}\n\n${exitCodes()}`
}

function asksForHelp(line: readonly string[]): boolean {
  const end = line.indexOf('--')
  return line.slice(0, end < 0 ? line.length : end).some(word => word === '--help' || word === '-h')
}

async function printText(text: string): Promise<void> {
  process.stdout.on('error', () => undefined)
  process.stdout.write(process.stdout.isTTY ? text : stripVTControlCharacters(text))
}
