// A command: its arguments, its examples, and what it does.
//
// Promises: what the command line has must be an argument of the command, and nothing is missing before it runs; every
// command has examples. Leaves to others: which commands there are (../index.ts), how they end (main.ts).

import { parseArgs as parseStrictly } from 'node:util'
import { type ArgDef, type ArgsDef, type ParsedArgs, parseArgs, renderUsage } from 'citty'
import { EXITS, usageFailure } from './failure.ts'
import type { Output } from './output.ts'
import { flagOf, SETTINGS, type Settings, settingFlags } from './settings.ts'

/** What a command is run with. */
export interface CommandContext<T extends ArgsDef = ArgsDef> {
  readonly args: ParsedArgs<T>
  readonly output: Output
  readonly settings: Settings
  /** Aborted when the command shall end: by Ctrl-C, or because nobody reads its output any more. */
  readonly signal: AbortSignal
}

/** A command as its file tells it. */
export interface CommandPlan<T extends ArgsDef> {
  readonly args: T
  /** Command lines without `quire`, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** Whether it ends by itself soon after the signal is aborted; others are ended by an exit of the process. */
  readonly endsItself?: boolean
  /** Does it, and gives the exit code where that is not 0. */
  run(context: CommandContext<T>): Promise<number | undefined> | Promise<void>
}

/** A command of whichever arguments. */
export type Command = CommandPlan<ArgsDef>

/** A command. */
export function command<const T extends ArgsDef>(plan: CommandPlan<T>): Command {
  return plan as unknown as Command
}

/** The argument that every command on a database has. */
export const FILE = {
  type: 'positional',
  required: true,
  description: 'Path of the database',
  valueHint: 'path'
} as const
/** The argument of commands on a collection. */
export const COLLECTION = { type: 'positional', required: true, description: 'Name of the collection' } as const

/**
 * The arguments on a command line.
 * @throws Failure of a usage that is wrong: an option that is not known, a value that is missing or too many
 */
export function readArguments(plan: Command, line: readonly string[]): ParsedArgs {
  const args: ArgsDef = { ...plan.args, ...settingFlags() }
  checkStrictly(args, line)
  try {
    return parseArgs([...line], args)
  } catch (error) {
    throw usageFailure((error as Error).message)
  }
}

/** The parser that citty has passes over what it does not know; node's refuses it by name. */
function checkStrictly(args: ArgsDef, line: readonly string[]): void {
  const all = Object.entries(args)
  const flags = all.filter(([, { type }]) => type !== 'positional')
  const options = Object.fromEntries(flags.map(([name, definition]) => [name, strictOption(definition)]))
  let positionals: string[]
  try {
    positionals = parseStrictly({ args: [...line], options, strict: true, allowPositionals: true }).positionals
  } catch (error) {
    throw usageFailure((error as Error).message.replace(/\s*To specify a positional.*$/s, ''))
  }
  const most = all.length - flags.length
  if (positionals.length > most) throw usageFailure(`there is nothing that takes ${positionals[most]}`)
}

function strictOption(definition: ArgDef): { type: 'boolean' | 'string'; short?: string } {
  const alias = 'alias' in definition ? definition.alias : undefined
  const short = typeof alias === 'string' ? { short: alias } : {}
  return { type: definition.type === 'boolean' ? 'boolean' : 'string', ...short }
}

/** The help of a command. */
export async function helpOf(name: string, summary: string, plan: Command): Promise<string> {
  const flags = SETTINGS.filter(setting => setting.name !== 'json').map(setting => `--${flagOf(setting.name)}`)
  const json: ArgDef = { type: 'boolean', description: SETTINGS[0]?.description ?? '' }
  const usage = await renderUsage({
    meta: { name: `quire ${name}`, description: summary },
    args: { ...plan.args, json }
  })
  const examples = plan.examples.flatMap(([line, what]) => [`  # ${what}`, `  quire ${line}`])
  return `${usage}
EXAMPLES

${examples.join('\n')}

SETTINGS (quire config --help)

  ${flags.slice(0, 5).join(' ')}
  ${flags.slice(5).join(' ')}

${exitCodes()}`
}

/** The exit codes, as help tells them. */
export function exitCodes(): string {
  const lines = Object.values(EXITS).map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`)
  return `EXIT CODES\n\n${lines.join('\n')}\n`
}
