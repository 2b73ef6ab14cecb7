// Plain values to MessagePack in one walk that also tells whether they are plain.
//
// Why beside msgpackr: with it a document is walked twice, once to see what it holds (plain.ts) and once to be written,
// with the bytes of every key made anew. Here keys come from a cache in the order in which the last document had them:
// 350 ns against 718 ns for the benchmark's document. The bytes are those that msgpackr writes, and a test compares.
// Promises: what is not plain is left to the caller, whatever was written before; nothing of a value is kept.
// Leaves to others: everything that is not a string, number, boolean, null, Date, array or plain object (codec.ts).

/** Deepest nesting of maps and arrays, as in native/engine/src/limits.rs. */
const DEPTH_MAX = 100
/** First size of the buffer; also its size after a large one was given back. */
const FRESH_BYTES = 1 << 16
/** Room that is free in the buffer before each field: a key, a head and a number fit into it. */
const SLACK_BYTES = 512
/** Strings below this length are written character by character: that is faster than a call out of JavaScript. */
const SHORT_CHARACTERS = 32
/** Fields of a document whose keys are remembered by their place. */
const PLACES_MAX = 256
/** Keys that are remembered by their name; forgotten all at once, so that keys that are data cost no memory. */
const KEYS_MAX = 1024
/** Longest key that is remembered; its bytes fit into the slack. */
const KEY_CHARACTERS_MAX = 80
const NOT_PLAIN = false

/** A key in MessagePack, in words of four bytes, which are written faster; the last one is filled up with zeros. */
interface EncodedKey {
  readonly bytes: number
  readonly words: readonly number[]
}

const objectPrototype = Object.prototype
const datePrototype = Date.prototype

/**
 * Writes plain values into a buffer of its own.
 * @internal
 */
export class PlainEncoder {
  /** The buffer that the last value was written to, from its start. */
  buffer: Buffer = Buffer.allocUnsafeSlow(FRESH_BYTES)
  #view = viewOf(this.buffer)
  /** Where the next byte goes. */
  #at = 0
  /** Last place at which a field may begin. */
  #limit = FRESH_BYTES - SLACK_BYTES
  /** Whether a value is being written: a getter of it may come here again. */
  #isBusy = false
  /** Number of the next field of the outermost value. */
  #place = 0
  readonly #keys: string[] = new Array<string>(PLACES_MAX).fill('')
  readonly #encodedKeys: EncodedKey[] = new Array<EncodedKey>(PLACES_MAX).fill(encodeKey(''))
  readonly #encodedByKey = new Map<string, EncodedKey>()

