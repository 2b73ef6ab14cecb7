// Writes values in stored form, for tests of the decoder without an engine.
//
// A second, slow writer of the bytes that native/engine/src/format makes: records of structures in the order in which
// shapes are met, integers 64..127 as two bytes. Only what the codec's tests need.

/** Key lists, numbered by their place. */
export class StructureList {
  readonly lists: string[][] = []
  readonly #numbers = new Map<string, number>()

  numberOf(keys: string[]): number {
    const name = JSON.stringify(keys)
    let number = this.#numbers.get(name)
    if (number === undefined) {
      number = this.lists.push(keys) - 1
      this.#numbers.set(name, number)
    }
    return number
  }
}

/** The stored form of `value`. */
export function storedForm(value: unknown, structures: StructureList): Buffer {
  const parts: Buffer[] = []
  write(value, structures, parts)
  return Buffer.concat(parts)
}

function write(value: unknown, structures: StructureList, parts: Buffer[]): void {
  if (value === null) parts.push(Buffer.of(0xc0))
  else if (typeof value === 'boolean') parts.push(Buffer.of(value ? 0xc3 : 0xc2))
  else if (typeof value === 'number') parts.push(numberBytes(value))
  else if (typeof value === 'string') parts.push(headed(0xdb, Buffer.from(value)))
  else if (value instanceof Uint8Array) parts.push(headed(0xc6, value))
  else if (Array.isArray(value)) {
    parts.push(sized(0xdd, value.length))
    for (const element of value) write(element, structures, parts)
  } else writeRecord(value as Record<string, unknown>, structures, parts)
}

function writeRecord(value: Record<string, unknown>, structures: StructureList, parts: Buffer[]): void {
  const keys = Object.keys(value)
  const number = structures.numberOf(keys)
  parts.push(number < 32 ? Buffer.of(0x40 + number) : Buffer.of(0x60 + ((number - 32) & 31), (number - 32) >> 5))
  for (const key of keys) write(value[key], structures, parts)
}

function numberBytes(value: number): Buffer {
  if (Number.isInteger(value) && !Object.is(value, -0)) {
    if (value >= 0 && value < 64) return Buffer.of(value)
    if (value >= 64 && value < 256) return Buffer.of(0xcc, value)
    if (value < 0 && value >= -32) return Buffer.of(value & 0xff)
  }
  const bytes = Buffer.alloc(9)
  bytes[0] = 0xcb
  bytes.writeDoubleBE(value, 1)
  return bytes
}

function sized(head: number, count: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes[0] = head
  bytes.writeUInt32BE(count, 1)
  return bytes
}

function headed(head: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([sized(head, bytes.length), bytes])
}
