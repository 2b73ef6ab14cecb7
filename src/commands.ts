// Commands: what is asked of the engine in one map of MessagePack, and answered in one. Everything that is no hot call.
//
// A request is `{ op, … }`; fields that are undefined are left out. Promises: a request is encoded before the call
// returns; what the engine does not know is refused by name. Leaves to others: what each command asks and how its
// reply is read (requests.ts), what commands mean (native/engine/src/command).

import { type Encoded, encodeRequest, releaseLargeBuffer } from './codec.ts'
import type { Document } from './document.ts'
import { addon, check, checkObject, checkOutcome, type Handle, pinRequest, responseBytes } from './native.ts'
import { decodeReply } from './structures.ts'

/** One command. */
export interface Command<R> {
  /** What is sent. */
  readonly command: { readonly op: string; readonly [field: string]: unknown }
  /** Number of the commit's durability. */
  readonly durability: number
  /** Reads the reply. */
  readonly read: (reply: Document) => R
}

/** Asks what `handle` stands for: a collection, by itself or inside a transaction, or a database. */
export function runCommand<R>(handle: Handle, { command, durability, read }: Command<R>): R {
  const request = encoded(command)
  const length = check(addon.command(handle, request.start, request.end, durability))
  releaseLargeBuffer(request)
  return read(decodeReply(responseBytes(length), length))
}

/** As `runCommand`, off the event loop. */
export async function runCommandAsync<R>(handle: Handle, { command, durability, read }: Command<R>): Promise<R> {
  const { start, end } = encoded(command)
  const { bytes } = checkOutcome(await checkObject(addon.commandAsync(handle, start, end, durability)))
  return read(decodeReply(bytes as Uint8Array, (bytes as Uint8Array).length))
}

function encoded(command: object): Encoded {
  const request = encodeRequest(command)
  pinRequest(request)
  return request
}
