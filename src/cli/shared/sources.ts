// Where an import reads from: a file or standard input.
//
// Promises: bytes come in pieces of bounded size; a regular file has a size and an identity, everything else has none.
// Leaves to others: what the bytes mean (formats.ts).

import { createHash } from 'node:crypto'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import type { Pieces } from './formats.ts'
import type { SourceIdentity } from './import-progress.ts'
import { STANDARD } from './input.ts'

/** Bytes that are read at once: few, so that what is made of them is young when it is given up. */
const PIECE_BYTES = 1 << 16
/** Bytes of a file's beginning that tell it from others. */
const HEAD_BYTES = 1 << 16

/** Bytes of pages that an import keeps unless a setting says otherwise: it reads little of what it wrote. */
export const IMPORT_CACHE_BYTES = 16 << 20

/** Where an import reads from. */
export interface Source {
  /** Bytes of the file; undefined for a pipe. */
  readonly size: number | undefined
  readonly identity: SourceIdentity | undefined
  /** Bytes that were read. */
  readonly bytesRead: number
  pieces(): Pieces
  close(): void
}

/** Opens a file, or standard input for `-`. */
export async function openSource(path: string): Promise<Source> {
  if (path === STANDARD) return new PieceSource(process.stdin, undefined, () => process.stdin.destroy())
  const file = await open(path)
  const identity = await identityOf(path, file)
  const stream = file.createReadStream({ highWaterMark: PIECE_BYTES, ...(identity === undefined ? {} : { start: 0 }) })
  return new PieceSource(stream, identity, () => stream.destroy())
}

async function identityOf(path: string, file: FileHandle): Promise<SourceIdentity | undefined> {
  const found = await file.stat()
  if (!found.isFile()) return undefined
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
  const head = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex')
  return { path: await realpath(path), size: found.size, modified: new Date(Math.trunc(found.mtimeMs)), head }
}

class PieceSource implements Source {
  readonly size: number | undefined
  readonly identity: SourceIdentity | undefined
  readonly close: () => void
  bytesRead = 0
  readonly #stream: AsyncIterable<Uint8Array>

  constructor(stream: AsyncIterable<Uint8Array>, identity: SourceIdentity | undefined, close: () => void) {
    this.#stream = stream
    this.identity = identity
    this.size = identity?.size
    this.close = close
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#stream) {
      this.bytesRead += piece.length
      yield piece
    }
  }
}
