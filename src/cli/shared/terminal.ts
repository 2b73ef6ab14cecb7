// The console: JavaScript typed or piped, with a database.
//
// Promises: typed lines are kept in the history, piped ones are not; errors of the database are one line with their
// code. Leaves to others: reading and completing (node:repl), habits (habits.ts).

import { once } from 'node:events'
import { createInterface } from 'node:readline'
import repl, { type REPLServer, Recoverable } from 'node:repl'
import { inspect, promisify } from 'node:util'
import { createContext, Script } from 'node:vm'
import { AggregationCursor, Cursor, type Database, KvList } from '../../index.ts'
import { EXITS, Failure, toldError } from './failure.ts'
import { habitOf, withCollections } from './habits.ts'
import { historyPath } from './history.ts'
import type { Output } from './output.ts'

/** Documents that are shown at once. */
const PAGE_DOCUMENTS = 20

/** Something that gives documents one by one. */
type Listing = Iterator<unknown>

/** A console on a database. */
export class Console {
  readonly #database: Database
  readonly #output: Output
  readonly #signal: AbortSignal
  /** What `it` goes on with. */
  #listing: Listing | undefined

  constructor(database: Database, output: Output, signal: AbortSignal) {
    this.#database = database
    this.#output = output
    this.#signal = signal
  }

  /**
   * Reads `input` to its end.
   * @throws the first error, where nobody types
   */
  async run(input: NodeJS.ReadableStream & { readonly isTTY?: boolean }): Promise<void> {
    if (input.isTTY === true && this.#output.isTerminal) await this.#runTyped(input)
    else await this.#runPiped(input)
  }

  async #runTyped(input: NodeJS.ReadableStream): Promise<void> {
    const server = repl.start({
      prompt: 'quire> ',
      input,
      output: process.stdout,
      ignoreUndefined: true,
      writer: value => this.#show(value),
      eval: (code, context, _file, callback) => {
        const failed = (error: Error) =>
          error instanceof Recoverable ? callback(error, undefined) : callback(null, new ToldLine(errorText(error)))
        this.#evaluate(code, context).then(value => callback(null, value), failed)
      }
    })
    Object.defineProperty(server.context, 'db', { value: withCollections(this.#database), enumerable: true })
    const onAbort = () => server.close()
    this.#signal.addEventListener('abort', onAbort, { once: true })
    await keepHistory(server)
    await once(server, 'exit')
    this.#signal.removeEventListener('abort', onAbort)
  }

  async #runPiped(input: NodeJS.ReadableStream): Promise<void> {
    const context = createContext({ db: withCollections(this.#database) })
    let code = ''
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      this.#signal.throwIfAborted()
      code += `${line}\n`
      if (await this.#runPiece(code, context)) code = ''
    }
    if (code.trim() !== '') throw new Failure('SCRIPT', EXITS.error.code, 'the input ends in the middle of a statement')
  }

  /** Runs lines, and prints what they give; false when more lines belong to them. */
  async #runPiece(code: string, context: object): Promise<boolean> {
    try {
      const value = await this.#evaluate(code, context)
      if (value !== undefined) await this.#output.line(this.#show(value))
      return true
    } catch (error) {
      if (error instanceof Recoverable) return false
      if (toldError(error).code !== 'INTERNAL') throw error
      throw new Failure('SCRIPT', EXITS.error.code, errorText(error))
    }
  }

  /**
   * What lines give; a promise is waited for.
   * @throws Recoverable when more lines belong to them
   */
  async #evaluate(code: string, context: object): Promise<unknown> {
    const line = code.trim()
    if (line === '') return undefined
    if (line === 'it') return new ToldLine(this.#page())
    const habit = habitOf(line, this.#database)
    if (habit !== undefined) return new ToldLine(String(habit()))
    return await (scriptOf(line).runInContext(context) as unknown)
  }

  /** A result as it is printed. */
  #show(value: unknown): string {
    if (value instanceof ToldLine) return value.text
    if (value instanceof Cursor || value instanceof AggregationCursor || value instanceof KvList) {
      this.#listing = (value as Iterable<unknown>)[Symbol.iterator]()
      return this.#page()
    }
    return this.#text(value)
  }

  /** The next documents of what is listed. */
  #page(): string {
    const listing = this.#listing
    if (listing === undefined) return 'nothing is listed'
    const shown: string[] = []
    try {
      while (shown.length < PAGE_DOCUMENTS) {
        const { done, value } = listing.next()
        if (done === true) {
          this.#listing = undefined
          return shown.join('\n')
        }
        shown.push(this.#text(value))
      }
    } catch (error) {
      this.#listing = undefined
      return [...shown, errorText(error)].join('\n')
    }
    return [...shown, 'it gives more'].join('\n')
  }

  #text(value: unknown): string {
    if (typeof value === 'string') return this.#output.isTerminal ? inspect(value, { colors: true }) : value
    return inspect(value, { depth: 20, colors: this.#output.isTerminal, maxArrayLength: 1000, breakLength: 120 })
  }
}

/** A script; what begins with a brace is an object where it can be one. */
function scriptOf(code: string): Script {
  if (code.startsWith('{')) {
    try {
      return new Script(`(${code})`)
    } catch {
      // It is a block, or its end is missing.
    }
  }
  try {
    return new Script(code)
  } catch (error) {
    const { message } = error as Error
    if (/^(Unexpected end of input|Unterminated template literal|missing \) after argument list)/.test(message)) {
      throw new Recoverable(error as Error)
    }
    throw error
  }
}

/** Text that is printed as it is. */
class ToldLine {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function errorText(error: unknown): string {
  const { code, message } = toldError(error)
  if (code !== 'INTERNAL') return `${code}: ${message}`
  // An error of what was typed, such as a TypeError; its stack is that of the console.
  const { name } = error as { name?: unknown }
  return `${typeof name === 'string' ? name : 'Error'}: ${message}`
}

async function keepHistory(server: REPLServer): Promise<void> {
  const path = await historyPath()
  // A history that cannot be kept is told by node's console, which goes on without it.
  if (path !== undefined) await promisify(server.setupHistory.bind(server) as never)(path as never)
}
