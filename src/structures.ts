// The decoders of a database: one for each list of record structures that its documents refer to.
//
// A list has a number (its identity) that the engine never uses twice, so a collection that was renamed never finds
// the structures of another one; as long as the identity is the same, the list only grows. Promises: a document is
// decoded by the list that it was read with. Leaves to others: decoding (codec.ts).

import { Decoder, UnknownStructure } from './codec.ts'
import { NOT_COUNTED } from './decoder.ts'
import type { Document } from './document.ts'
import { addon, checkObject, type Handle, response, Status, status } from './native.ts'

/** Tries of a read whose structures go away under it each time: the collection is renamed in that very moment. @internal */
export const READ_TRIES = 100

/** Decoders by the identity of their structures. */
export class Decoders {
  readonly #byIdentity = new Map<number, Decoder>()
  /** The one used last. */
  #last = new Decoder(-1)

  /**
   * Decodes `bytes`, up to `end`, which refer to the structures of `identity`.
   *
   * @param handle the collection or cursor that was asked
   * @returns undefined when its structures are another list by now: the documents have to be read again
   * @throws QuireError `CORRUPTED`
   */
  decode(handle: Handle, identity: number, bytes: Uint8Array, end: number): unknown {
    const decoder = this.#last.identity === identity ? this.#last : this.#find(identity)
    try {
      return decoder.decode(bytes, end, bytes === response ? status[Status.Wide] : NOT_COUNTED)
    } catch (error) {
      if (!(error instanceof UnknownStructure)) throw error
      return this.#learn(decoder, handle) ? this.decode(handle, identity, bytes, end) : undefined
    }
  }

  #find(identity: number): Decoder {
    const decoder = this.#byIdentity.get(identity) ?? new Decoder(identity)
    this.#byIdentity.set(identity, decoder)
    this.#last = decoder
    return decoder
  }

  /** Adds the structures that are new; false when there are none. */
  #learn(decoder: Decoder, handle: Handle): boolean {
    const structures = checkObject(addon.structures(handle, decoder.structuresCount))
    if (status[Status.Structures] !== decoder.identity || structures.length === 0) return false
    decoder.add(structures)
    return true
  }
}

/** Reads ids and replies: they have no records. */
const idDecoder = new Decoder(0)
/** First byte of a text of 26 characters: a generated id. */
const ULID_HEAD = 0xba
const ULID_CHARACTERS = 26

/** The id that `bytes` hold. */
export function decodeId(bytes: Uint8Array, length: number): unknown {
  if (bytes[0] === ULID_HEAD && length === ULID_CHARACTERS + 1) return latin1(bytes, 1, length)
  return idDecoder.decode(bytes, length)
}

/** The ids that `bytes` hold, as an array. */
export function decodeIds(bytes: Uint8Array, length: number): unknown[] {
  return idDecoder.decode(bytes, length) as unknown[]
}

/** The reply of a command. */
export function decodeReply(bytes: Uint8Array, length: number): Document {
  return idDecoder.decode(bytes, length) as Document
}

/** The text of bytes that are ASCII. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.prototype.latin1Slice.call(bytes, start, end)
}
