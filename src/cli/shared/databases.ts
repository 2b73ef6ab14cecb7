// Opening the database that a command names.
//
// Promises: a file that is not there is made only by commands that say so; commands that only read open it for reading,
// which changes nothing and lets others read as well; it is closed whatever happens. Leaves to others: options
// (settings.ts).

import { existsSync } from 'node:fs'
import { type Database, open } from '../../index.ts'
import { notFound } from './failure.ts'
import type { Settings } from './settings.ts'

/** What a command does with a database. */
export type Access = 'read' | 'write' | 'create'

/** Runs `work` on the database at `path`. */
export async function withDatabase<R>(
  path: string,
  access: Access,
  settings: Settings,
  work: (database: Database) => R | Promise<R>
): Promise<R> {
  if (access !== 'create') checkThere(path)
  const options = { ...settings.openOptions, create: access === 'create', readOnly: access === 'read' }
  await using database = open(path, options)
  return await work(database)
}

/** Refuses a path where there is no file. */
export function checkThere(path: string): void {
  if (!existsSync(path)) throw notFound(`there is no database ${path}`)
}
