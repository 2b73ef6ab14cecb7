// The README's code runs as it stands: its types are checked, and it runs on the built package, as a user's program.
//
// Promises: every block of TypeScript is run; what it leaves behind is what it says. Leaves to others: the examples
// (examples.test.ts), the shell commands (the demo's test, and CI itself).

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { open } from 'quiredb'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Inside the package, so that the package's own name leads to its built files. */
const BUILT = join(ROOT, 'build', 'readme')

const blocks = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code = '']) => code
)

test('the_code_of_the_readme_is_sound_and_runs', { timeout: 120_000 }, () => {
  expect(blocks).toHaveLength(1)
  rmSync(BUILT, { recursive: true, force: true })
  mkdirSync(BUILT, { recursive: true })
  const options = { noEmit: false, declaration: false, rootDir: '.', outDir: '.', types: ['node'], paths: {} }
  const settings = {
    extends: '../../tsconfig.json',
    compilerOptions: options,
    include: [],
    files: blocks.map((_, index) => `block-${index}.ts`)
  }
  writeFileSync(join(BUILT, 'tsconfig.json'), JSON.stringify(settings))
  blocks.forEach((code, index) => {
    writeFileSync(join(BUILT, `block-${index}.ts`), code)
  })
  execFileSync('npx', ['tsc', '-p', BUILT], { cwd: ROOT, stdio: 'pipe', shell: process.platform === 'win32' })
  const directory = mkdtempSync(join(tmpdir(), 'quire-readme-'))
  try {
    const output = execFileSync(process.execPath, [join(BUILT, 'block-0.js')], { cwd: directory, encoding: 'utf8' })
    expect(output).toBe('Ada\nLinus\n')
    const database = open(join(directory, 'app.quire'))
    const names = [...database.collection<{ name: string }>('users').find({}, { sort: { name: 1 } })]
    expect(names.map(({ name }) => name)).toEqual(['Grace', 'Linus'])
    expect(database.collection('log').countDocuments()).toBe(1)
    database.close()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
