// Stored form to plain values, with a reader of its own for each record structure that is read often.
//
// Why beside msgpackr: most of a read is making strings. Here a document's bytes become one string, of which its texts
// are pieces, and whether those are right is known from one number: native code counts the bytes above 0x7f, this file
// counts those of heads and numbers, and where the two agree every text was ASCII. 185 ns against 385 ns for the
// benchmark's document. What comes back is what msgpackr gives, and a test compares.
// Promises: what is not understood all through is left to the caller, as `NOT_READ`; a text keeps at most
// `PIECE_BYTES` of others alive. Leaves to others: extensions but dates, damage and its words (codec.ts),
// making readers (record-reader.ts).

import { compileReader, type Expectation, type ReadState } from './record-reader.ts'

/** Stands for: ask msgpackr. @internal */
export const NOT_READ: unique symbol = Symbol('not read')
/** Says that nobody counted the bytes above 0x7f. @internal */
export const NOT_COUNTED = -1

/** Bytes that become one string, of which texts are pieces. */
const PIECE_BYTES = 1024
/** Texts of more bytes than this become strings of their own. */
const LONG_BYTES = 256
/** Documents in which a text was not ASCII are followed by this many whose texts are looked at one by one. */
const CAREFUL_READS = 64
/** A structure gets a reader of its own when it is read as often as this. */
const COMPILED_AFTER = 8
/** Places for the keys of plain maps that are remembered. */
const KEYS_COUNT = 1024
/** Bounds of what a number holds exactly, as msgpackr draws them. */
const EXACT_MIN = -(2n ** 53n)
const EXACT_MAX = 2n ** 53n

const { latin1Slice, utf8Slice } = Buffer.prototype as Buffer & {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}
/** Says that the bytes hold more than this file reads. */
const refusal = new Error('not read')

interface Structure {
  readonly keys: readonly string[]
  readsCount: number
}

/**
 * Reads the documents of one list of structures.
 * @internal
 */
export class PlainDecoder implements ReadState {
  readonly #structures: Structure[] = []
  /** Readers of structures that were read often. */
  readonly #readers: (() => object)[] = []
  bytes: Uint8Array = new Uint8Array(0)
  view = new DataView(this.bytes.buffer)
  /** Where the next value begins. */
  at = 0
  /** Where the bytes end. */
  #end = 0
  /** `pieceStart..pieceEnd` of the bytes as a string, one character for a byte. */
  piece = ''
  pieceStart = 0
  pieceEnd = 0
  /** Bytes above 0x7f that are in no text, so far. */
  wideCount = 0
  /** Whether each text is looked at before it is taken for ASCII. */
  isCareful = false
  /** How many of the next reads are careful. */
  #carefulReads = 0
  readonly #keys: string[] = new Array<string>(KEYS_COUNT).fill('')

  /** Adds the structure that follows the ones known. */
  add(keys: readonly string[]): void {
    this.#structures.push({ keys: keys.map(safeKey), readsCount: 0 })
  }

  /**
   * Reads the one value that `bytes` hold up to `end`.
   *
   * @param wideCount how many of those bytes are above 0x7f; `NOT_COUNTED` when nobody knows
   * @returns the value, or `NOT_READ`
   */
  decode(bytes: Uint8Array, end: number, wideCount: number): unknown {
    if (bytes !== this.bytes) this.#use(bytes)
    this.#end = end
    try {
      if (wideCount !== NOT_COUNTED && this.#carefulReads === 0) {
        const value = this.#readAll(false)
        if (this.wideCount === wideCount) return value
        this.#carefulReads = CAREFUL_READS
      } else if (this.#carefulReads > 0) {
        this.#carefulReads--
      }
      return this.#readAll(true)
    } catch (error) {
      // The stack ends where bytes nest as no document does.
      if (error === refusal || error instanceof RangeError) return NOT_READ
      throw error
    }
  }

  /** The value at the place reached. */
  value(): unknown {
    const at = this.at
    const head = this.bytes[at] as number
    if (head < 0x40) {
      this.at = at + 1
      return head
    }
    if (head < 0x80) return this.#readRecord(head, at)
    this.wideCount++
    if (head >= 0xe0) {
      this.at = at + 1
      return head - 0x100
    }
    if (head < 0x90) return this.#readMap(head & 0x0f, at + 1)
    if (head < 0xa0) return this.#readList(head & 0x0f, at + 1)
    return head < 0xc0 ? this.#readText(at + 1, head & 0x1f) : this.#readOther(head, at + 1)
  }

  /** As `value`, where a text is expected. */
  text(): unknown {
    const at = this.at
    const head = this.bytes[at] as number
    if (head >= 0xa0 && head < 0xc0) {
      this.wideCount++
      return this.#readText(at + 1, head & 0x1f)
    }
    if (head !== 0xd9) return this.value()
    const count = this.bytes[at + 1] as number
    this.wideCount += 1 + (count >> 7)
    return this.#readText(at + 2, count)
  }

