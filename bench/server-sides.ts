// The servers that bench/server.ts compares: how each is started, asked and ended.
//
// Promises: every side has its own process on the same one core, where the system can pin it, and answers before it is
// measured; `cpuSeconds` is what its process has used, so that a busy machine changes it little.
// Leaves to others: load and tables (server.ts).

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Request } from 'autocannon'
import { ROOT } from './machine.ts'

/** What is asked of every server. */
export type Operation = 'get' | 'set' | 'transaction'
export const OPERATIONS: readonly Operation[] = ['get', 'set', 'transaction']
/** What of each operation is the same for all sides. */
export interface Asked {
  readonly key: string
  /** A second key, of a transaction that gives both the value. */
  readonly other: string
  readonly value: string
}

/** One kind of server, asked in one way. */
export interface Side {
  readonly name: string
  /** What a write survives that was answered. */
  readonly survives: string
  /** Sides of one server share its process. */
  readonly server: 'bare' | 'quire' | 'memstore'
  request(operation: Operation, asked: Asked): Request
}

const JSON_HEADERS = { 'content-type': 'application/json' }
const START_WAIT_MS = 10_000

function posted(path: string, value: unknown): Request {
  return { method: 'POST', path, headers: JSON_HEADERS, body: JSON.stringify(value) }
}

/** memstore's one path, which QuireDB answers as well. */
export function executed(operation: Operation, { key, other, value }: Asked, query = ''): Request {
  const set = (name: string) => ({ cmd_type: 'SET', key: name, value })
  const commands =
    operation === 'get'
      ? [{ cmd_type: 'GET', key, value: '' }]
      : operation === 'set'
        ? [set(key)]
        : [set(key), set(other)]
  return posted(`/v1/execute${query}`, { commands })
}

function quire(durability: 'process' | 'disk'): Side['request'] {
  return (operation, asked) => {
    if (operation === 'transaction') return executed(operation, asked, `?durability=${durability}`)
    const path = `/v1/databases/main/kv/memstore/${asked.key}`
    if (operation === 'get') return { method: 'GET', path }
    return {
      method: 'PUT',
      path: `${path}?durability=${durability}`,
      headers: JSON_HEADERS,
      body: JSON.stringify(asked.value)
    }
  }
}

/** All sides; memstore's is there when MEMSTORE names its program. */
export const SIDES: readonly Side[] = [
  { name: 'quire-process', survives: 'process death', server: 'quire', request: quire('process') },
  { name: 'quire-disk', survives: 'power cut', server: 'quire', request: quire('disk') },
  {
    name: 'quire-execute',
    survives: 'process death',
    server: 'quire',
    request: (operation, asked) => executed(operation, asked, '?durability=process')
  },
  { name: 'memstore', survives: 'nothing', server: 'memstore', request: executed },
  { name: 'bare', survives: 'does nothing', server: 'bare', request: executed }
]

/** A server that runs. */
export class Server {
  readonly url: string
  readonly #child: ChildProcess

  constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  /** Processor time of its process so far, in seconds; not a number where only Linux would tell. */
  cpuSeconds(): number {
    if (process.platform !== 'linux') return Number.NaN
    const text = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    // Behind the name, which is in parentheses, times are the 12th and 13th field, in hundredths of a second.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}

/** Keeps this process off the servers' core. @returns whether the system has it */
export function pinLoad(cores: number): boolean {
  if (process.platform !== 'linux' || cores < 2) return false
  try {
    execFileSync('taskset', ['-a', '-c', '-p', `1-${cores - 1}`, String(process.pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/**
 * Starts a server.
 * @param folder where QuireDB has its files
 * @param isPinned whether it gets the first core alone
 */
export async function start(server: Side['server'], folder: string, isPinned: boolean): Promise<Server> {
  const port = await freePort()
  const node = process.execPath
  const lines: Readonly<Record<Side['server'], string[]>> = {
    bare: [node, fileURLToPath(new URL('bench/build/bare-server.js', ROOT))],
    quire: [node, fileURLToPath(new URL('dist/cli/index.js', ROOT)), 'serve', folder, '--port', '0', '--json'],
    memstore: [process.env['MEMSTORE'] ?? '', 'serve', '--port', String(port)]
  }
  const more = server === 'quire' ? ['--log-level', 'error'] : []
  const line = [...(isPinned ? ['taskset', '-c', '0'] : []), ...lines[server], ...more]
  // GIN_MODE: memstore's own fast mode; otherwise it prints a line a request.
  const child = spawn(line[0] as string, line.slice(1), {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, GIN_MODE: 'release' }
  })
  const told = server === 'memstore' ? `http://127.0.0.1:${port}` : await addressOf(child)
  child.stdout?.resume()
  await answers(told)
  return new Server(told, child)
}

async function addressOf(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const piece of child.stdout ?? []) {
    text += piece
    if (text.includes('\n')) break
  }
  return (JSON.parse(text) as { url: string }).url
}

async function answers(url: string): Promise<void> {
  const until = performance.now() + START_WAIT_MS
  for (;;) {
    try {
      await (await fetch(url)).arrayBuffer()
      return
    } catch (error) {
      if (performance.now() > until) throw error
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
