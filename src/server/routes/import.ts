// The route that takes documents without end: a line of JSON for each, written as they come.
//
// Promises: at most one batch and one line are held; the client is read as fast as batches are written; a batch is there
// whole or not at all, and all that the answer counts is on disk. A failure tells how many lines were done, so that the
// rest can be sent with `skip`. Leaves to others: batches (the engine).

import type { IncomingMessage } from 'node:http'
import { z } from '@hono/zod-openapi'
import type { AsyncCollection, Document, WithId } from '../../index.ts'
import { parseJson, refuseCompression, textOf } from '../media.ts'
import { problemOf, Refusal } from '../problems.ts'
import { type Answer, checked, type Route, route } from '../route.ts'
import { anyObject, collectionPath, count, durability } from '../schemas.ts'
import { longWrite } from '../writes.ts'

const BATCH_DOCUMENTS = 1000
const BATCH_BYTES = 1 << 20
const LINE_END = 0x0a
const TYPES = /^application\/(x-ndjson|jsonl|x-jsonlines|ndjson)(;|$)/i

const importQuery = z.strictObject({
  mode: z.enum(['insert', 'put']).optional().openapi({
    description: '`put` stores documents whether there are some of their ids or not; `insert` (default) fails then'
  }),
  skip: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .openapi({ description: 'Lines at the beginning that are passed over' }),
  durability
})

/** The pieces of a body, with a time for each. */
async function* piecesOf(incoming: IncomingMessage, timeMs: number): AsyncGenerator<Buffer, void> {
  const late = new Refusal('REQUEST_TIMEOUT', 'the body came too slowly', { headers: { Connection: 'close' } })
  const pieces = incoming[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  for (;;) {
    let timer: NodeJS.Timeout | undefined
    const wait = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late), timeMs)
    })
    try {
      const { done, value } = await Promise.race([pieces.next(), wait])
      if (done === true) return
      yield value
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The lines of a body. @throws Refusal `BODY_TOO_LARGE` for a line that is longer than a body may be */
async function* linesOf(pieces: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer, void> {
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const piece of pieces) {
    let start = 0
    for (let end = piece.indexOf(LINE_END); end >= 0; end = piece.indexOf(LINE_END, start)) {
      const last = piece.subarray(start, end)
      yield rest.length === 0 ? last : Buffer.concat([...rest, last])
      rest = []
      restBytes = 0
      start = end + 1
    }
    if (start < piece.length) rest.push(piece.subarray(start))
    restBytes += piece.length - start
    if (restBytes > bytesMax) throw new Refusal('BODY_TOO_LARGE', `a line has at most ${bytesMax} bytes`)
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}

/** Counts, and what is written next. */
class Import {
  linesCount = 0
  importedCount = 0
  readonly #documents: AsyncCollection<Document>
  readonly #isPut: boolean
  #batch: Document[] = []
  #batchBytes = 0

  constructor(documents: AsyncCollection<Document>, isPut: boolean) {
    this.#documents = documents
    this.#isPut = isPut
  }

  get isBatchFull(): boolean {
    return this.#batch.length >= BATCH_DOCUMENTS || this.#batchBytes >= BATCH_BYTES
  }

  /** Takes a line. @throws Refusal `MALFORMED_BODY`, `INVALID_REQUEST` */
  take(line: Buffer, skip: number): void {
    this.linesCount++
    const text = textOf(line).trim()
    if (text === '' || this.linesCount <= skip) return
    this.#batch.push(checked(anyObject, parseJson(text), 'body') as Document)
    this.#batchBytes += line.length
  }

  /** Writes what was taken. */
  async flush(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    if (batch.length === 0) return
    const options = { durability: 'process' } as const
    if (this.#isPut) await this.#putAll(batch, options)
    else await this.#documents.insertMany(batch, options)
    this.importedCount += batch.length
  }

  async #putAll(batch: readonly Document[], options: { durability: 'process' }): Promise<void> {
    const operations = batch.map(document => {
      const { _id } = document
      return _id === undefined
        ? { insertOne: { document } }
        : { replaceOne: { filter: { _id } as Document, replacement: document as WithId<Document>, upsert: true } }
    })
    await this.#documents.bulkWrite(operations, options)
  }
}

const importDocuments = route(
  {
    method: 'post',
    path: '/v1/databases/{database}/collections/{collection}/import',
    tag: 'Writes',
    summary: 'Import documents: a line of JSON for each (application/x-ndjson), of any length in all',
    access: 'write',
    params: collectionPath,
    query: importQuery,
    isLong: true,
    streamedBody: 'application/x-ndjson',
    answers: {
      200: {
        description: 'How many lines and documents there were',
        schema: z.strictObject({ linesCount: count, importedCount: count })
      }
    }
  },
  async ({ server, context, params, query }): Promise<Answer | Response> => {
    const { incoming } = context.env
    const { limits } = server.settings
    refuseCompression(incoming.headers['content-encoding'])
    if (!TYPES.test(incoming.headers['content-type'] ?? '')) {
      throw new Refusal('UNSUPPORTED_MEDIA_TYPE', 'an import is application/x-ndjson')
    }
    const skip = Number(query.skip ?? 0)
    return server.databases.use(params.database, async opened => {
      const documents = opened.database.collection<Document>(params.collection).async
      const work = new Import(documents, query.mode === 'put')
      const write = { opened, names: [params.collection], durability: 'process' as const }
      const flush = () => longWrite(write, () => work.flush())
      let failure: unknown
      try {
        for await (const line of linesOf(piecesOf(incoming, limits.bodyTimeoutMs), limits.bodyBytesMax)) {
          work.take(line, skip)
          if (work.isBatchFull) await flush()
        }
        await flush()
      } catch (error) {
        failure = error
      }
      if ((query.durability ?? 'disk') === 'disk') await opened.commits.settle()
      const { linesCount, importedCount } = work
      if (failure === undefined) return { status: 200, value: { linesCount, importedCount } }
      return failed(failure, server.databases.folder, { linesCount, importedCount })
    })
  }
)

/** A problem document that also tells what was done. */
function failed(error: unknown, folder: string, done: object): Answer {
  const { problem } = problemOf(error, folder)
  const headers = { 'Content-Type': 'application/problem+json', Connection: 'close' }
  return { status: problem.status, value: { ...problem, ...done }, headers }
}

/** The route of imports. */
export const importRoutes: readonly Route[] = [importDocuments]
