// Where exports and dumps are written to: a file or standard output.
//
// Promises: a file is written beside its place under another name and gets its own when it is whole and on disk; one
// that is there is refused unless it may be replaced; what is given up leaves nothing. Leaves to others: what is written.

import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { usageFailure } from './failure.ts'
import { STANDARD } from './input.ts'
import type { Output } from './output.ts'

/** Bytes that wait before they are written. */
const CHUNK_BYTES = 1 << 16

/** Where documents are written to. */
export interface Target {
  write(piece: string | Uint8Array): Promise<void>
  /** Says that all is written. */
  finish(): Promise<void>
  /** Gives up what is not finished. */
  abandon(): Promise<void>
}

/** A file, or standard output for `-`. */
export async function openTarget(path: string, output: Output, mayReplace: boolean): Promise<Target> {
  if (path === STANDARD) {
    return {
      write: piece => (typeof piece === 'string' ? output.text(piece) : output.bytes(piece)),
      finish: () => output.flush(),
      abandon: async () => undefined
    }
  }
  if (!mayReplace && existsSync(path)) throw usageFailure(`there is a file ${path}; --force takes its place`)
  const temporary = `${path}.${process.pid}.tmp`
  return new FileTarget(path, temporary, await open(temporary, 'wx'))
}

class FileTarget implements Target {
  readonly #path: string
  readonly #temporary: string
  readonly #file: FileHandle
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #isOver = false

  constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path
    this.#temporary = temporary
    this.#file = file
  }

  async write(piece: string | Uint8Array): Promise<void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes >= CHUNK_BYTES) await this.#flush()
  }

  async finish(): Promise<void> {
    await this.#flush()
    await this.#file.sync()
    await this.#file.close()
    await rename(this.#temporary, this.#path)
    this.#isOver = true
  }

  async abandon(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    await this.#file.close().catch(() => undefined)
    await rm(this.#temporary, { force: true })
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    await this.#file.appendFile(bytes)
  }
}
