// Results of queries on a server, as they come.
//
// Promises: as AsyncCursor: nothing is asked before the first document is; documents come in order, as fast as they are
// taken; leaving a loop ends the query on the server. An answer that breaks off is an error, never a short result.
// Leaves to others: frames (docs/SERVER.md, "Routes").

import type { Explanation, Hint, Projected, Projection, Sort } from '../index.ts'
import { RemoteError } from './remote-error.ts'
import type { Transport } from './transport.ts'
import { unpack } from './values.ts'

const STREAM = 'application/x-msgpack-stream'
const LENGTH_BYTES = 4

/** What a cursor asks for. */
export interface Query {
  readonly path: string
  readonly body: Record<string, unknown>
}

/** The documents of an answer, each as soon as it is there. */
export class RemoteCursor<R extends object> implements AsyncIterable<R>, AsyncDisposable {
  readonly #transport: Transport
  readonly #query: Query
  readonly #left = new AbortController()
  #documents: AsyncGenerator<R, undefined> | undefined
  #isClosed = false

  constructor(transport: Transport, query: Query) {
    this.#transport = transport
    this.#query = query
  }

  /** Gives at most `count` documents. */
  limit(count: number): this {
    return this.#with('limit', count)
  }

  /** Passes over the first `count` documents. */
  skip(count: number): this {
    return this.#with('skip', count)
  }

  /** Gives the documents in an order. */
  sort(sort: Sort<R>): this {
    return this.#with('sort', sort)
  }

  /** Gives a part of each document. */
  project<const P extends Projection<R>>(projection: P): RemoteCursor<Projected<R, P> & object> {
    return this.#with('projection', projection) as unknown as RemoteCursor<Projected<R, P> & object>
  }

  /** Uses an index. */
  hint(hint: Hint): this {
    return this.#with('hint', hint)
  }

  /** How the query is done, and what that takes. */
  explain(): Promise<Explanation> {
    const path = this.#query.path.replace(/\/(find|aggregate)$/, '/explain')
    const kind = this.#query.path.endsWith('/find') ? 'find' : 'aggregate'
    return this.#transport.ask<Explanation>({ method: 'POST', path, body: { [kind]: this.#query.body } })
  }

  /** The next document; null when there are no more. */
  async next(): Promise<R | null> {
    if (this.#isClosed) return null
    this.#documents ??= this.#read()
    const { done, value } = await this.#documents.next()
    if (done === true) this.#isClosed = true
    return done === true ? null : value
  }

  /** All documents that are left. */
  async toArray(): Promise<R[]> {
    const all: R[] = []
    for await (const document of this) all.push(document)
    return all
  }

  /** Calls `visit` with every document that is left, in order, waiting for what it returns. */
  async forEach(visit: (document: R) => unknown): Promise<void> {
    for await (const document of this) await visit(document)
  }

  /** Iterates over the documents that are left; leaving the loop closes the cursor. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, undefined> {
    try {
      for (let next = await this.next(); next !== null; next = await this.next()) yield next
      return undefined
    } finally {
      await this.close()
    }
  }

  /** True when there is nothing more to come. */
  get closed(): boolean {
    return this.#isClosed
  }

  /** Gives up the documents that are left. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#left.abort()
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #with(name: string, value: unknown): this {
    if (this.#documents !== undefined) {
      throw new RemoteError('INVALID_ARGUMENT', `${name} has to be called before the first document is asked for`, 0)
    }
    this.#query.body[name] = value
    return this
  }

  async *#read(): AsyncGenerator<R, undefined> {
    if (this.#query.body['limit'] === 0) delete this.#query.body['limit']
    const { path, body } = this.#query
    const response = await this.#transport.open({
      method: 'POST',
      path,
      body,
      accept: STREAM,
      signal: this.#left.signal
    })
    const type = response.headers.get('Content-Type') ?? ''
    if (!type.startsWith(STREAM)) {
      const { documents } = unpack(new Uint8Array(await response.arrayBuffer())) as { documents: R[] }
      yield* documents
      return undefined
    }
    for await (const frame of framesOf(response)) yield* unpack(frame) as R[]
    return undefined
  }
}

/** The frames of an answer. @throws RemoteError `IO` when it breaks off */
async function* framesOf(response: Response): AsyncGenerator<Uint8Array, void> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  let rest = new Uint8Array(0)
  const take = async (count: number): Promise<Uint8Array> => {
    const pieces = [rest]
    let bytesCount = rest.length
    while (bytesCount < count) {
      const { done, value } = await reader.read()
      if (done) throw new RemoteError('IO', 'the answer broke off', 0)
      pieces.push(new Uint8Array(value))
      bytesCount += value.length
    }
    const all = pieces.length === 1 ? rest : concatenated(pieces, bytesCount)
    rest = all.slice(count)
    return all.subarray(0, count)
  }
  for (;;) {
    const length = new DataView((await take(LENGTH_BYTES)).slice().buffer).getUint32(0)
    if (length === 0) return
    yield await take(length)
  }
}

function concatenated(pieces: readonly Uint8Array[], bytesCount: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytesCount)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
