// Says in one sentence what this machine lacks for building QuireDB, and nothing when it lacks nothing.
// The smallest versions stand in one place each: package.json (engines.node) and native/Cargo.toml (rust-version).
// Plain JavaScript without dependencies, because it runs before anything is built.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Compares two dotted versions by their first three numbers.
 * @param {string} found
 * @param {string} needed
 */
function isAtLeast(found, needed) {
  const [have, want] = [found, needed].map(version => version.split('.').map(Number))
  for (let part = 0; part < 3; part++) {
    const difference = (have?.[part] ?? 0) - (want?.[part] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

/**
 * Reads one captured value out of a file of this repository.
 * @param {string} path
 * @param {RegExp} pattern
 */
function declared(path, pattern) {
  const value = pattern.exec(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'))?.[1]
  if (value === undefined) throw new Error(`${path} holds nothing that matches ${pattern}`)
  return value
}

/**
 * What a program prints about its version, or undefined when it cannot be run.
 * @param {string} program
 */
function versionOf(program) {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return status === 0 ? (/\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? '0') : undefined
}

/** The one sentence for the first thing that is missing, or undefined. */
function missing() {
  const node = declared('package.json', /"node": ">=([\d.]+)"/)
  if (!isAtLeast(process.versions.node, node)) {
    return `QuireDB needs Node ${node} or later, and this is Node ${process.versions.node}: install a newer one from https://nodejs.org.`
  }
  const rust = declared('native/Cargo.toml', /rust-version = "([\d.]+)"/)
  const cargo = versionOf('cargo')
  if (cargo === undefined) {
    return `QuireDB's engine is built from Rust, and there is no cargo on the PATH: install Rust ${rust} or later with rustup (https://rustup.rs) and run this again.`
  }
  if (!isAtLeast(cargo, rust)) {
    return `QuireDB's engine needs Rust ${rust} or later, and this is ${cargo}: run "rustup update stable".`
  }
  // On Windows rustc finds the linker of Visual Studio by itself, off the PATH.
  const linker = process.env['CC'] ?? 'cc'
  if (process.platform !== 'win32' && versionOf(linker) === undefined) {
    const help = process.platform === 'darwin' ? 'xcode-select --install' : 'apt-get install gcc on Debian'
    return `QuireDB's engine is linked by a C compiler, and "${linker}" cannot be run: install one (${help}) and run this again.`
  }
  return undefined
}

const sentence = missing()
if (sentence !== undefined) {
  console.error(sentence)
  process.exitCode = 1
}
