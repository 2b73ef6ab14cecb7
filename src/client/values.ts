// Values of documents to MessagePack and back, in the form that the server takes.
//
// Promises: as an embedded database stores them: fields that are undefined are left out, sets become arrays, regular
// expressions their operators, dates, bytes and whole numbers of 64 bits stay what they are. Leaves to others: what may
// be stored (the engine).

import { Packr, Unpackr } from 'msgpackr'

const packer = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false })
const unpacker = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  copyBuffers: true,
  int64AsType: 'auto' as 'bigint'
})

/** Writes a value. */
export function pack(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(packer.pack(plainOf(value)))
}

/** Reads a value. */
export function unpack(bytes: Uint8Array): unknown {
  return unpacker.unpack(bytes as Buffer)
}

/** A value in what MessagePack and Extended JSON have. */
export function plainOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date || value instanceof Uint8Array) return value
  if (value instanceof RegExp) return { $regex: value.source, $options: value.flags.replace(/[^imsx]/g, '') }
  if (Array.isArray(value)) return value.map(inner => (inner === undefined ? null : plainOf(inner)))
  if (value instanceof Set) return [...value].map(plainOf)
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  // A Map, because an object would put keys that are numbers first.
  return new Map(
    entries.flatMap(([key, inner]) => (inner === undefined ? [] : [[String(key), plainOf(inner)] as const]))
  )
}