  /**
   * Writes one object or array to the start of the buffer.
   * @returns how many bytes it takes; -1 when the value is not plain
   */
  encode(value: object): number {
    if (this.#isBusy || hasEnumerableKeys(objectPrototype)) return -1
    this.#isBusy = true
    try {
      this.#at = 0
      this.#place = 0
      return this.#writeObject(value, 1) ? this.#at : -1
    } finally {
      this.#isBusy = false
    }
  }

  /**
   * Writes objects as one array; every one of them begins a document.
   * @returns as `encode`
   */
  encodeAll(values: readonly object[]): number {
    if (this.#isBusy || hasEnumerableKeys(objectPrototype)) return -1
    this.#isBusy = true
    try {
      this.#at = 0
      this.#writeHead(values.length, 0x90, 0xdc)
      for (let index = 0; index < values.length; index++) {
        this.#place = 0
        const value = values[index]
        if (typeof value !== 'object' || value === null || !this.#writeObject(value, 1)) return -1
      }
      return this.#at
    } finally {
      this.#isBusy = false
    }
  }

  /** Gives a large buffer back. */
  release(): void {
    this.#use(Buffer.allocUnsafeSlow(FRESH_BYTES))
  }

  #writeObject(value: object, depth: number): boolean {
    if (depth > DEPTH_MAX) return NOT_PLAIN
    if (Array.isArray(value)) return this.#writeArray(value, depth)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === objectPrototype) return this.#writeMap(value as Record<string, unknown>, depth)
    return prototype === datePrototype ? this.#writeDate(value as Date) : NOT_PLAIN
  }

  #writeMap(fields: Record<string, unknown>, depth: number): boolean {
    if (this.#at > this.#limit) this.#grow(SLACK_BYTES)
    const headAt = this.#at++
    let count = 0
    for (const key in fields) {
      count++
      this.#writeKey(key)
      if (!this.#writeValue(fields[key], depth) || key === '__proto__') return NOT_PLAIN
    }
    if (count < 16) this.buffer[headAt] = 0x80 | count
    else this.#widenHead(headAt, count)
    return true
  }

  #writeArray(elements: readonly unknown[], depth: number): boolean {
    if (this.#at > this.#limit) this.#grow(SLACK_BYTES)
    const count = elements.length
    this.#writeHead(count, 0x90, 0xdc)
    for (let index = 0; index < count; index++) {
      if (!this.#writeValue(elements[index], depth)) return NOT_PLAIN
    }
    return true
  }

  #writeValue(value: unknown, depth: number): boolean {
    if (this.#at > this.#limit) this.#grow(SLACK_BYTES)
    if (typeof value === 'string') {
      this.#writeString(value)
      return true
    }
    if (typeof value === 'number') return this.#writeNumber(value)
    if (value === null || typeof value === 'boolean') {
      this.buffer[this.#at++] = value === null ? 0xc0 : value ? 0xc3 : 0xc2
      return true
    }
    return typeof value === 'object' ? this.#writeObject(value, depth + 1) : NOT_PLAIN
  }

  #writeKey(key: string): void {
    if (this.#at > this.#limit) this.#grow(SLACK_BYTES)
    if (key.length > KEY_CHARACTERS_MAX) {
      this.#writeLongString(key, key.length)
      return
    }
    const place = this.#place++
    let encoded: EncodedKey
    if (this.#keys[place] === key) {
      encoded = this.#encodedKeys[place] as EncodedKey
    } else {
      encoded = this.#encodedByKey.get(key) ?? this.#learnKey(key)
      if (place < PLACES_MAX) {
        this.#keys[place] = key
        this.#encodedKeys[place] = encoded
      }
    }
    const { words } = encoded
    let at = this.#at
    for (let index = 0; index < words.length; index++, at += 4) this.#view.setInt32(at, words[index] as number)
    this.#at += encoded.bytes
  }

  #learnKey(key: string): EncodedKey {
    const encoded = encodeKey(key)
    if (this.#encodedByKey.size >= KEYS_MAX) this.#encodedByKey.clear()
    this.#encodedByKey.set(key, encoded)
    return encoded
  }

  #writeString(text: string): void {
    const count = text.length
    const { buffer } = this
    if (count < SHORT_CHARACTERS) {
      let at = this.#at + 1
      let union = 0
      for (let index = 0; index < count; index++) {
        const character = text.charCodeAt(index)
        union |= character
        buffer[at++] = character
      }
      if (union < 0x80) {
        buffer[this.#at] = 0xa0 | count
        this.#at = at
        return
      }
    }
    this.#writeLongString(text, count)
  }

  #writeLongString(text: string, count: number): void {
    if (this.#at + 5 + count * 3 > this.#limit) this.#grow(5 + count * 3)
    const { buffer } = this
    const at = this.#at
    const expectedHead = stringHeadBytes(count)
    const bytes = buffer.write(text, at + expectedHead)
    const head = stringHeadBytes(bytes)
    if (head !== expectedHead) buffer.copyWithin(at + head, at + expectedHead, at + expectedHead + bytes)
    if (head === 1) buffer[at] = 0xa0 | bytes
    else if (head === 2) {
      buffer[at] = 0xd9
      buffer[at + 1] = bytes
    } else if (head === 3) {
      buffer[at] = 0xda
      this.#view.setUint16(at + 1, bytes)
    } else {
      buffer[at] = 0xdb
      this.#view.setUint32(at + 1, bytes)
    }
    this.#at = at + head + bytes
  }

  #writeNumber(value: number): boolean {
    const { buffer } = this
    const at = this.#at
    if (value >>> 0 === value) {
      if (value === 0 && Object.is(value, -0)) return NOT_PLAIN
      if (value < 0x80) {
        buffer[at] = value
        this.#at = at + 1
      } else if (value < 0x100) {
        buffer[at] = 0xcc
        buffer[at + 1] = value
        this.#at = at + 2
      } else if (value < 0x10000) {
        buffer[at] = 0xcd
        this.#view.setUint16(at + 1, value)
        this.#at = at + 3
      } else {
        buffer[at] = 0xce
        this.#view.setUint32(at + 1, value)
        this.#at = at + 5
      }
    } else if (value >> 0 === value) {
      this.#writeNegative(value)
    } else {
      buffer[at] = 0xcb
      this.#view.setFloat64(at + 1, value)
      this.#at = at + 9
    }
    return true
  }

  #writeNegative(value: number): void {
    const { buffer } = this
    const at = this.#at
    if (value >= -0x20) {
      buffer[at] = 0x100 + value
      this.#at = at + 1
    } else if (value >= -0x80) {
      buffer[at] = 0xd0
      buffer[at + 1] = value + 0x100
      this.#at = at + 2
    } else if (value >= -0x8000) {
      buffer[at] = 0xd1
      this.#view.setInt16(at + 1, value)
      this.#at = at + 3
    } else {
      buffer[at] = 0xd2
      this.#view.setInt32(at + 1, value)
      this.#at = at + 5
    }
  }

  /** A date as MessagePack's timestamp, in the shortest of its three forms. */
  #writeDate(date: Date): boolean {
    const milliseconds = datePrototype.getTime.call(date)
    if (Number.isNaN(milliseconds)) return NOT_PLAIN
    const seconds = Math.floor(milliseconds / 1000)
    const nanoseconds = (milliseconds - seconds * 1000) * 1_000_000
    const { buffer } = this
    const view = this.#view
    const at = this.#at
    if (seconds < 0 || seconds >= 2 ** 32) {
      buffer[at] = 0xc7
      buffer[at + 1] = 12
      buffer[at + 2] = 0xff
      view.setUint32(at + 3, nanoseconds)
      view.setBigInt64(at + 7, BigInt(seconds))
      this.#at = at + 15
    } else if (nanoseconds === 0) {
      buffer[at] = 0xd6
      buffer[at + 1] = 0xff
      view.setUint32(at + 2, seconds)
      this.#at = at + 6
    } else {
      buffer[at] = 0xd7
      buffer[at + 1] = 0xff
      view.setUint32(at + 2, nanoseconds * 4)
      view.setUint32(at + 6, seconds)
      this.#at = at + 10
    }
    return true
  }

  /** The head of an array or a map of `count`; `wide` is the head whose count takes two bytes. */
  #writeHead(count: number, short: number, wide: number): void {
    const at = this.#at
    if (count < 16) {
      this.buffer[at] = short | count
      this.#at = at + 1
    } else if (count < 0x10000) {
      this.buffer[at] = wide
      this.#view.setUint16(at + 1, count)
      this.#at = at + 3
    } else {
      this.buffer[at] = wide + 1
      this.#view.setUint32(at + 1, count)
      this.#at = at + 5
    }
  }

  /** Makes room for the head of a map that turned out to have 16 fields or more. */
  #widenHead(headAt: number, count: number): void {
    const more = count < 0x10000 ? 2 : 4
    if (this.#at > this.#limit) this.#grow(SLACK_BYTES)
    const end = this.#at
    this.buffer.copyWithin(headAt + 1 + more, headAt + 1, end)
    this.#at = headAt
    this.#writeHead(count, 0x80, 0xde)
    this.#at = end + more
  }

  /** Makes room for `bytes` more, and for the fields that follow. */
  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.#at + bytes + 2 * SLACK_BYTES))
    this.buffer.copy(larger, 0, 0, this.#at)
    this.#use(larger)
  }

  #use(buffer: Buffer): void {
    this.buffer = buffer
    this.#view = viewOf(buffer)
    this.#limit = buffer.length - SLACK_BYTES
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
}

/** A key of at most `KEY_CHARACTERS_MAX` as a MessagePack string. */
function encodeKey(key: string): EncodedKey {
  const text = new TextEncoder().encode(key)
  const head = text.length < 32 ? [0xa0 | text.length] : [0xd9, text.length]
  const bytes = head.length + text.length
  const padded = new DataView(new ArrayBuffer((bytes + 3) & ~3))
  new Uint8Array(padded.buffer).set([...head, ...text])
  return { bytes, words: Array.from({ length: padded.byteLength / 4 }, (_, index) => padded.getInt32(index * 4)) }
}

function stringHeadBytes(bytes: number): number {
  if (bytes < 32) return 1
  if (bytes < 0x100) return 2
  return bytes < 0x10000 ? 3 : 5
}

/** True when `for in` over any object would also meet keys of `prototype`. */
function hasEnumerableKeys(prototype: object): boolean {
  for (const _key in prototype) return true
  return false
}
