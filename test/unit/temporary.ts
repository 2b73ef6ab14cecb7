// Databases for tests: in memory, or in a directory that is removed at the end of the test; and a clock for them.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { type Database, type OpenOptions, open, QuireError, type QuireErrorCode } from '../../src/index.ts'

/** The path of a file that is not there yet, in a directory of its own. */
export function temporaryPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'quiredb-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'test.quire')
}

/** An open database, closed at the end of the test. */
export function opened(path = ':memory:', options?: OpenOptions): Database {
  const database = open(path, options)
  onTestFinished(() => database.close())
  return database
}

/** The error that `call` throws, as code and message. */
export function failure(call: () => unknown): { code: QuireErrorCode; message: string } {
  try {
    call()
  } catch (error) {
    if (error instanceof QuireError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('the call did not fail')
}

/** The code of the error that `call` rejects with. */
export async function rejection(call: () => Promise<unknown>): Promise<QuireErrorCode> {
  try {
    await call()
  } catch (error) {
    if (error instanceof QuireError) return error.code
    throw error
  }
  throw new Error('the call did not fail')
}

/** Lets the clock of JavaScript, which decides what is seen, begin an hour ago, so that the engine's is ahead. */
export function clockAnHourAgo(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
  onTestFinished(() => {
    vi.useRealTimers()
  })
}
