// Servers for tests, over real sockets, and what speaks to them.

import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type RunningServer, type ServeOptions, serve } from '../../src/server/index.ts'

/** Where documents of most tests are. */
export const ITEMS = '/v1/databases/main/collections/items'

/** A folder that is removed at the end of the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quiredb-server-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A server that is closed at the end of the test. */
export async function served(options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  const server = await serve({ folder: options.folder ?? temporaryFolder(), port: 0, ...options })
  onTestFinished(() => server.close())
  return server
}

/** An answer, read. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly value: any
}

/** Sends a request whose body is JSON, unless it is a text or bytes. */
export async function ask(
  server: RunningServer,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {}
): Promise<Answered> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const sent = body === undefined ? {} : { body: (isRaw ? body : JSON.stringify(body)) as string }
  const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' }
  const response = await fetch(server.url + path, { method, headers: { ...type, ...headers }, ...sent })
  const isJson = response.headers.get('Content-Type')?.includes('json') === true
  const text = isJson ? await response.text() : ''
  const value =
    isJson && !response.headers.get('Content-Type')?.includes('ndjson') && text !== '' ? JSON.parse(text) : text
  return { status: response.status, headers: response.headers, value: isJson ? value : await response.arrayBuffer() }
}

/** The status and code of a refusal. */
export async function refusal(...args: Parameters<typeof ask>): Promise<[number, string]> {
  const { status, value, headers } = await ask(...args)
  if (headers.get('Content-Type') !== 'application/problem+json') throw new Error(`no problem document: ${status}`)
  return [status, value.code]
}

/** A connection that is destroyed at the end of the test. */
export function connection(server: RunningServer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
    onTestFinished(() => {
      socket.destroy()
    })
  })
}

/** Sends bytes as they are and gives all that comes back until the connection ends. */
export async function rawExchange(server: RunningServer, text: string | Uint8Array): Promise<string> {
  const socket = await connection(server)
  return new Promise(resolve => {
    let answer = ''
    socket.setEncoding('latin1').on('data', piece => (answer += piece))
    socket.on('error', () => undefined).once('close', () => resolve(answer))
    socket.write(text)
  })
}
