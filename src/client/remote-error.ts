// What a server refused, as the error that an embedded database throws.
//
// Promises: `code` is that of QuireError where the engine refused, so code that branches on it needs no change.
// Leaves to others: codes (../errors.ts, docs/SERVER.md).

import { QuireError, type QuireErrorCode } from '../errors.ts'

/** A refusal of a server, or its silence. */
export class RemoteError extends QuireError {
  override readonly name = 'RemoteError'
  /** The code as the server gave it: one of QuireError, or of the server's own such as PRECONDITION_FAILED. */
  readonly serverCode: string
  /** Status of the answer; 0 when there was none. */
  readonly status: number
  /** The problem document. */
  readonly problem: Readonly<Record<string, unknown>> | undefined

  constructor(code: string, message: string, status: number, cause?: unknown, problem?: Record<string, unknown>) {
    super(code as QuireErrorCode, message, cause === undefined ? undefined : { cause })
    this.serverCode = code
    this.status = status
    this.problem = problem
  }

  /** The error of an answer that is no success. */
  static of(status: number, text: string): RemoteError {
    try {
      const problem = JSON.parse(text) as { code: string; detail: string }
      if (typeof problem.code === 'string')
        return new RemoteError(problem.code, problem.detail, status, undefined, problem)
    } catch {
      // Not of the server but of something in between: its text says what.
    }
    return new RemoteError('IO', `the server answered ${status}: ${text.slice(0, 200)}`, status)
  }
}
