// Which pages of a data file hold what: read off the file itself, as the last checkpoint left it.
//
// Promises: nothing is written or locked; the file is doubted: what makes no sense is shown as unknown, and no number
// in it leads out of it; at most `limit` pages are looked at. A checkpoint that runs meanwhile begins the look again.
// Leaves to others: damage (`check`), pages that are in memory only, what is shown of it (src/console).
// Source: docs/FORMAT.md, "Pages", "Header slots", "Free list"; offsets stand here a second time, and
// test/server/pages.test.ts holds them against the engine's own counts.

import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { collectionNames } from './catalog-names.ts'
import { KINDS, type PageMap, type PageRun } from './page-runs.ts'

/** Bytes of a page. */
export const PAGE_BYTES = 4096
const HEAD_BYTES = 24
const BODY_BYTES = PAGE_BYTES - HEAD_BYTES
const HEADER_BYTES = 128
const MAGIC = Buffer.from('QuireDB\r\n\x1a\n\0\0\0\0\0', 'latin1')
/** Pages that are read at once. */
const CHUNK_PAGES = 256
/** Looks at a file whose checkpoints follow one another. */
const LOOKS_MAX = 3
/** Bytes of the largest catalog or free list that is read. */
const BLOB_BYTES_MAX = 64 << 20

interface Header {
  readonly fileId: Buffer
  readonly epoch: bigint
  readonly sequence: number
  readonly pagesCount: number
  readonly catalog: { readonly firsts: readonly number[]; readonly bytes: number }
  readonly freeList: { readonly first: number; readonly bytes: number }
}

/**
 * Looks at the pages `first` to `first + limit` of a data file.
 * @returns undefined where the file has no header yet
 * @throws the error of the file system
 */
export async function readPageMap(path: string, first: number, limit: number): Promise<PageMap | undefined> {
  const file = await open(path, 'r')
  try {
    for (let look = 1; ; look++) {
      const header = await readHeader(file)
      if (header === undefined) return undefined
      const runs = await readRuns(file, header, first, Math.min(first + limit, header.pagesCount))
      const isSame = (await readHeader(file))?.epoch === header.epoch
      if (isSame || look === LOOKS_MAX) {
        const { pagesCount, sequence } = header
        return { pageBytes: PAGE_BYTES, pagesCount, sequence, runs }
      }
    }
  } finally {
    await file.close()
  }
}

/** Reads pages; fewer where the file ends. */
async function readPages(file: FileHandle, first: number, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count * PAGE_BYTES)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, first * PAGE_BYTES)
  return bytes.subarray(0, bytesRead)
}

/** The good header slot with the larger epoch. */
async function readHeader(file: FileHandle): Promise<Header | undefined> {
  const bytes = await readPages(file, 0, 2)
  const headers = [0, PAGE_BYTES].flatMap(at => headerOf(bytes.subarray(at, at + HEADER_BYTES)) ?? [])
  return headers.sort((a, b) => (a.epoch < b.epoch ? 1 : -1))[0]
}

function headerOf(slot: Buffer): Header | undefined {
  if (slot.length < HEADER_BYTES || !slot.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  if (slot.readUInt32LE(124) !== crc32(slot.subarray(0, 124))) return undefined
  return {
    fileId: Buffer.from(slot.subarray(40, 56)),
    epoch: slot.readBigUInt64LE(72),
    sequence: Number(slot.readBigUInt64LE(80)),
    pagesCount: slot.readUInt32LE(88),
    catalog: { firsts: [slot.readUInt32LE(96), slot.readUInt32LE(120)], bytes: slot.readUInt32LE(100) },
    freeList: { first: slot.readUInt32LE(104), bytes: slot.readUInt32LE(108) }
  }
}

/** The bytes of a blob; undefined where one of its pages is not as it should be. */
async function readBlob(
  file: FileHandle,
  { fileId, pagesCount }: Header,
  { first, bytes }: Header['freeList']
): Promise<Buffer | undefined> {
  const count = Math.ceil(bytes / BODY_BYTES)
  if (bytes > BLOB_BYTES_MAX || first + count > pagesCount) return undefined
  const pages = await readPages(file, first, count)
  const bodies: Buffer[] = []
  const seed = Buffer.alloc(20)
  fileId.copy(seed)
  for (let index = 0; index < count; index++) {
    const page = pages.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES)
    if (page.length < PAGE_BYTES) return undefined
    seed.writeUInt32LE(first + index, 16)
    if (page.readUInt32LE(0) !== crc32(page.subarray(4), crc32(seed))) return undefined
    bodies.push(page.subarray(HEAD_BYTES))
  }
  return Buffer.concat(bodies).subarray(0, bytes)
}

/** Names of collections by their numbers, from whichever copy of the catalog is good. */
async function readNames(file: FileHandle, header: Header): Promise<ReadonlyMap<number, string>> {
  const { firsts, bytes } = header.catalog
  for (const first of firsts) {
    const blob = bytes === 0 ? undefined : await readBlob(file, header, { first, bytes })
    const names = blob === undefined ? undefined : collectionNames(blob)
    if (names !== undefined) return names
  }
  return new Map()
}

/** Which of the pages from `first` to `end` are free. */
async function readFree(file: FileHandle, header: Header, first: number, end: number): Promise<Uint8Array> {
  const isFree = new Uint8Array(Math.max(0, end - first))
  const blob = header.freeList.bytes === 0 ? undefined : await readBlob(file, header, header.freeList)
  for (let at = 0; blob !== undefined && at + 8 <= blob.length; at += 8) {
    const start = blob.readUInt32LE(at)
    const count = blob.readUInt32LE(at + 4)
    isFree.fill(1, Math.max(0, start - first), Math.max(0, start + count - first))
  }
  return isFree
}

async function readRuns(file: FileHandle, header: Header, first: number, end: number): Promise<PageRun[]> {
  const names = await readNames(file, header)
  const isFree = await readFree(file, header, first, end)
  const runs: PageRun[] = []
  for (let at = first; at < end; at += CHUNK_PAGES) {
    const chunk = await readPages(file, at, Math.min(CHUNK_PAGES, end - at))
    for (let index = 0; (index + 1) * PAGE_BYTES <= chunk.length; index++) {
      const number = at + index
      const head = chunk.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES)
      addTo(runs, number, isFree[number - first] === 1 ? { kind: 'free' } : holdingOf(number, head, names))
    }
  }
  return runs
}

type Holding = Omit<PageRun, 'first' | 'count'>

/** What a page in use holds, by its head. */
function holdingOf(number: number, page: Buffer, names: ReadonlyMap<number, string>): Holding {
  if (number < 2) return { kind: 'header' }
  const kind = KINDS[page.readUInt8(4)] ?? 'unknown'
  const owner = page.readUInt32LE(16)
  if (owner === 0) return { kind }
  const collection = names.get(owner) ?? `#${owner}`
  return kind === 'documents' ? { kind, collection, freeBytes: page.readUInt16LE(28) } : { kind, collection }
}

/** Adds a page to the run before it, where that holds the same. */
function addTo(runs: PageRun[], number: number, holding: Holding): void {
  const last = runs.at(-1)
  if (last === undefined || last.kind !== holding.kind || last.collection !== holding.collection) {
    runs.push({ first: number, count: 1, ...holding })
    return
  }
  const freeBytes = holding.freeBytes === undefined ? {} : { freeBytes: (last.freeBytes ?? 0) + holding.freeBytes }
  runs[runs.length - 1] = { ...last, count: last.count + 1, ...freeBytes }
}
