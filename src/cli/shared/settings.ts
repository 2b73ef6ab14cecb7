// Settings: how databases are opened and results printed, and where each value comes from.
//
// Increasing strength: the default, ./quire.toml, the user's quire/config.toml, the environment (QUIRE_CACHE_SIZE), flags
// (--cache-size). Promises: a setting is named once, here; one that is not known or out of place is refused with the
// place where it stands. Leaves to others: bounds of values (the database), reading files (settings-files.ts).

import type { ArgDef } from 'citty'
import type { OpenOptions } from '../../index.ts'
import { usageFailure } from './failure.ts'
import { readSettingsFiles } from './settings-files.ts'
import { parseSize, parseTime } from './units.ts'

/** The name of a setting, as in a file. */
export type SettingName = keyof Omit<OpenOptions, 'readOnly' | 'create'> | 'json'

/** A setting. */
interface Setting {
  readonly name: SettingName
  readonly kind: 'size' | 'time' | 'truth' | readonly string[]
  readonly description: string
  /** What holds where nothing is said; undefined leaves it to the database. */
  readonly byDefault?: string | boolean
}

/** The settings, in the order in which they are told. */
export const SETTINGS: readonly Setting[] = [
  { name: 'json', kind: 'truth', description: 'Print results and errors as JSON, one value a line', byDefault: false },
  {
    name: 'durability',
    kind: ['process', 'disk', 'lazy'],
    description: 'When a write is safe: from a kill, from a power cut, or a moment later'
  },
  { name: 'cacheSize', kind: 'size', description: 'Most bytes of pages kept in memory' },
  { name: 'lockWait', kind: 'time', description: 'How long a write waits for a collection that is held' },
  { name: 'syncInterval', kind: 'time', description: 'Time between syncs in the background' },
  { name: 'documentBytesMax', kind: 'size', description: 'Largest document' },
  { name: 'checkpointLogSize', kind: 'size', description: 'Bytes of log that start a checkpoint', byDefault: '16MiB' },
  { name: 'watchSize', kind: 'size', description: 'Bytes kept of the newest changes while somebody watches' },
  { name: 'ttlInterval', kind: 'time', description: 'Time between looks for documents that have expired; 0 for never' },
  { name: 'log', kind: ['mapped', 'write'], description: 'How small commits get into the log' }
]

/** The value of a setting, and where it stands. */
export interface SettingInForce {
  readonly name: SettingName
  readonly value: string | number | boolean | null
  /** `default`, the path of a file, `environment QUIRE_…` or `flag --…`. */
  readonly from: string
}

/** The settings in force. */
export class Settings {
  /** All of them, in order; null stands for the database's own default. */
  readonly list: readonly SettingInForce[]

  constructor(list: readonly SettingInForce[]) {
    this.list = list
  }

  /** These settings, with a value of `name` where nothing was said of it. */
  withDefault(name: SettingName, value: number): Settings {
    const isOpen = (setting: SettingInForce) => setting.name === name && setting.value === null
    return new Settings(this.list.map(setting => (isOpen(setting) ? { ...setting, value } : setting)))
  }

  /** Whether results are printed as JSON. */
  get isJson(): boolean {
    return this.list.some(({ name, value }) => name === 'json' && value === true)
  }

  /** The options of `open`. */
  get openOptions(): OpenOptions {
    const given = this.list.filter(({ name, value }) => name !== 'json' && value !== null)
    return Object.fromEntries(given.map(({ name, value }) => [name, value])) as OpenOptions
  }
}

/** The flag of a setting, without dashes. */
export function flagOf(name: SettingName): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** The variable of the environment that a setting reads. */
export function variableOf(name: SettingName): string {
  return `QUIRE_${flagOf(name).replaceAll('-', '_').toUpperCase()}`
}

/** The flags of all settings, as arguments of a command. */
export function settingFlags(): Record<string, ArgDef> {
  return Object.fromEntries(
    SETTINGS.map(({ name, kind, description }): [string, ArgDef] => {
      if (kind === 'truth') return [flagOf(name), { type: 'boolean', description }]
      if (typeof kind === 'string') return [flagOf(name), { type: 'string', description, valueHint: kind }]
      return [flagOf(name), { type: 'string', description, valueHint: kind.join('|') }]
    })
  )
}

/**
 * The settings in force.
 * @param flags the flags that were given, by their names
 */
export async function readSettings(flags: Readonly<Record<string, unknown>>): Promise<Settings> {
  const known = new Set<string>(SETTINGS.map(({ name }) => name))
  const files = await readSettingsFiles(process.cwd(), process.env)
  for (const { path, values } of files) {
    const unknown = Object.keys(values).find(name => !known.has(name))
    if (unknown !== undefined)
      throw usageFailure(`${path} has ${unknown}, which is no setting; see quire config --help`)
  }
  return new Settings(
    SETTINGS.map(setting => {
      const { name } = setting
      const flag = flags[flagOf(name)]
      if (flag !== undefined) return inForce(setting, flag, `flag --${flagOf(name)}`)
      const variable = process.env[variableOf(name)]
      if (variable !== undefined) return inForce(setting, variable, `environment ${variableOf(name)}`)
      const file = files.find(({ values }) => Object.hasOwn(values, name))
      if (file !== undefined) return inForce(setting, file.values[name], file.path)
      return inForce(setting, setting.byDefault ?? null, 'default')
    })
  )
}

function inForce(setting: Setting, given: unknown, from: string): SettingInForce {
  const { name, kind } = setting
  if (given === null) return { name, value: null, from }
  const what = `${name} (${from})`
  if (kind === 'truth') return { name, value: truthOf(given, what), from }
  const text = typeof given === 'string' || typeof given === 'number' ? String(given) : undefined
  if (text === undefined) throw usageFailure(`${what} must be text or a number`)
  if (kind === 'size') return { name, value: parseSize(text, what), from }
  if (kind === 'time') return { name, value: parseTime(text, what), from }
  if (kind.includes(text)) return { name, value: text, from }
  throw usageFailure(`${what} must be one of ${kind.join(', ')}, not ${text}`)
}

const TRUTHS: { readonly [text: string]: boolean } = { true: true, 1: true, false: false, 0: false }

function truthOf(given: unknown, what: string): boolean {
  const truth = typeof given === 'boolean' ? given : TRUTHS[String(given)]
  if (truth === undefined) throw usageFailure(`${what} must be true or false, not ${String(given)}`)
  return truth
}
