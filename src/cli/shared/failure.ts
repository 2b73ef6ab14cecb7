// How a command ends: exit codes, and errors that are told on one line.
//
// Promises: an exit code never changes its meaning; an error is one line on stderr, begins with its code and has no
// stack; with --json the line is JSON. Leaves to others: who raises what (the commands, the database).

/** The exit codes of `quire`, with what they mean. */
export const EXITS = {
  done: { code: 0, meaning: 'it was done' },
  error: { code: 1, meaning: 'an error: the line on stderr begins with its code' },
  usage: { code: 2, meaning: 'the command line or a setting is wrong; nothing was done' },
  notFound: { code: 3, meaning: 'a file, collection, document, key or index that was named is not there' },
  damage: { code: 4, meaning: 'the database is damaged' },
  interrupted: { code: 130, meaning: 'it was interrupted (Ctrl-C)' }
} as const

/** An error of a command itself; those of the database are QuireErrors. */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** The code that the line on stderr begins with. */
  readonly code: string
  /** How the process exits. */
  readonly exit: number

  constructor(code: string, exit: number, message: string) {
    super(message)
    this.code = code
    this.exit = exit
  }
}

/** The error of a command line or a setting that is wrong. */
export function usageFailure(message: string): Failure {
  return new Failure('USAGE', EXITS.usage.code, message)
}

/** The error of something that was named and is not there. */
export function notFound(message: string): Failure {
  return new Failure('NOT_FOUND', EXITS.notFound.code, message)
}

/** The end of a command that was interrupted before it was done. */
export function interrupted(message = 'interrupted'): Failure {
  return new Failure('INTERRUPTED', EXITS.interrupted.code, message)
}

/** Exit codes of errors of the database that have one of their own. */
const EXITS_OF_CODES: { readonly [code: string]: number } = {
  CORRUPTED: EXITS.damage.code,
  COLLECTION_NOT_FOUND: EXITS.notFound.code,
  INDEX_NOT_FOUND: EXITS.notFound.code,
  ENOENT: EXITS.notFound.code
}

/** An error as it is told. */
export interface ToldError {
  readonly code: string
  readonly message: string
  readonly exit: number
}

/** What is told of whatever was thrown. */
export function toldError(error: unknown): ToldError {
  if (error instanceof Failure) return { code: error.code, message: oneLine(error.message), exit: error.exit }
  const { code, message } = error as { code?: unknown; message?: unknown }
  // Errors of the database and of Node's file system have codes of capitals; an error without one is a bug of ours.
  const known = typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'INTERNAL'
  const text = typeof message === 'string' ? message : String(error)
  const prefix = `${known}: `
  const bare = text.startsWith(prefix) ? text.slice(prefix.length) : text
  return { code: known, message: oneLine(bare), exit: EXITS_OF_CODES[known] ?? EXITS.error.code }
}

/** The line on stderr. */
export function errorLine({ code, message }: ToldError, isJson: boolean): string {
  return isJson ? `${JSON.stringify({ error: { code, message } })}\n` : `quire: ${code}: ${message}\n`
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim()
}