  /** As `value`, where a float of 64 bits is expected. */
  double(): unknown {
    const at = this.at
    if (this.bytes[at] !== 0xcb) return this.value()
    this.wideCount++
    return this.#readDouble(at + 1)
  }

  /** As `value`, where an integer below 256 is expected. */
  integer(): unknown {
    const at = this.at
    const head = this.bytes[at] as number
    if (head < 0x40) {
      this.at = at + 1
      return head
    }
    if (head !== 0xcc) return this.value()
    this.wideCount++
    return this.#readByte(at + 1)
  }

  /** As `value`, where true or false is expected. */
  boolean(): unknown {
    const at = this.at
    const head = this.bytes[at] as number
    if (head !== 0xc2 && head !== 0xc3) return this.value()
    this.wideCount++
    this.at = at + 1
    return head === 0xc3
  }

  /** As `value`, where a short list is expected, most of all one of texts. */
  list(): unknown {
    const at = this.at
    const head = this.bytes[at] as number
    if (head < 0x90 || head >= 0xa0) return this.value()
    this.wideCount++
    return this.#readList(head & 0x0f, at + 1)
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  #readAll(isCareful: boolean): unknown {
    this.isCareful = isCareful
    this.wideCount = 0
    this.at = 0
    this.pieceEnd = 0
    const value = this.value()
    this.piece = ''
    if (this.at !== this.#end) throw refusal
    return value
  }

  #readText(from: number, count: number): string {
    const to = from + count
    this.at = to
    if (this.isCareful && this.#isWide(from, to)) return utf8Slice.call(this.bytes as Buffer, from, to)
    if (to > this.pieceEnd) {
      if (to > this.#end) throw refusal
      if (count > LONG_BYTES) return latin1Slice.call(this.bytes as Buffer, from, to)
      this.pieceStart = from
      this.pieceEnd = Math.min(from + PIECE_BYTES, this.#end)
      this.piece = latin1Slice.call(this.bytes as Buffer, from, this.pieceEnd)
    }
    return this.piece.substring(from - this.pieceStart, to - this.pieceStart)
  }

  /** Whether one of these bytes is above 0x7f. */
  #isWide(from: number, to: number): boolean {
    if (to > this.#end) throw refusal
    let union = 0
    let at = from
    for (const last = to - 4; at <= last; at += 4) union |= this.view.getInt32(at)
    for (; at < to; at++) union |= this.bytes[at] as number
    return (union & 0x80808080) !== 0
  }

  #readList(count: number, at: number): unknown[] {
    this.at = at
    // Every element takes a byte, so no count makes more room than there are bytes.
    if (count > this.#end - at) throw refusal
    const list = new Array<unknown>(count)
    for (let index = 0; index < count; index++) list[index] = this.text()
    return list
  }

  #readMap(count: number, at: number): object {
    this.at = at
    const object: Record<string, unknown> = {}
    for (let index = 0; index < count; index++) {
      const key = this.#readKey()
      object[key] = this.value()
    }
    return object
  }

  /** A key of a plain map: the string that the same bytes were before, where it is remembered. */
  #readKey(): string {
    const bytes = this.bytes
    const from = this.at + 1
    const head = bytes[from - 1] as number
    const count = head & 0x1f
    if (head >= 0xa0 && head < 0xc0 && count > 0) {
      const place = (count ^ ((bytes[from] as number) << 3) ^ ((bytes[from + count - 1] as number) << 5)) % KEYS_COUNT
      const known = this.#keys[place] as string
      if (known.length === count && this.#holds(known, from)) {
        this.wideCount++
        this.at = from + count
        return known
      }
      const key = safeKey(this.text() as string)
      if (key.length === count && !this.#isWide(from, from + count)) this.#keys[place] = key
      return key
    }
    const key = this.text()
    if (typeof key !== 'string') throw refusal
    return safeKey(key)
  }

  #holds(text: string, from: number): boolean {
    for (let index = 0; index < text.length; index++) {
      if (text.charCodeAt(index) !== this.bytes[from + index]) return false
    }
    return true
  }

  #readRecord(head: number, at: number): object {
    let number = head - 0x40
    this.at = at + 1
    if (number >= 32) {
      number += (this.bytes[at + 1] as number) << 5
      this.at = at + 2
    }
    const reader = this.#readers[number]
    return reader === undefined ? this.#readSeldom(number) : reader()
  }

