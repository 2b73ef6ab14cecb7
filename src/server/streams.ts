// Answers that are streams of documents, as fast as the client takes them.
//
// JSON: a line for each document. MessagePack: frames of a length (4 bytes, the highest first) and an array of as many
// bytes; a frame of length 0 ends it. Promises: at most one piece of about `PIECE_BYTES` waits for the client; a client
// that takes nothing for too long, or goes away, ends the cursor; a failure cuts the connection before the end.
// Leaves to others: cursors (the engine).

import { type Form, STREAM_TYPES, writeValue } from './media.ts'
import { pack } from './message-pack.ts'
import { Refusal } from './problems.ts'

const PIECE_BYTES = 64 << 10
/** Documents of a piece whose size is not looked at sooner. */
const PIECE_DOCUMENTS = 100
const LENGTH_BYTES = 4

/** What is streamed. */
export interface DocumentSource {
  next(): Promise<object | null>
  close(): Promise<void>
}

/** How a stream is written, and ends. */
export interface StreamOptions {
  readonly form: Form
  /** How long a client may take nothing, in milliseconds. */
  readonly stallMs: number
  /** Is called once, at the end. */
  readonly release: () => void
  /** Cuts the connection, so that what was answered is seen to be no whole. */
  readonly cut: (reason: unknown) => void
}

/**
 * An answer of all that a cursor gives. Its first piece is there before it begins, so that what cannot be done has a
 * status of its own.
 * @throws QuireError those of the cursor
 */
export async function streamOf(cursor: DocumentSource, options: StreamOptions): Promise<Response> {
  const { form, stallMs, release, cut } = options
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const end = async () => {
    clearTimeout(timer)
    if (isOver) return
    isOver = true
    try {
      await cursor.close()
    } finally {
      release()
    }
  }
  const fail = async (reason: unknown) => {
    cut(reason)
    await end()
  }
  let ready: Piece | undefined
  try {
    ready = await pieceOf(cursor, form)
  } catch (error) {
    await end()
    throw error
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(timer)
        try {
          const { bytes, isLast } = ready ?? (await pieceOf(cursor, form))
          ready = undefined
          if (isOver) return
          if (bytes.length > 0) controller.enqueue(bytes)
          timer = setTimeout(
            () => void fail(new Refusal('TIME_LIMIT', `the client took nothing for ${stallMs} ms`)),
            stallMs
          )
          if (!isLast) return
          await end()
          controller.close()
        } catch (error) {
          await fail(error)
        }
      },
      cancel: end
    },
    { highWaterMark: 1 }
  )
  const headers = {
    'Content-Type': STREAM_TYPES[form],
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff'
  }
  return new Response(body, { status: 200, headers })
}

interface Piece {
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

async function pieceOf(cursor: DocumentSource, form: Form): Promise<Piece> {
  return form === 'json' ? linesOf(cursor) : frameOf(cursor)
}

async function linesOf(cursor: DocumentSource): Promise<Piece> {
  let text = ''
  for (;;) {
    const document = await cursor.next()
    if (document === null) return { bytes: Buffer.from(text), isLast: true }
    text += `${writeValue(document, 'json')}\n`
    if (text.length >= PIECE_BYTES) return { bytes: Buffer.from(text), isLast: false }
  }
}

async function frameOf(cursor: DocumentSource): Promise<Piece> {
  const documents: object[] = []
  let isLast = false
  while (documents.length < PIECE_DOCUMENTS && !isLast) {
    const document = await cursor.next()
    if (document === null) isLast = true
    else documents.push(document)
  }
  const pieces: Uint8Array[] = documents.length === 0 ? [] : [framed(pack(documents))]
  if (isLast) pieces.push(Buffer.alloc(LENGTH_BYTES))
  return { bytes: Buffer.concat(pieces), isLast }
}

function framed(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + bytes.length)
  frame.writeUInt32BE(bytes.length, 0)
  frame.set(bytes, LENGTH_BYTES)
  return frame
}
