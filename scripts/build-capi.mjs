// Builds the C library for this machine into native/dist/capi/: the shared library under the name that the loader asks
// for, a link to it under the name that the linker asks for, and the static library. With `header` it makes quire.h
// anew from the sources instead (native/capi/tests/header.rs writes it). Leaves to others: installing (install-capi.mjs).

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUTPUT = `${ROOT}native/dist/capi`
const RELEASE = `${process.env['CARGO_TARGET_DIR'] ?? `${ROOT}native/target`}/release`

/** What cargo makes on each system, and the name that the shared library is looked for under at run time. */
const LIBRARIES = {
  linux: { made: ['libquire.so', 'libquire.a'], loaded: 'libquire.so.1' },
  darwin: { made: ['libquire.dylib', 'libquire.a'], loaded: undefined },
  win32: { made: ['quire.dll', 'quire.dll.lib', 'quire.lib'], loaded: undefined }
}

/**
 * Runs cargo on the workspace; ends this program when it fails.
 * @param {string[]} args
 * @param {Record<string, string>} environment
 */
function cargo(args, environment = {}) {
  const command = [args[0] ?? '', '--manifest-path', `${ROOT}native/Cargo.toml`, ...args.slice(1)]
  const { status } = spawnSync('cargo', command, { stdio: 'inherit', env: { ...process.env, ...environment } })
  if (status !== 0) process.exit(status ?? 1)
}

function build() {
  cargo(['build', '--release', '--package', 'quire-capi'])
  const { made, loaded } = LIBRARIES[/** @type {keyof typeof LIBRARIES} */ (process.platform)] ?? LIBRARIES.linux
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT, { recursive: true })
  for (const name of made) {
    const isShared = loaded?.startsWith(name) === true
    copyFileSync(`${RELEASE}/${name}`, `${OUTPUT}/${isShared ? loaded : name}`)
    if (isShared) symlinkSync(loaded, `${OUTPUT}/${name}`)
  }
}

if (process.argv[2] === 'header') {
  cargo(['test', '--package', 'quire-capi', '--test', 'header', '--quiet'], { QUIRE_HEADER: 'write' })
} else {
  build()
}
