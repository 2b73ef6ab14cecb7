// Documents to bytes and back, over msgpackr.
//
// Out: plain MessagePack in a buffer where native code reads it in the same turn: plain values by encoder.ts, all others
// by msgpackr, which knows every type. In: stored form, in which the bytes 0x40..0x7f begin records of the collection's
// structures; their numbering is msgpackr's own. It is read by decoder.ts, and by msgpackr where that does not know it.
// Promises: a record of an unknown structure is never read as something else, it throws `UnknownStructure` and the
// caller loads the structures; what comes back shares no memory with the buffer it was read from.
// Leaves to others: which values may be stored (plain.ts), where bytes go (native.ts).

import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE, Unpackr } from 'msgpackr'
import { NOT_COUNTED, NOT_READ, PlainDecoder } from './decoder.ts'
import { PlainEncoder } from './encoder.ts'
import { QuireError } from './errors.ts'
import { withPatterns } from './patterns.ts'
import { PlainCopier, StandInMet } from './plain.ts'

/**
 * Encoded bytes: `start..end` of the buffer, valid until the next encoding.
 * @internal
 */
export interface Encoded extends Uint8Array {
  start: number
  end: number
}

/** A buffer larger than this is given back after use. */
const KEPT_BYTES_MAX = 1 << 20
/** First size of a new buffer. */
const FRESH_BYTES = 1 << 16
/** Writes into msgpackr's buffer, returns that buffer, and leaves its position as it was. */
const IN_PLACE = REUSE_BUFFER_MODE | RESET_BUFFER_MODE
/** Maps and arrays of a request around a document: itself, a list of operations, an operation and its arguments. */
const REQUEST_LEVELS = 4
/** First record number that takes two bytes; the numbers below it are known to msgpackr by one byte. */
const SHORT_NUMBERS = 32
/** Record numbers that msgpackr looks up by their first byte alone. */
const FIRST_BYTES = 64

const plainEncoder = new PlainEncoder()
const packer = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false })

/**
 * Encodes one document, filter, update or list of documents.
 *
 * @param value an object or an array of objects
 * @param what how messages call it
 * @throws QuireError `UNSUPPORTED_VALUE`, naming the path
 * @internal
 */
export function encode(value: object, what: string): Encoded {
  if (typeof value !== 'object' || value === null) {
    throw new QuireError(
      'INVALID_ARGUMENT',
      `the ${what} must be an object, not ${value === null ? 'null' : typeof value}`
    )
  }
  const end = plainEncoder.encode(value)
  return end < 0 ? encodeWithCare(value, what, Array.isArray(value) ? 1 : 0) : plainlyEncoded(end)
}

/**
 * Encodes the request of a command, which has filters, updates and documents inside it.
 * @throws QuireError `UNSUPPORTED_VALUE`, naming the path
 * @internal
 */
export function encodeRequest(request: object): Encoded {
  const end = plainEncoder.encode(request)
  return end < 0 ? encodeWithCare(request, 'request', REQUEST_LEVELS) : plainlyEncoded(end)
}

function plainlyEncoded(end: number): Encoded {
  const encoded = plainEncoder.buffer as unknown as Encoded
  encoded.start = 0
  encoded.end = end
  return encoded
}

/**
 * Encodes documents as one array.
 * @throws QuireError `INVALID_ARGUMENT` when one is no object, `UNSUPPORTED_VALUE`, naming the path
 * @internal
 */
export function encodeAll(values: readonly object[], what: string): Encoded {
  const end = plainEncoder.encodeAll(values)
  if (end >= 0) return plainlyEncoded(end)
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as object | null
    if (typeof value !== 'object' || value === null) {
      throw new QuireError(
        'INVALID_ARGUMENT',
        `${what}[${index}] must be an object, not ${value === null ? 'null' : typeof value}`
      )
    }
  }
  return encodeWithCare(values, what, 1)
}

/**
 * Gives a large buffer back once its bytes were used. Called after whole batches.
 * @internal
 */
export function releaseLargeBuffer(encoded: Encoded): void {
  if (encoded.length <= KEPT_BYTES_MAX) return
  if (encoded === (plainEncoder.buffer as Uint8Array)) plainEncoder.release()
  else packer.useBuffer(freshBuffer())
}

/** The buffer that msgpackr wrote into last. Whoever else uses msgpackr in this thread shares it. */
let lastBuffer: Uint8Array | undefined

function pack(value: object): Encoded {
  // Somebody gave the buffer away to another thread (`transfer`): msgpackr would write into nothing.
  if (lastBuffer?.length === 0) packer.useBuffer(freshBuffer())
  let encoded = packer.pack(value, IN_PLACE) as unknown as Encoded
  if (encoded.end > encoded.length) {
    packer.useBuffer(freshBuffer())
    encoded = packer.pack(value, IN_PLACE) as unknown as Encoded
  }
  lastBuffer = encoded
  return encoded
}

function freshBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(FRESH_BYTES)
}

/** Encodes what is not plain. -0 is written as a stand-in number, which is then replaced in the bytes. */
function encodeWithCare(given: object, what: string, levels: number): Encoded {
  const value = withPatterns(given, what)
  for (;;) {
    const standIn = Math.random() * Number.MAX_VALUE
    const copier = new PlainCopier(what, levels, standIn)
    try {
      const encoded = pack(copier.copy(value, '') as object)
      if (copier.standInsCount === 0 || writeNegativeZeros(encoded, standIn, copier.standInsCount)) return encoded
    } catch (error) {
      // The document holds the very number that was drawn: draw another one.
      if (!(error instanceof StandInMet)) throw error
    }
  }
}

/** Replaces each stand-in by -0. False when its bytes also stand elsewhere, such as in a text. */
function writeNegativeZeros(encoded: Encoded, standIn: number, count: number): boolean {
  const pattern = float64(standIn)
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset + encoded.start, encoded.end - encoded.start)
  const places: number[] = []
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + pattern.length)) places.push(at)
  if (places.length !== count) return false
  for (const at of places) bytes.set(float64(-0), at)
  return true
}

/** A number as MessagePack writes a float of 64 bits. */
function float64(number: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = 0xcb
  bytes.writeDoubleBE(number, 1)
  return bytes
}

/**
 * A record refers to a structure that the decoder does not know yet.
 * @internal
 */
export class UnknownStructure extends Error {}

/** A key list, as msgpackr keeps it: with the function that reads a record of it. */
interface Structure extends Array<string> {
  isShared?: boolean
  highByte?: number
  read?: () => unknown
}

/** Stands where no structure is known, so that msgpackr never takes a record's head for a number. */
const unknownStructure: Structure = Object.assign<string[], Partial<Structure>>([], {
  isShared: true,
  read: () => {
    throw new UnknownStructure('a record of an unknown structure')
  }
})

/**
 * Reads the documents of one collection's incarnation.
 * @internal
 */
export class Decoder {
  /** Which list of structures this is; the engine never uses a number twice. */
  readonly identity: number
  /** How many structures are known. */
  structuresCount = 0
  readonly #structures: Structure[] & { sharedLength?: number } = new Array<Structure>(FIRST_BYTES).fill(
    unknownStructure
  )
  readonly #unpacker: Unpackr
  readonly #plain = new PlainDecoder()

  /** @param identity the number of the list of structures */
  constructor(identity: number) {
    this.identity = identity
    this.#unpacker = new Unpackr({
      structures: this.#structures,
      // msgpackr asks here for numbers that take two bytes and are not in the list.
      getStructures: () => {
        throw new UnknownStructure('a record of an unknown structure')
      },
      mapsAsObjects: true,
      copyBuffers: true,
      // Integers that a number cannot hold exactly come back as bigint.
      int64AsType: 'auto' as 'bigint'
    })
  }

  /** Adds the structures that follow the ones known. */
  add(structures: readonly string[][]): void {
    for (const keys of structures) {
      this.#plain.add(keys)
      const structure: Structure = keys
      structure.isShared = true
      if (this.structuresCount >= SHORT_NUMBERS) structure.highByte = (this.structuresCount - SHORT_NUMBERS) >> 5
      this.#structures[this.structuresCount++] = structure
    }
    this.#structures.sharedLength = this.#structures.length
  }

  /**
   * Reads the one value that `bytes` hold up to `end`.
   *
   * @param wideCount how many of those bytes are above 0x7f, where that is known
   * @throws UnknownStructure when structures have to be added first
   * @throws QuireError `CORRUPTED` when the bytes are no value, `UNSUPPORTED_VALUE` for another language's extension
   */
  decode(bytes: Uint8Array, end: number, wideCount = NOT_COUNTED): unknown {
    const value = this.#plain.decode(bytes, end, wideCount)
    return value === NOT_READ ? this.#unpack(bytes, end) : value
  }

  #unpack(bytes: Uint8Array, end: number): unknown {
    try {
      return this.#unpacker.unpack(bytes, end)
    } catch (error) {
      if (error instanceof UnknownStructure) throw error
      const { message } = error as Error
      if (message.startsWith('Unknown extension')) {
        throw new QuireError('UNSUPPORTED_VALUE', `a stored document holds a value of another language: ${message}`, {
          cause: error
        })
      }
      throw new QuireError('CORRUPTED', `a stored document cannot be decoded: ${message}`, { cause: error })
    }
  }
}
