// MessagePack of bodies, looked through before anything is made of it.
//
// A few bytes can announce four billion elements or a million levels; a decoder that believes them takes the process
// with it. Promises: what is decoded has every announced byte, nests no deeper than `DEPTH_MAX`, and has texts for keys,
// none of them `__proto__`; a time is the only extension. Leaves to others: what may be stored (the engine, which checks every byte again).
// Source: the MessagePack specification.

import { Packr, Unpackr } from 'msgpackr'
import { DEPTH_MAX } from '../extended-json.ts'
import { QuireError } from '../index.ts'
import { Refusal } from './problems.ts'

const packer = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false, moreTypes: true })
const unpacker = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  copyBuffers: true,
  int64AsType: 'auto' as 'bigint'
})

/** Writes a value. */
export function pack(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(packer.pack(value))
}

/**
 * Reads the one value that the bytes hold.
 * @throws Refusal `MALFORMED_BODY`; QuireError `UNSUPPORTED_VALUE` for a key `__proto__`
 */
export function unpack(bytes: Uint8Array): unknown {
  const end = new Walker(bytes).walk()
  if (end !== bytes.length) throw malformed(`the value ends at byte ${end} of ${bytes.length}`)
  try {
    return unpacker.unpack(bytes as Buffer)
  } catch (error) {
    throw malformed((error as Error).message)
  }
}

function malformed(message: string): Refusal {
  return new Refusal('MALFORMED_BODY', `the body is no MessagePack: ${message}`)
}

/** Types by their first byte, above the fixed ranges: bytes of the value behind it, or how its length is told. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  ...{ 192: 0, 194: 0, 195: 0, 202: 4, 203: 8, 204: 1, 205: 2, 206: 4, 207: 8, 208: 1, 209: 2, 210: 4 },
  ...{ 211: 8, 212: 1, 213: 2, 214: 4, 215: 8, 216: 16 }
}
/** Bytes of the length of texts, bytes and extensions. */
const LENGTH_BYTES: Readonly<Record<number, number>> = {
  ...{ 196: 1, 197: 2, 198: 4, 199: 1, 200: 2, 201: 4, 217: 1, 218: 2, 219: 4 }
}
/** Type of the extension for times, -1. */
const TIMESTAMP = 0xff
const PROTO = Buffer.from('__proto__')

/** Goes over the bytes once, keeping how many values each open array or map still has to come. */
class Walker {
  readonly #bytes: Buffer
  #at = 0
  /** Values to come, of the innermost last; maps count keys and values. */
  readonly #left: number[] = []
  readonly #isMap: boolean[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** @returns where the first value ends */
  walk(): number {
    do {
      this.#one()
      while (this.#left.at(-1) === 0) {
        this.#left.pop()
        this.#isMap.pop()
      }
    } while (this.#left.length > 0)
    return this.#at
  }

  #one(): void {
    const level = this.#left.length - 1
    const isKey = level >= 0 && this.#isMap[level] === true && (this.#left[level] as number) % 2 === 0
    if (level >= 0) (this.#left[level] as number)--
    const first = this.#number(1)
    if (isKey) this.#key(first)
    else if (first <= 0x7f || first >= 0xe0) return
    else if (first <= 0x8f) this.#open(first & 15, true)
    else if (first <= 0x9f) this.#open(first & 15, false)
    else if (first <= 0xbf) this.#skip(first & 31)
    else if (first >= 0xdc) this.#open(this.#number(first & 1 ? 4 : 2), first >= 0xde)
    else this.#scalar(first)
  }

  #key(first: number): void {
    let length = first & 31
    if (first >= 0xd9 && first <= 0xdb) length = this.#number(LENGTH_BYTES[first] as number)
    else if (first < 0xa0 || first > 0xbf) throw malformed('a key is no text')
    const start = this.#at
    this.#skip(length)
    if (length === PROTO.length && this.#bytes.subarray(start, this.#at).equals(PROTO)) {
      throw new QuireError('UNSUPPORTED_VALUE', 'the key __proto__ cannot be stored')
    }
  }

  #scalar(first: number): void {
    const fixed = FIXED_BYTES[first]
    const lengthBytes = LENGTH_BYTES[first]
    if (fixed === undefined && lengthBytes === undefined) throw malformed(`byte ${first.toString(16)} begins nothing`)
    const length = fixed ?? this.#number(lengthBytes as number)
    if ((first >= 0xc7 && first <= 0xc9) || (first >= 0xd4 && first <= 0xd8)) this.#extension()
    this.#skip(length)
  }

  /** Other extensions than times hold values that nobody looked through. */
  #extension(): void {
    if (this.#number(1) !== TIMESTAMP) throw malformed('the only extension that is taken is the timestamp')
  }

  #open(count: number, isMap: boolean): void {
    const values = isMap ? 2 * count : count
    if (values > this.#bytes.length - this.#at) throw malformed(`${count} elements are announced that are not there`)
    if (this.#left.length >= DEPTH_MAX) throw malformed(`it nests deeper than ${DEPTH_MAX} levels`)
    this.#left.push(values)
    this.#isMap.push(isMap)
  }

  #number(bytes: number): number {
    const start = this.#at
    this.#skip(bytes)
    return this.#bytes.readUIntBE(start, bytes)
  }

  #skip(bytes: number): void {
    this.#at += bytes
    if (this.#at > this.#bytes.length) throw malformed('it ends in the middle of a value')
  }
}
