// Reading a request's body, within its limits.
//
// Promises: not more than `bodyBytesMax` is ever held; a body that comes too slowly is given up. What is refused half
// read has its connection closed after the answer, for the rest of it would be taken for the next request.
// Leaves to others: what the bytes mean (media.ts), bodies without an end (import-route.ts).

import type { IncomingMessage } from 'node:http'
import { Deadline } from './deadline.ts'
import type { Limits } from './options.ts'
import { Refusal } from './problems.ts'

const CLOSE = { Connection: 'close' }

/**
 * All bytes of a body.
 * @throws Refusal `BODY_TOO_LARGE`, `REQUEST_TIMEOUT`, `MALFORMED_BODY` when it is cut off
 */
export async function readBody(incoming: IncomingMessage, limits: Limits): Promise<Uint8Array> {
  if (Number(incoming.headers['content-length'] ?? 0) > limits.bodyBytesMax) throw tooLarge(limits)
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let bytesCount = 0
    const deadline = new Deadline(limits.bodyTimeoutMs, () =>
      end(new Refusal('REQUEST_TIMEOUT', 'the body came too slowly', { headers: CLOSE }))
    )
    // The listeners stay: taking them off costs more than asking whether it is over.
    let isOver = false
    const end = (failure?: Refusal) => {
      if (isOver) return
      isOver = true
      deadline.end()
      if (failure === undefined) resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces))
      else {
        incoming.pause()
        reject(failure)
      }
    }
    const take = (piece: Buffer) => {
      if (isOver) return
      bytesCount += piece.length
      pieces.push(piece)
      if (bytesCount > limits.bodyBytesMax) end(tooLarge(limits))
    }
    const cut = () => {
      if (!isOver) end(new Refusal('MALFORMED_BODY', 'the body ends before its end', { headers: CLOSE }))
    }
    incoming
      .on('data', take)
      .on('end', () => end())
      .on('error', cut)
      .on('close', cut)
  })
}

function tooLarge({ bodyBytesMax }: Limits): Refusal {
  return new Refusal('BODY_TOO_LARGE', `a body has at most ${bodyBytesMax} bytes`, { headers: CLOSE })
}

/** Whether a request has a body. */
export function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers['content-length']
  return incoming.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}
