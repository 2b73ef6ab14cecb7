// Small and large documents: inserted in batches of up to 1 MB into an empty database, and read by id in random order.
// A document has an id, an age, a city, and a text that makes its MessagePack as long as the workload's name says. Of large
// ones there are fewer: a hundredth part of the documents' number at 10 KB, a thousandth at 1 MB, but never less than 10.
// Texts are random letters and digits, so that no engine can make much less of them.

import { pack } from 'msgpackr'
import { type BenchDocument, generator, shuffled } from '../documents.ts'
import type { LaterSession, Session } from '../engine.ts'
import { inFlight, LANES, rateOnce, rateOnceLater, rateRepeated, rateRepeatedLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

const SIZES = [
  { name: '100b', title: '100 B', bytes: 100, share: 1 },
  { name: '1kb', title: '1 KB', bytes: 1_000, share: 1 },
  { name: '10kb', title: '10 KB', bytes: 10_000, share: 0.01 },
  { name: '1mb', title: '1 MB', bytes: 1_000_000, share: 0.001 }
]
type Size = (typeof SIZES)[number]

const DOCUMENTS_MIN = 10
/** Bytes of documents in one commit. */
const BATCH_BYTES = 1_000_000
const BATCH_MAX = 1_000
const POOL_LENGTH = 2_000_000

/** Random letters and digits, of which texts are pieces. */
function textPool(): string {
  const below = generator(0x0f00_ba4d)
  let pool = ''
  while (pool.length < POOL_LENGTH) pool += below(36 ** 6).toString(36)
  return pool
}

/** Documents of the size, with the ids, ages and cities of the list's. Shape: fewer fields than the type has. */
function sized(documents: BenchDocument[], { bytes, share }: Size): BenchDocument[] {
  const pool = textPool()
  const below = generator(0x51_2e5)
  const count = Math.max(Math.min(DOCUMENTS_MIN, documents.length), Math.floor(documents.length * share))
  return documents.slice(0, count).map(({ _id, age, city }) => {
    const start = below(pool.length - bytes)
    const text = (length: number) => pool.slice(start, start + length)
    // The header of a text takes one to five bytes: the first try tells how far its length is off.
    const length = bytes - pack({ _id, age, city, bio: '' }).length
    const excess = pack({ _id, age, city, bio: text(length) }).length - bytes
    return { _id, age, city, bio: text(length - excess) } as BenchDocument
  })
}

function batches(documents: BenchDocument[], { bytes }: Size): BenchDocument[][] {
  const length = Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_BYTES / bytes)))
  return Array.from({ length: Math.ceil(documents.length / length) }, (_, index) =>
    documents.slice(index * length, (index + 1) * length)
  )
}

function insertAll(session: Session, parts: BenchDocument[][]): void {
  for (const part of parts) session.insertMany(part)
}

async function insertAllLater(session: LaterSession, parts: BenchDocument[][]): Promise<void> {
  for (const part of parts) await session.insertMany(part)
}

const INSERT_RULE = 'every inserted document is there'
const READ_RULE = 'every document read has its whole text'

function inserting(size: Size): Workload {
  return {
    title: `insert ${size.title}`,
    unit: 'ops/s',
    starts: 'empty',
    isExtra: true,
    run({ documents, open }) {
      const list = sized(documents, size)
      const session = open()
      const rate = rateOnce(list.length, () => insertAll(session, batches(list, size)))
      demand(session.scan().count === list.length, INSERT_RULE)
      session.close()
      return rate
    },
    async runLater({ documents, open }) {
      const list = sized(documents, size)
      const session = await open()
      const rate = await rateOnceLater(list.length, () => insertAllLater(session, batches(list, size)))
      demand((await session.scan()).count === list.length, INSERT_RULE)
      await session.close()
      return rate
    }
  }
}

/** What is read and what it must come to. */
function readingOf(list: BenchDocument[]): { ids: string[]; expected: number } {
  const ids = shuffled(list).map(({ _id }) => _id)
  return { ids, expected: list.reduce((sum, { bio }) => sum + bio.length, 0) }
}

function reading(size: Size): Workload {
  return {
    title: `get ${size.title}`,
    unit: 'ops/s',
    starts: 'empty',
    isExtra: true,
    run({ documents, open }) {
      const list = sized(documents, size)
      const session = open()
      insertAll(session, batches(list, size))
      const { ids, expected } = readingOf(list)
      const rate = rateRepeated(ids.length, () => {
        let length = 0
        for (const id of ids) length += session.get(id)?.bio.length ?? 0
        demand(length === expected, READ_RULE)
      })
      session.close()
      return rate
    },
    async runLater({ documents, open }) {
      const list = sized(documents, size)
      const session = await open()
      await insertAllLater(session, batches(list, size))
      const { ids, expected } = readingOf(list)
      const lengthOf = (document: BenchDocument | undefined) => document?.bio.length ?? 0
      const rate = await rateRepeatedLater(ids.length, async () => {
        let length = 0
        if (session.getNow !== undefined) for (const id of ids) length += lengthOf(session.getNow(id))
        else
          await inFlight(ids, LANES, async id => {
            const own = lengthOf(await session.get(id))
            length += own
          })
        demand(length === expected, READ_RULE)
      })
      await session.close()
      return rate
    }
  }
}

/** By name: `size-100b-insert`, `size-100b-get` and so on. */
export const OF_SIZES: Record<string, Workload> = Object.fromEntries(
  SIZES.flatMap(size => [
    [`size-${size.name}-insert`, inserting(size)],
    [`size-${size.name}-get`, reading(size)]
  ])
)
