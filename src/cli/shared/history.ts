// Where the console keeps what was typed.
//
// Promises: only the user can read it; QUIRE_HISTORY names another place, and an empty one none.
// Source: the XDG Base Directory Specification.

import { mkdir, open } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** The path of the history; undefined where none is kept. The folder and the file are made. */
export async function historyPath(): Promise<string | undefined> {
  const { QUIRE_HISTORY: given, XDG_STATE_HOME: state = '' } = process.env
  if (given === '') return undefined
  const home = isAbsolute(state) ? state : join(homedir(), '.local', 'state')
  const path = given ?? join(home, 'quire', 'history')
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await (await open(path, 'a', 0o600)).close()
  } catch {
    return undefined
  }
  return path
}
