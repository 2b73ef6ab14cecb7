// Requests to a server: MessagePack both ways, tried again where that does no harm.
//
// A read is tried again whatever happened to it; a write has an Idempotency-Key, under which the server does it once,
// however often it comes. Promises: a refusal is a QuireError with the server's code; nothing is tried again that the
// server refused for good. Leaves to others: what is asked (remote-*.ts), values (values.ts).

import { RemoteError } from './remote-error.ts'
import { pack, unpack } from './values.ts'

/** Options of `connect`. */
export interface ConnectOptions {
  /** The token; without one the server has to ask for none. */
  readonly token?: string
  /** The database; `main` by default. */
  readonly database?: string
  /** How often a request is tried again after a failure of the network, or a busy server; 3 by default. */
  readonly retries?: number
  /** Milliseconds for a try; 60,000 by default. Streams have no such bound. */
  readonly timeoutMs?: number
  /** Durability of writes that name none; `disk` by default. */
  readonly durability?: 'disk' | 'process' | 'lazy'
  /** What sends requests; the global `fetch` by default. */
  readonly fetch?: typeof fetch
}

/** What is asked of the server. */
export interface Asked {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Whether it changes something. */
  readonly isWrite?: boolean
  readonly accept?: string
  readonly signal?: AbortSignal | undefined
}

const RETRIES_DEFAULT = 3
const TIMEOUT_MS_DEFAULT = 60_000
const PAUSE_MS = 50
/** Statuses of a server that has done nothing, and may do it later. */
const LATER = [429, 503]

/** A server, as requests reach it. */
export class Transport {
  readonly #url: string
  readonly #options: ConnectOptions
  readonly #closing = new AbortController()
  /** What writes wait for. */
  readonly #before = new Set<Promise<void>>()

  constructor(url: string, options: ConnectOptions) {
    this.#url = new URL(url).href.replace(/\/+$/, '')
    this.#options = options
  }

  /** The durability of writes that name none. */
  get durability(): string | undefined {
    return this.#options.durability
  }

  /** Makes writes that are asked for from now on wait until something has settled, which must not fail. */
  writeAfter(something: Promise<void>): void {
    this.#before.add(something)
    void something.then(() => this.#before.delete(something))
  }

  /** Ends all that is under way. */
  close(): void {
    this.#closing.abort(new RemoteError('CLOSED', 'the connection was closed', 0))
  }

  /**
   * Asks and reads the answer; undefined where it has no body.
   * @throws RemoteError
   */
  async ask<R>(asked: Asked): Promise<R> {
    const { value } = await this.#tried(asked, true)
    return value as R
  }

  /** As `ask`, but a document that there is not gives undefined. */
  async find<R>(asked: Asked): Promise<R | undefined> {
    try {
      return await this.ask<R>(asked)
    } catch (error) {
      if (error instanceof RemoteError && error.status === 404 && error.serverCode === 'DOCUMENT_NOT_FOUND')
        return undefined
      throw error
    }
  }

  /** Deletes a collection; gives whether there was one. @throws RemoteError */
  async drop(path: string): Promise<boolean> {
    try {
      await this.ask({ method: 'DELETE', path, isWrite: true })
      return true
    } catch (error) {
      if (error instanceof RemoteError && error.serverCode === 'NOT_FOUND') return false
      throw error
    }
  }

  /** Asks for an answer that is a stream. @throws RemoteError */
  async open(asked: Asked): Promise<Response> {
    return (await this.#tried(asked, false)).response
  }

  async #tried(asked: Asked, isWhole: boolean): Promise<{ response: Response; value: unknown }> {
    const { retries = RETRIES_DEFAULT } = this.#options
    if (asked.isWrite === true && this.#before.size > 0) await Promise.all(this.#before)
    const request = this.#request(asked)
    for (let left = retries; ; left--) {
      try {
        return await this.#try(request, asked, isWhole)
      } catch (error) {
        this.#closing.signal.throwIfAborted()
        asked.signal?.throwIfAborted()
        const isRefused = error instanceof RemoteError
        if (left <= 0 || (isRefused && !LATER.includes(error.status))) throw isRefused ? error : unreachable(error)
      }
      const pauseMs = PAUSE_MS * 2 ** (retries - left) * (1 + Math.random())
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }

  #request({
    method,
    path,
    query,
    body,
    headers,
    isWrite,
    accept = 'application/msgpack'
  }: Asked): [string, RequestInit] {
    const given = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined)
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
    const { token } = this.#options
    const all: Record<string, string> = { Accept: accept, ...headers }
    if (token !== undefined) all['Authorization'] = `Bearer ${token}`
    // One key for all tries of a write.
    if (isWrite === true) all['Idempotency-Key'] = crypto.randomUUID()
    if (body === undefined) return [`${this.#url}${path}${search}`, { method, headers: all }]
    all['Content-Type'] = 'application/msgpack'
    return [`${this.#url}${path}${search}`, { method, headers: all, body: pack(body) }]
  }

  async #try(
    [url, init]: [string, RequestInit],
    { signal }: Asked,
    isWhole: boolean
  ): Promise<{ response: Response; value: unknown }> {
    const { timeoutMs = TIMEOUT_MS_DEFAULT, fetch: send = fetch } = this.#options
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
    const signals = [this.#closing.signal, timeout.signal, ...(signal === undefined ? [] : [signal])]
    try {
      const response = await send(url, { ...init, signal: AbortSignal.any(signals) })
      if (!response.ok) throw RemoteError.of(response.status, await response.text())
      if (!isWhole) return { response, value: undefined }
      const bytes = new Uint8Array(await response.arrayBuffer())
      return { response, value: bytes.length === 0 ? undefined : unpack(bytes) }
    } finally {
      clearTimeout(timer)
    }
  }
}

function unreachable(error: unknown): RemoteError {
  const { message, cause } = error as Error
  const why = cause instanceof Error ? `${message}: ${cause.message}` : message
  return new RemoteError('IO', `the server cannot be reached: ${why}`, 0, error)
}
