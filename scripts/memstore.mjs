// memstore's server as a program of this machine, for the benchmarks that stand beside it.
//
// Promises: built at one commit; where `go` cannot have the module, SEED_MEMSTORE names a folder with its sources; what
// cannot be built is told in words. Leaves to others: running it (bench/seeds/memstore.go, bench/server-sides.ts).

import { mkdirSync } from 'node:fs'
import { ON_WINDOWS, ROOT, run } from './suite.mjs'

const OUTPUT = `${ROOT}build/seeds`
/** Which memstore it is. */
export const MEMSTORE = { module: 'github.com/FoxFurry/memstore', version: '5c68a91' }
/** Where the program is. */
export const MEMSTORE_PROGRAM = `${OUTPUT}/memstore${ON_WINDOWS ? '.exe' : ''}`

/** Builds it; gives what `run` gives. */
export function buildMemstore() {
  mkdirSync(OUTPUT, { recursive: true })
  const env = { CGO_ENABLED: '0', GOBIN: OUTPUT }
  const sources = process.env['SEED_MEMSTORE']
  return sources === undefined
    ? run(['go', 'install', `${MEMSTORE.module}@${MEMSTORE.version}`], { cwd: OUTPUT, env: { ...env, GOFLAGS: '' } })
    : run(['go', 'build', '-o', `${OUTPUT}/`, '.'], { cwd: sources, env: { ...env, GOFLAGS: '-mod=mod' } })
}
