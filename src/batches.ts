// The documents that a command's cursor gives, batch by batch, in the calling thread or on a pool thread.
//
// Promises: nothing is asked before the first batch is; native resources are given back at the end, at `close`, after
// an error, and, for what was forgotten, when it is collected. Leaves to others: what is asked (aggregation.ts), one
// document after the other (the cursors), threads (native/node/src/tasks.rs).

import { type Encoded, encodeRequest } from './codec.ts'
import { QuireError } from './errors.ts'
import {
  type AsyncOutcome,
  addon,
  check,
  checkObject,
  checkOutcome,
  type Handle,
  lastError,
  pinRequest,
  RESPONSE_BYTES,
  responseBytes,
  Status,
  status
} from './native.ts'
import { type Decoders, READ_TRIES } from './structures.ts'

/** Documents of the first batch; each following one has four times as many. @internal */
export const FIRST_BATCH = 64
/** Most documents of one batch. @internal */
export const BATCH_MAX = 1024
/** Documents of a batch read on a pool thread: more, because each costs a turn of the event loop. @internal */
export const ASYNC_BATCH_DOCUMENTS = 4096
/** Bytes of such a batch. @internal */
export const ASYNC_BATCH_BYTES = 1 << 20

/** Closes the native cursors that JavaScript forgot. @internal */
export const forgotten = new FinalizationRegistry<Handle>(handle => addon.closeCursor(handle))

/** What is asked, and how what comes back is decoded. @internal */
export interface BatchSource {
  readonly handle: Handle
  readonly decoders: Decoders
}

/** What both kinds of batches keep. */
abstract class OpenedBatches {
  protected readonly source: BatchSource
  protected readonly command: object
  protected state: 'new' | 'open' | 'done' = 'new'
  protected handle: Handle = 0
  protected tries = 0

  constructor(source: BatchSource, command: object) {
    this.source = source
    this.command = command
  }

  /** True when there is nothing more to come. */
  get isDone(): boolean {
    return this.state === 'done'
  }

  /** Gives up what is left. */
  close(): void {
    if (this.state === 'open') {
      forgotten.unregister(this)
      addon.closeCursor(this.handle)
    }
    this.state = 'done'
  }

  protected encoded(): Encoded {
    const request = encodeRequest(this.command)
    pinRequest(request)
    return request
  }

  protected opened(handle: Handle): void {
    this.handle = handle
    this.state = handle === 0 ? 'done' : 'open'
    if (this.state === 'open') forgotten.register(this, handle, this)
  }

  protected decode(structures: number, bytes: Uint8Array, length: number): object[] | undefined {
    const handle = this.state === 'open' ? this.handle : this.source.handle
    return this.source.decoders.decode(handle, structures, bytes, length) as object[] | undefined
  }

  /** The structures of the first batch are another list by now: it has to be asked again. */
  protected lost(wasNew: boolean): void {
    this.close()
    this.tries++
    if (!wasNew || this.tries >= READ_TRIES) {
      throw new QuireError('CONFLICT', 'the collection was renamed while it was read; read again')
    }
    this.state = 'new'
  }
}

/** Batches read in the calling thread. @internal */
export class Batches extends OpenedBatches {
  #batchMax = FIRST_BATCH

  /** Makes the next batch as large as any: all documents will be wanted. */
  wantAll(): void {
    this.#batchMax = BATCH_MAX
  }

  /** The next documents; none at the end. */
  next(): object[] {
    while (this.state !== 'done') {
      const wasNew = this.state === 'new'
      const count = wasNew ? this.#open() : this.#more()
      this.#batchMax = Math.min(this.#batchMax * 4, BATCH_MAX)
      if (count === 0) break
      const length = status[Status.Bytes] as number
      const structures = status[Status.Structures] as number
      const batch = this.decode(structures, responseBytes(length), length)
      if (batch !== undefined) return batch
      this.lost(wasNew)
    }
    this.close()
    return []
  }

  #open(): number {
    const { start, end } = this.encoded()
    const count = check(addon.openCursor(this.source.handle, start, end, this.#batchMax, RESPONSE_BYTES))
    this.opened(status[Status.Cursor] as number)
    return count
  }

  #more(): number {
    const count = addon.next(this.handle, this.#batchMax, RESPONSE_BYTES)
    if (count >= 0) return count
    const error = lastError()
    this.close()
    throw error
  }
}

/** Batches read on a pool thread. One is under way at a time. @internal */
export class AsyncBatches extends OpenedBatches {
  /** The next documents; none at the end. */
  async next(): Promise<object[]> {
    while (this.state !== 'done') {
      const wasNew = this.state === 'new'
      const { bytes, structures } = wasNew ? await this.#open() : await this.#more()
      if (bytes === undefined) break
      const batch = this.decode(structures, bytes, bytes.length)
      if (batch !== undefined) return batch
      this.lost(wasNew)
    }
    this.close()
    return []
  }

  async #open(): Promise<AsyncOutcome> {
    const { start, end } = this.encoded()
    const { handle } = this.source
    const asked = addon.openCursorAsync(handle, start, end, ASYNC_BATCH_DOCUMENTS, ASYNC_BATCH_BYTES)
    const outcome = checkOutcome(await checkObject(asked))
    this.opened(outcome.cursor)
    return outcome
  }

  async #more(): Promise<AsyncOutcome> {
    try {
      return checkOutcome(await checkObject(addon.nextAsync(this.handle, ASYNC_BATCH_DOCUMENTS, ASYNC_BATCH_BYTES)))
    } catch (error) {
      this.close()
      throw error
    }
  }
}
