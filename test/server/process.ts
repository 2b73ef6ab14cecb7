// A server in a process of its own, so that it can be killed, and its memory and descriptors are its own.
//
// Promises: what the process says of itself is asked over its pipes, not over the server that is tested. It loads the
// built package (test/crash/child.ts).

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Limits } from '../../src/server/index.ts'
import { type Ended, ended, startChild } from '../crash/child.ts'

const SERVER = `
const { serve } = await import(${JSON.stringify(new URL('../../dist/server/index.js', import.meta.url).href)})
const server = await serve({ folder: path, port: 0, limits: JSON.parse(process.argv[2] ?? '{}') })
process.stdout.write(server.url + '\\n')
process.stdin.on('data', () => {
  gc()
  process.stdout.write(JSON.stringify({ now: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 }) + '\\n')
})`

/** Memory of a process, in bytes. */
export interface Memory {
  readonly now: number
  readonly peak: number
}

/** A server that runs elsewhere. */
export interface ServerProcess {
  readonly url: string
  readonly port: number
  readonly child: ChildProcess
  /** What became of it, once it has ended. */
  readonly end: Promise<Ended>
  memory(): Promise<Memory>
}

/** Starts a server on a folder and waits until it listens. */
export async function startServer(folder: string, limits: Partial<Limits> = {}): Promise<ServerProcess> {
  const child = startChild(SERVER, folder, [JSON.stringify(limits)])
  const end = ended(child)
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const next = async () => {
    const line = await Promise.race([once(lines, 'line'), end])
    if (!Array.isArray(line)) throw new Error(`the server ended: ${line.stderr}`)
    return line[0] as string
  }
  const url = await next()
  const memory = async () => {
    const told = next()
    child.stdin?.write('memory\n')
    return JSON.parse(await told) as Memory
  }
  return { url, port: Number(new URL(url).port), child, end, memory }
}
