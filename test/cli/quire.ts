// The command `quire` as a child process, for tests. It is the built one, as users have it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The built command. */
export const QUIRE = fileURLToPath(new URL('../../dist/cli/index.js', import.meta.url))

/** What a command left behind. */
export interface Run {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** What stdout was, byte by byte. */
  readonly bytes: Uint8Array
}

/** How a command is run. */
export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** An empty directory that is removed at the end of the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'quiredb-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** The environment of a command that finds no settings of the user. */
export function plainEnvironment(directory: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH } = process.env
  return { PATH, HOME: directory, XDG_CONFIG_HOME: join(directory, 'settings'), ...more }
}

/** Starts `quire` in a directory. */
export function startQuire(directory: string, args: readonly string[], options: RunOptions = {}) {
  if (!existsSync(QUIRE)) throw new Error('dist/ is missing: `npm run build` makes it')
  return spawn(process.execPath, [QUIRE, ...args], {
    cwd: options.cwd ?? directory,
    env: plainEnvironment(directory, options.env),
    stdio: ['pipe', 'pipe', 'pipe']
  })
}

/** Runs `quire` in a directory to its end. */
export async function quire(directory: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = startQuire(directory, args, options)
  const stdout: Uint8Array[] = []
  let stderr = ''
  child.stdout.on('data', (bytes: Uint8Array) => stdout.push(bytes))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  const bytes = Buffer.concat(stdout)
  return { code, signal, stdout: bytes.toString('utf8'), stderr, bytes }
}

/** Runs `quire`, which must succeed and say nothing on stderr; gives its stdout. */
export async function done(directory: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await quire(directory, args, options)
  if (code !== 0 || stderr !== '') throw new Error(`quire ${args.join(' ')} ended with ${code}: ${stderr}`)
  return stdout
}

/** Runs `quire`, which must be refused with one line on stderr; gives the exit code and the code of that line. */
export async function refusal(directory: string, args: readonly string[], options: RunOptions = {}) {
  const { code, stdout, stderr } = await quire(directory, args, options)
  const [, errorCode] = /^quire: ([A-Z_]+): [^\n]+\n$/.exec(stderr) ?? []
  if (errorCode === undefined) throw new Error(`quire ${args.join(' ')} said ${JSON.stringify(stderr)}`)
  return { exit: code, code: errorCode, stdout }
}
