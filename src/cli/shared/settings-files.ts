// The files that settings are read from: TOML.
//
// Promises: a file that is not there says nothing; one that cannot be read or is no TOML is refused by its path. The
// reader of TOML is loaded when there is a file. Leaves to others: what the values mean (settings.ts).
// Source: the XDG Base Directory Specification; TOML 1.0.

import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { usageFailure } from './failure.ts'

/** A file with settings. */
export interface SettingsFile {
  readonly path: string
  readonly values: Readonly<Record<string, unknown>>
}

/** The paths that are looked at, the strongest first. */
export function settingsPaths(directory: string, environment: NodeJS.ProcessEnv): string[] {
  const { XDG_CONFIG_HOME: given = '', APPDATA: roaming = '' } = environment
  // The specification has relative paths ignored.
  const home = isAbsolute(given) ? given : isAbsolute(roaming) ? roaming : join(homedir(), '.config')
  return [join(home, 'quire', 'config.toml'), join(directory, 'quire.toml')]
}

/** The files that are there, the strongest first. */
export async function readSettingsFiles(directory: string, environment: NodeJS.ProcessEnv): Promise<SettingsFile[]> {
  const files = await Promise.all(settingsPaths(directory, environment).map(readSettingsFile))
  return files.filter(file => file !== undefined)
}

async function readSettingsFile(path: string): Promise<SettingsFile | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw usageFailure(`the settings in ${path} cannot be read: ${message}`)
  }
  const { parse } = await import('smol-toml')
  try {
    return { path, values: parse(text) }
  } catch (error) {
    throw usageFailure(`${path} is no TOML: ${(error as Error).message}`)
  }
}
