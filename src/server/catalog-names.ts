// The names of collections by their numbers, out of the bytes of a data file's catalog.
//
// Promises: bytes that make no sense give nothing, and no length in them leads beyond their end.
// Leaves to others: where the bytes are (page-map.ts), all else that a catalog has (the engine).
// Source: docs/FORMAT.md, "Catalog".

/** Bytes of an entry before its name. */
const ENTRY_BYTES = 68
const NAME_LENGTH_AT = 6
/** Bytes of an ordered index before its definition, the length of which stands in the last two. */
const INDEX_BYTES = 30
const INDEX_LENGTH_AT = 28
/** The version whose entries end with their structures. */
const WITHOUT_INDEXES = 1
const VERSIONS = [WITHOUT_INDEXES, 2]

/** Names of collections by number; undefined where the bytes are no catalog. */
export function collectionNames(catalog: Buffer): ReadonlyMap<number, string> | undefined {
  const names = new Map<number, string>()
  const version = catalog[0]
  if (version === undefined || !VERSIONS.includes(version)) return undefined
  try {
    let at = 1
    while (at < catalog.length) {
      const nameEnd = at + ENTRY_BYTES + catalog.readUInt16LE(at + NAME_LENGTH_AT)
      if (nameEnd > catalog.length) return undefined
      names.set(catalog.readUInt32LE(at), catalog.toString('utf8', at + ENTRY_BYTES, nameEnd))
      at = behindStructures(catalog, nameEnd)
      if (version !== WITHOUT_INDEXES) at = behindIndexes(catalog, at)
    }
  } catch (error) {
    // A read beyond the end.
    if (error instanceof RangeError) return undefined
    throw error
  }
  return names
}

function behindStructures(catalog: Buffer, start: number): number {
  let at = start + 2
  for (let structures = catalog.readUInt16LE(start); structures > 0; structures--) {
    const keysCount = catalog.readUInt8(at) + 1
    at++
    for (let key = 0; key < keysCount; key++) at += 2 + catalog.readUInt16LE(at)
  }
  return at
}

function behindIndexes(catalog: Buffer, start: number): number {
  let at = start + 2
  for (let indexes = catalog.readUInt16LE(start); indexes > 0; indexes--) {
    at += INDEX_BYTES + catalog.readUInt16LE(at + INDEX_LENGTH_AT)
  }
  return at
}
