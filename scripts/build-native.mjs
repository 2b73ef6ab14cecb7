// Builds the native addon for this machine into native/dist/, with the loader that finds it: the local binary first,
// then the package of this platform. @napi-rs/cli does both; it knows the names to export only of addons that are
// declared by its macros, and this one registers its calls by hand (native/node/src/lib.rs), so they are read off it.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { NapiCli, readNapiConfig, writeJsBinding } from '@napi-rs/cli'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUTPUT = `${ROOT}native/dist`

const { task } = await new NapiCli().build({
  cwd: ROOT,
  manifestPath: 'native/node/Cargo.toml',
  packageJsonPath: 'package.json',
  outputDir: 'native/dist',
  platform: true,
  release: true,
  noJsBinding: true
})
const addon = (await task).find(({ kind }) => kind === 'node')
if (addon === undefined) throw new Error('the build made no addon')
const { binaryName, packageName, packageJson } = await readNapiConfig(`${ROOT}package.json`)
await writeJsBinding({
  platform: true,
  format: 'commonjs',
  jsBinding: 'binding.cjs',
  idents: Object.keys(createRequire(import.meta.url)(addon.path)),
  binaryName,
  packageName,
  version: packageJson.version,
  outputDir: OUTPUT
})