  #readSeldom(number: number): object {
    const structure = this.#structures[number]
    if (structure === undefined) throw refusal
    const expectations: Expectation[] = []
    const object: Record<string, unknown> = {}
    for (const key of structure.keys) {
      expectations.push(expectationAt(this.bytes[this.at] as number))
      object[key] = this.value()
    }
    if (++structure.readsCount === COMPILED_AFTER) {
      const reader = compileReader(this, structure.keys, expectations)
      if (reader !== undefined) this.#readers[number] = reader
    }
    return object
  }

  /** What begins with a head of 0xc0 to 0xdf. */
  #readOther(head: number, at: number): unknown {
    const view = this.view
    this.at = at
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.#readBinary(this.#readByte(at))
      case 0xc5:
        return this.#readBinary(this.#readShort(at))
      case 0xc6:
        return this.#readBinary(this.#readWord(at) >>> 0)
      case 0xca:
        this.#readWord(at)
        return view.getFloat32(at)
      case 0xcb:
        return this.#readDouble(at)
      case 0xcc:
        return this.#readByte(at)
      case 0xcd:
        return this.#readShort(at)
      case 0xce:
        return this.#readWord(at) >>> 0
      case 0xcf:
        this.#readDouble(at)
        return exact(view.getBigUint64(at))
      case 0xd0:
        return (this.#readByte(at) << 24) >> 24
      case 0xd1:
        return (this.#readShort(at) << 16) >> 16
      case 0xd2:
        return this.#readWord(at)
      case 0xd3:
        this.#readDouble(at)
        return exact(view.getBigInt64(at))
      default:
        return this.#readSized(head, at)
    }
  }

  /** Dates, long texts, lists and maps. */
  #readSized(head: number, at: number): unknown {
    switch (head) {
      case 0xc7:
        return this.#readFarDate(at)
      case 0xd6:
        return this.#readDate(at, 4)
      case 0xd7:
        return this.#readDate(at, 8)
      case 0xd9:
        return this.#readText(at + 1, this.#readByte(at))
      case 0xda:
        return this.#readText(at + 2, this.#readShort(at))
      case 0xdb:
        return this.#readText(at + 4, this.#readWord(at) >>> 0)
      case 0xdc:
        return this.#readList(this.#readShort(at), at + 2)
      case 0xdd:
        return this.#readList(this.#readWord(at) >>> 0, at + 4)
      case 0xde:
        return this.#readMap(this.#readShort(at), at + 2)
      case 0xdf:
        return this.#readMap(this.#readWord(at) >>> 0, at + 4)
      default:
        throw refusal
    }
  }

  #readByte(at: number): number {
    const number = this.bytes[at] as number
    this.wideCount += number >> 7
    this.at = at + 1
    return number
  }

  #readShort(at: number): number {
    const number = this.view.getUint16(at)
    this.wideCount += (number >> 15) + ((number >> 7) & 1)
    this.at = at + 2
    return number
  }

  /** An integer of 32 bits with a sign. */
  #readWord(at: number): number {
    const number = this.view.getInt32(at)
    this.wideCount += wideBytesOf(number)
    this.at = at + 4
    return number
  }

  #readDouble(at: number): number {
    const view = this.view
    this.wideCount += wideBytesOf(view.getInt32(at)) + wideBytesOf(view.getInt32(at + 4))
    this.at = at + 8
    return view.getFloat64(at)
  }

  /** The `count` bytes at the place reached, as a copy. */
  #readBinary(count: number): Uint8Array {
    const from = this.at
    const to = from + count
    if (to > this.#end) throw refusal
    if (!this.isCareful) for (let at = from; at < to; at++) this.wideCount += (this.bytes[at] as number) >> 7
    this.at = to
    return Uint8Array.prototype.slice.call(this.bytes, from, to)
  }

  /** A timestamp in one of its two shorter forms. */
  #readDate(at: number, count: number): Date {
    if (this.bytes[at] !== 0xff) throw refusal
    this.wideCount++
    const high = this.#readWord(at + 1) >>> 0
    if (count === 4) return new Date(high * 1000)
    const low = this.#readWord(at + 5) >>> 0
    return new Date((high >>> 2) / 1_000_000 + ((high & 3) * 2 ** 32 + low) * 1000)
  }

  /** A timestamp in its longest form: before 1970 or after 2106. */
  #readFarDate(at: number): Date {
    if (this.bytes[at] !== 12 || this.bytes[at + 1] !== 0xff) throw refusal
    this.wideCount++
    const nanoseconds = this.#readWord(at + 2)
    const high = this.#readWord(at + 6)
    if (high >> 15 !== high >> 31) throw refusal
    return new Date(nanoseconds / 1_000_000 + (high * 2 ** 32 + (this.#readWord(at + 10) >>> 0)) * 1000)
  }
}

/** A key that sets no prototype; the engine's documents have none such, those of other languages may. */
function safeKey(key: string): string {
  return key === '__proto__' ? '__proto_' : key
}

function exact(integer: bigint): number | bigint {
  return integer >= EXACT_MIN && integer <= EXACT_MAX ? Number(integer) : integer
}

/** How many of a word's four bytes are above 0x7f. */
function wideBytesOf(word: number): number {
  return Math.imul((word >>> 7) & 0x01010101, 0x01010101) >>> 24
}

/** What a field is expected to be that once began with `head`. */
function expectationAt(head: number): Expectation {
  if ((head >= 0xa0 && head < 0xc0) || head === 0xd9) return 'text'
  if (head === 0xcb) return 'double'
  if (head < 0x40 || head === 0xcc) return 'integer'
  if (head === 0xc2 || head === 0xc3) return 'boolean'
  return head >= 0x90 && head < 0xa0 ? 'list' : 'value'
}
