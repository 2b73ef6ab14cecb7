// Requests to the server that served the page.
//
// Documents stay as the server writes them: JSON whose dates, bytes and long integers are Extended JSON, which goes back
// unchanged. Promises: a refusal is a `Failure` with the server's code and words; a token that is not taken any more
// brings the login back. Leaves to others: what is asked (views), the streams of changes (change-feed.ts).

import { storedToken } from './session.ts'

/** A value as JSON has it. */
export type Json = null | boolean | number | string | Json[] | JsonObject
/** An object as JSON has it. */
export type JsonObject = { [key: string]: Json }

/** What the server said no to, or that it did not answer. */
export class Failure extends Error {
  /** Of the answer; 0 where there was none. */
  readonly status: number
  /** What programs branch on. */
  readonly code: string
  /** The problem document. */
  readonly problem: JsonObject

  constructor(status: number, code: string, message: string, problem: JsonObject = {}) {
    super(message)
    this.status = status
    this.code = code
    this.problem = problem
  }
}

/** An answer with what its head tells. */
export interface Answer<T> {
  readonly value: T
  readonly status: number
  readonly etag: string | undefined
}

/** What a request has besides its method and path. */
export interface AskOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Paths of the server. */
export function databasePath(database: string): string {
  return `/v1/databases/${encodeURIComponent(database)}`
}
export function collectionPath(database: string, collection: string): string {
  return `${databasePath(database)}/collections/${encodeURIComponent(collection)}`
}
export function storePath(database: string, store: string): string {
  return `${databasePath(database)}/kv/${encodeURIComponent(store)}`
}

/** A path with those parameters that have a value. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()
  return text === '' ? path : `${path}?${text}`
}

let onTokenRefused: () => void = () => undefined
/** Sets what happens when the server takes the token no more. */
export function whenTokenRefused(listener: () => void): void {
  onTokenRefused = listener
}

/**
 * Sends a request with the token, and gives the answer as it comes.
 * @throws Failure
 */
export async function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const token = storedToken()
  const headers = new Headers(init.headers)
  if (token !== '') headers.set('Authorization', `Bearer ${token}`)
  let response: Response
  try {
    response = await fetch(path, { ...init, method, headers })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new Failure(0, 'NO_ANSWER', 'the server does not answer')
  }
  if (response.ok) return response
  const failure = await failureOf(response)
  if (failure.status === 401) onTokenRefused()
  throw failure
}

async function failureOf(response: Response): Promise<Failure> {
  const text = await response.text()
  try {
    const problem = JSON.parse(text) as JsonObject
    return new Failure(response.status, String(problem['code']), String(problem['detail']), problem)
  } catch {
    return new Failure(response.status, 'HTTP', `the server answered ${response.status} ${response.statusText}`)
  }
}

/**
 * Sends a request whose body and answer are JSON.
 * @throws Failure
 */
export async function askWhole<T = JsonObject>(
  method: string,
  path: string,
  { body, headers, signal }: AskOptions = {}
): Promise<Answer<T>> {
  const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' }
  const response = await send(method, path, {
    headers: { Accept: 'application/json', ...type, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal })
  })
  const text = await response.text()
  const value = (text === '' ? undefined : JSON.parse(text)) as T
  return { value, status: response.status, etag: response.headers.get('ETag') ?? undefined }
}

/** As `askWhole`, the answer's value only. */
export async function ask<T = JsonObject>(method: string, path: string, options: AskOptions = {}): Promise<T> {
  return (await askWhole<T>(method, path, options)).value
}

/** The words of whatever was thrown. */
export function wordsOf(error: unknown): string {
  if (error instanceof Failure) return error.status === 0 ? error.message : `${error.message} (${error.code})`
  return error instanceof Error ? error.message : String(error)
}
