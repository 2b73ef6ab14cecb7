// Change streams of a server: Server-Sent Events, gone on with behind the last one when the connection breaks.
//
// The stream is asked for when it is made, and the writes of the same client wait until it is open: so its changes are
// those from `watch` on, as in an embedded database. Promises: events come in order, each once, over any number of
// connections; an aborted signal ends the stream with its reason; what refused it is thrown to whoever reads. Values that
// JSON lacks come back as what they are. Leaves to others: events (docs/CHANGES.md).
// Source: the HTML standard, "Server-sent events".

import { parseExtended, stringifyExtended } from '../extended-json.ts'
import type { ResumeToken, WatchOptions } from '../index.ts'
import { RemoteError } from './remote-error.ts'
import type { Transport } from './transport.ts'
import { plainOf } from './values.ts'

/** The changes of a collection or a database. Iterate it with `for await`, or call `next`. */
export class RemoteChanges<E extends object> implements AsyncIterable<E>, AsyncDisposable {
  readonly #transport: Transport
  readonly #path: string
  readonly #query: Record<string, string>
  readonly #signal: AbortSignal | undefined
  readonly #left = new AbortController()
  readonly #events: AsyncGenerator<E, undefined>
  /** The event that was asked for when the stream was made; undefined once it was handed out. */
  #first: Promise<IteratorResult<E, undefined>> | undefined
  #open: () => void = () => undefined
  #token: ResumeToken | undefined
  #isOver = false

  constructor(transport: Transport, path: string, filter: object | undefined, options: WatchOptions = {}) {
    const { resumeAfter, startAfter, fullDocument = 'default', signal } = options
    this.#transport = transport
    this.#path = path
    this.#token = startAfter ?? resumeAfter
    this.#signal = signal
    this.#query = {
      ...(filter === undefined ? {} : { filter: stringifyExtended(plainOf(filter)) }),
      ...(fullDocument === 'default' ? {} : { fullDocument: 'updateLookup' }),
      ...(options.durable === false ? { durable: 'false' } : {})
    }
    signal?.throwIfAborted()
    const opened = new Promise<void>(resolve => {
      this.#open = resolve
    })
    this.#events = this.#read()
    this.#first = this.#events.next()
    // A refusal is told to whoever reads; until then nobody has to look at it.
    transport.writeAfter(Promise.race([opened, this.#first.then(noop, noop)]))
  }

  /** The next event, which is waited for; null when the stream is closed. */
  async next(): Promise<E | null> {
    const asked = this.#first ?? this.#events.next()
    this.#first = undefined
    try {
      const { done, value } = await asked
      this.#isOver = done === true
      return done === true ? null : value
    } catch (error) {
      this.#isOver = true
      throw error
    }
  }

  /** Iterates over the events; leaving the loop closes the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<E, undefined> {
    try {
      for (let event = await this.next(); event !== null; event = await this.next()) yield event
      return undefined
    } finally {
      this.close()
    }
  }

  /** The place behind the last event that was handed out; undefined before the first one. */
  get resumeToken(): ResumeToken | undefined {
    return this.#token
  }

  /** Whether nothing follows. */
  get closed(): boolean {
    return this.#isOver || this.#left.signal.aborted
  }

  /** Ends it; whoever waits for an event gets null. Closing twice is allowed. */
  close(): void {
    this.#left.abort()
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async *#read(): AsyncGenerator<E, undefined> {
    for (;;) {
      try {
        for await (const { event, data, id } of this.#connected()) {
          if (event === 'failure') throw RemoteError.of(500, data)
          if (event === 'open' || event === 'change') this.#token = id
          if (event === 'open') this.#open()
          if (event === 'change') yield parseExtended(data) as E
        }
      } catch (error) {
        this.#signal?.throwIfAborted()
        if (this.#left.signal.aborted) return undefined
        // A refusal stays one; a connection that broke is made anew.
        if (error instanceof RemoteError) throw error
      }
      if (this.#left.signal.aborted) return undefined
    }
  }

  async *#connected(): AsyncGenerator<{ event: string; data: string; id: string }, void> {
    const signal = this.#signal === undefined ? this.#left.signal : AbortSignal.any([this.#left.signal, this.#signal])
    const headers: Record<string, string> = this.#token === undefined ? {} : { 'Last-Event-ID': this.#token }
    const asked = {
      method: 'GET',
      path: this.#path,
      query: this.#query,
      headers,
      accept: 'text/event-stream',
      signal
    } as const
    const response = await this.#transport.open(asked)
    const decoder = new TextDecoder()
    let text = ''
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(piece, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) yield fieldsOf(block)
    }
  }
}

function noop(): void {}

function fieldsOf(block: string): { event: string; data: string; id: string } {
  const lines = block.split('\n')
  const field = (name: string) =>
    lines
      .filter(line => line.startsWith(`${name}: `))
      .map(line => line.slice(name.length + 2))
      .join('\n')
  return { event: field('event'), data: field('data'), id: field('id') }
}
