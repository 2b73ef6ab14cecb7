// Standard input and arguments that may stand for it.
//
// Promises: bytes come as they are; `-` is standard input; one that is a terminal is not waited for when nobody asked
// for it. Leaves to others: what the bytes mean.

import { Buffer } from 'node:buffer'
import { usageFailure } from './failure.ts'

/** Stands for standard input, or output. */
export const STANDARD = '-'

/** All of standard input. */
export async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** The text of an argument; `-`, and none where standard input is no terminal, is standard input. */
export async function textOf(argument: string | undefined, what: string): Promise<string> {
  if (argument !== undefined && argument !== STANDARD) return argument
  if (argument === undefined && process.stdin.isTTY) {
    throw usageFailure(`${what} is missing; give it, or - to read standard input`)
  }
  const bytes = await readStandardInput()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    throw usageFailure(`${what} on standard input is no UTF-8`)
  }
}
