// What the figures were measured on and with: a figure without this is no figure.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, cpus, release, totalmem, type } from 'node:os'

/** The machine and the versions, for the report's head and its JSON. */
export interface Surroundings {
  processor: string
  cores: number
  memoryBytes: number
  system: string
  node: string
  /** Versions by package name; quiredb's with the commit it was built from. */
  packages: Record<string, string>
  date: string
}

/** Directory of the repository, seen from the compiled file. */
export const ROOT = new URL('../../', import.meta.url)

function versionOf(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name)
  const folder = entry.slice(0, entry.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length)
  return JSON.parse(readFileSync(`${folder}package.json`, 'utf8')).version
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  } catch {
    return 'no commit'
  }
}

/** Reads the machine's own words about itself and the versions of the named packages. */
export function surroundings(packages: Iterable<string>): Surroundings {
  const own = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')).version
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    packages: {
      quiredb: `${own} (${commit()})`,
      ...Object.fromEntries([...packages].map(name => [name, versionOf(name)]))
    },
    date: new Date().toISOString()
  }
}
