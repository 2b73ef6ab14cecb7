// Child processes and worker threads for tests. They load the built package, because Node 20 runs no TypeScript.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/** The built package. */
export const PACKAGE = new URL('../../dist/index.js', import.meta.url).href
const PRELUDE = `import { open, QuireError, salvage } from ${JSON.stringify(PACKAGE)}\nconst [path] = process.argv.slice(1)\n`

/** What a child process left behind. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

function checkBuilt(): void {
  if (!existsSync(fileURLToPath(PACKAGE))) throw new Error('dist/ is missing: `npm run build` makes it')
}

/** Starts `script`, a module that sees `open`, `QuireError`, `salvage`, `path`, and `more` behind it in `process.argv`. */
export function startChild(
  script: string,
  path: string,
  more: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env
): ChildProcess {
  checkBuilt()
  const command = ['--input-type=module', '--expose-gc', '-e', PRELUDE + script, path, ...more]
  return spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'pipe'], env })
}

/** Waits for the end of a child. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode, ...output }
}

/** Runs `script` to its end. */
export function runChild(script: string, path: string): Promise<Ended> {
  return ended(startChild(script, path))
}

/** Starts `script` in a worker thread; it also sees `parentPort` and `workerData`. */
export function startWorker(script: string, path: string, workerData?: unknown): Worker {
  checkBuilt()
  const prelude = `import { parentPort, workerData } from 'node:worker_threads'\n${PRELUDE.replace('process.argv.slice(1)', JSON.stringify([path]))}`
  const source = `data:text/javascript,${encodeURIComponent(prelude + script)}`
  return new Worker(new URL(source), { workerData })
}
