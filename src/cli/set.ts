// quire set: gives a key a value.
//
// Promises: an argument is text, standard input is bytes as they are, unless --as says what they are.

import type { KvSetOptions, KvStore, KvVersion } from '../index.ts'
import { command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { EXITS, Failure, usageFailure } from './shared/failure.ts'
import { readStandardInput, STANDARD, textOf } from './shared/input.ts'
import { parseTime } from './shared/units.ts'
import { parseCount, parseValue } from './shared/values.ts'

/** What the value is. */
const KINDS = ['text', 'bytes', 'json']

export default command({
  args: {
    file: FILE,
    key: { type: 'positional', required: true, description: 'Store and key, as store/key' },
    value: { type: 'positional', required: false, description: 'The value; - or none: standard input' },
    as: { type: 'enum', options: KINDS, description: 'What it is: arguments are text, standard input is bytes' },
    ttl: { type: 'string', valueHint: 'time', description: 'How long it lives, such as 30s, 5m, 2h or 7d' },
    'if-absent': { type: 'boolean', description: 'Only when the key has no value' },
    'if-version': { type: 'string', valueHint: 'version', description: 'Only when the key has this version' }
  },
  examples: [
    ["set app.quire artists/nina 'Nina Simone'", 'a text; the store is made when it is not there'],
    ['set app.quire limits/day 500 --as json', 'a number'],
    ['set app.quire pictures/cover < cover.png', 'bytes'],
    ['set app.quire sessions/42 ada --ttl 30m', 'gone after half an hour']
  ],
  async run({ args, output, settings }) {
    const value = await givenValue(args.value, args.as)
    const options = args.ttl === undefined ? {} : { ttl: parseTime(args.ttl, '--ttl') }
    if (args['if-absent'] && args['if-version'] !== undefined) {
      throw usageFailure('--if-absent and --if-version exclude each other')
    }
    const condition = args['if-version'] === undefined ? undefined : parseCount(args['if-version'], '--if-version')
    const version = await withDatabase(args.file, 'create', settings, database => {
      const { store, key } = placeOf(args.key)
      return write(database.kv(store), key, value, options, args['if-absent'] ? null : condition)
    })
    if (version === undefined) throw new Failure('CONFLICT', EXITS.error.code, `key ${args.key} is not as was asked`)
    if (output.isJson) await output.value({ version })
  }
})

/** Writes; with a version, or null for none, only when the key has that one. */
function write(
  store: KvStore,
  key: string,
  value: unknown,
  options: KvSetOptions,
  condition: KvVersion | null | undefined
): KvVersion | undefined {
  return condition === undefined ? store.set(key, value, options) : store.compareAndSet(key, condition, value, options)
}

async function givenValue(argument: string | undefined, kind: string | undefined): Promise<unknown> {
  const isInput = argument === undefined || argument === STANDARD
  const as = kind ?? (isInput ? 'bytes' : 'text')
  if (as === 'bytes' && isInput) {
    if (argument === undefined && process.stdin.isTTY) throw usageFailure('the value is missing; give it, or -')
    return readStandardInput()
  }
  const text = await textOf(argument, 'the value')
  if (as === 'json') return parseValue(text, 'the value')
  return as === 'bytes' ? new TextEncoder().encode(text) : text
}

/** The store and the key of a path; the store's name ends at the first slash. */
function placeOf(path: string): { store: string; key: string } {
  const at = path.indexOf('/')
  if (at <= 0 || at === path.length - 1) throw usageFailure(`${path} is not of the form store/key`)
  return { store: path.slice(0, at), key: path.slice(at + 1) }
}
