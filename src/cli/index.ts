#!/usr/bin/env node
// The command `quire`: which commands there are.
//
// Promises: only the command that is run is loaded, and help and the version load none. Leaves to others: running one
// (shared/main.ts), each command (the file of its name). docs/CLI.md is the manual.

import { readFileSync } from 'node:fs'
import { type Choices, main } from './shared/main.ts'

const COMMANDS: Choices = {
  get: { summary: 'Print the value of a key', load: () => import('./get.ts') },
  set: { summary: 'Give a key a value', load: () => import('./set.ts') },
  unset: { summary: 'Take a key away', load: () => import('./unset.ts') },
  find: { summary: 'Print the documents that match a filter', load: () => import('./find.ts') },
  count: { summary: 'Count the documents that match a filter', load: () => import('./count.ts') },
  aggregate: { summary: 'Print the results of an aggregation pipeline', load: () => import('./aggregate.ts') },
  insert: { summary: 'Insert documents', load: () => import('./insert.ts') },
  update: { summary: 'Change documents', load: () => import('./update.ts') },
  delete: { summary: 'Delete documents', load: () => import('./delete.ts') },
  'index create': { summary: 'Make an index', load: () => import('./index-create.ts') },
  'index list': { summary: 'Print the indexes of a collection', load: () => import('./index-list.ts') },
  'index drop': { summary: 'Drop an index', load: () => import('./index-drop.ts') },
  import: { summary: 'Import documents from a file or a pipe', load: () => import('./import.ts') },
  export: { summary: 'Export the documents of a collection', load: () => import('./export.ts') },
  dump: { summary: 'Print everything that is in a database', load: () => import('./dump.ts') },
  load: { summary: 'Read a dump into a database', load: () => import('./load.ts') },
  shell: { summary: 'Open a console on a database', load: () => import('./shell.ts') },
  open: { summary: 'The same as shell', load: () => import('./shell.ts') },
  watch: { summary: 'Print changes as they are committed', load: () => import('./watch.ts') },
  stats: { summary: 'Print counts and sizes', load: () => import('./stats.ts') },
  check: { summary: 'Look for damage in all of a database', load: () => import('./check.ts') },
  repair: { summary: 'Copy what a damaged database still holds to a new one', load: () => import('./repair.ts') },
  backup: { summary: 'Copy a database', load: () => import('./backup.ts') },
  compact: { summary: 'Give back the room that deletes left', load: () => import('./compact.ts') },
  bench: { summary: 'Measure how fast a database is on this machine', load: () => import('./bench.ts') },
  serve: { summary: 'Serve the databases of a folder over HTTP', load: () => import('./serve.ts') },
  'token create': { summary: 'Make a token that opens databases of a server', load: () => import('./token-create.ts') },
  'token list': { summary: 'Print the tokens of a server', load: () => import('./token-list.ts') },
  'token revoke': { summary: 'Take a token back', load: () => import('./token-revoke.ts') },
  config: { summary: 'Print the settings in force, and where they come from', load: () => import('./config.ts') }
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

await main(process.argv.slice(2), COMMANDS, version)
