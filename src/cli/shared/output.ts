// What a command prints on stdout.
//
// Promises: bytes are written as they are, everything else is whole lines; no more than a chunk waits; a writer that is
// ahead of its reader waits. When the reader is gone (`quire find … | head`), `isBroken` is true, `signal` is aborted
// and what is written goes nowhere. Leaves to others: errors, which go to stderr (failure.ts).

import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { stringifyExtended } from '../../index.ts'

/** Characters that wait before they are written. */
const CHUNK_CHARACTERS = 1 << 16

/** The stdout of a command. */
export class Output {
  /** Whether every result is one line of JSON. */
  readonly isJson: boolean
  readonly #stream: Writable & { readonly isTTY?: boolean }
  #waiting = ''
  #isBroken = false

  /**
   * @param stream stdout
   * @param onBroken called once when the reader is gone
   */
  constructor(stream: Writable & { readonly isTTY?: boolean }, isJson: boolean, onBroken: () => void) {
    this.#stream = stream
    this.isJson = isJson
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (this.#isBroken) return
      this.#isBroken = true
      onBroken()
    })
  }

  /** Whether a person reads it. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  /** Whether the reader is gone. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Prints a line. What it gives has to be awaited in loops. */
  line(text: string): Promise<void> {
    return this.text(`${text}\n`)
  }

  /** Prints text as it is. */
  async text(text: string): Promise<void> {
    this.#waiting += text
    if (this.#waiting.length >= CHUNK_CHARACTERS) await this.flush()
  }

  /** Prints a value as one line of JSON, or indented. */
  value(value: unknown, isPretty = false): Promise<void> {
    const text = stringifyExtended(value)
    return this.line(isPretty ? JSON.stringify(JSON.parse(text), undefined, 2) : text)
  }

  /** Prints one result: JSON with --json, else the lines that `tell` makes of it. */
  async report<T>(result: T, tell: (result: T) => string): Promise<void> {
    if (this.isJson) return this.value(result)
    const text = tell(result)
    if (text !== '') await this.line(text)
  }

  /** Prints a table; objects are its rows. */
  async table(rows: readonly object[]): Promise<void> {
    const { tableOf } = await import('./table.ts')
    await this.line(tableOf(rows))
  }

  /** Writes bytes as they are. */
  async bytes(bytes: Uint8Array): Promise<void> {
    await this.flush()
    await this.#write(bytes)
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    const text = this.#waiting
    this.#waiting = ''
    if (text !== '') await this.#write(text)
  }

  async #write(chunk: string | Uint8Array): Promise<void> {
    if (this.#isBroken) return
    // A turn of the event loop, so that Ctrl-C and the end of the reader are seen.
    if (this.#stream.write(chunk)) return void (await setImmediate())
    const waiting = new AbortController()
    const { signal } = waiting
    try {
      await Promise.race([
        once(this.#stream, 'drain', { signal }),
        once(this.#stream, 'close', { signal }),
        once(this.#stream, 'error', { signal })
      ])
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
    } finally {
      waiting.abort()
    }
  }
}
