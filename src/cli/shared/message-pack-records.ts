// Documents as MessagePack: one map behind the other.
//
// Promises: every value that can be stored comes through as it is, but for -0, which becomes 0. Leaves to others: the
// format (msgpackr), what may be stored (the database, which checks every byte again).

import { pipeline, Readable } from 'node:stream'
import { Packr, UnpackrStream } from 'msgpackr'
import type { Document } from '../../index.ts'
import { Failure } from './failure.ts'
import type { Format, Pieces, ReadOptions } from './formats.ts'
import { wrongRecord } from './json-records.ts'

/** Documents that are handed on together. */
const LIST_RECORDS = 1000
/** Most bytes of a document that has not ended yet. */
const INCOMPLETE_BYTES_MAX = 1 << 30

const packer = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false })

/** MessagePack. */
export const MESSAGE_PACK: Format = {
  read: readMessagePack,
  *write({ documents }) {
    for (const document of documents()) yield new Uint8Array(packer.pack(document))
  }
}

async function* readMessagePack(pieces: Pieces, { skip }: ReadOptions): AsyncGenerator<readonly Document[]> {
  const options = {
    useRecords: false,
    mapsAsObjects: true,
    copyBuffers: true,
    // Integers that a number cannot hold exactly come as bigint.
    int64AsType: 'auto' as 'bigint',
    maxIncompleteBufferSize: INCOMPLETE_BYTES_MAX
  }
  const unpacker = new UnpackrStream(options)
  // What goes wrong with the pieces is told by the unpacker.
  pipeline(Readable.from(pieces, { objectMode: false }), unpacker, () => undefined)
  let list: Document[] = []
  let number = 0
  try {
    for await (const value of unpacker as AsyncIterable<unknown>) {
      number++
      if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
        throw wrongRecord(number, 'a document is a map')
      }
      if (number > skip) list.push(value as Document)
      if (list.length < LIST_RECORDS) continue
      yield list
      list = []
    }
  } catch (error) {
    if (error instanceof Failure || typeof (error as { code?: unknown }).code === 'string') throw error
    throw wrongRecord(number + 1, `it is no MessagePack: ${(error as Error).message}`)
  }
  if (list.length > 0) yield list
}
