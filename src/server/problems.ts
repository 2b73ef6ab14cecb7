// What a failed request answers: a problem document of RFC 9457.
//
// Promises: every failure has a `code` that programs branch on, either one of `QuireError` or one of the server's own
// below; a failure that nobody foresaw says nothing of the machine. Leaves to others: writing the answer (answers.ts).
// Source: RFC 9457; `type` is a URN made of the code.

import { QuireError, type QuireErrorCode } from '../index.ts'

/** Codes of the server's own refusals, with their status. */
const SERVER_CODES = {
  MALFORMED_BODY: 400,
  INVALID_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  DATABASE_NOT_FOUND: 404,
  DOCUMENT_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  REQUEST_TIMEOUT: 408,
  DATABASE_EXISTS: 409,
  DATABASE_IN_USE: 409,
  IDEMPOTENCY_MISMATCH: 409,
  SHARDED: 422,
  CROSS_SHARD: 422,
  PRECONDITION_FAILED: 412,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  TOO_MANY_REQUESTS: 429,
  OVERLOADED: 503,
  SHUTTING_DOWN: 503,
  TIME_LIMIT: 504
} as const

/** Status of the engine's codes; every other one is 500. */
const ENGINE_STATUS: Partial<Record<QuireErrorCode, number>> = {
  INVALID_ARGUMENT: 422,
  INVALID_DOCUMENT: 422,
  INVALID_ID: 422,
  INVALID_NAME: 422,
  INVALID_FILTER: 422,
  INVALID_UPDATE: 422,
  INVALID_EXPRESSION: 422,
  INVALID_PIPELINE: 422,
  INVALID_INDEX: 422,
  INVALID_PROJECTION: 422,
  INVALID_SORT: 422,
  UNSUPPORTED_VALUE: 422,
  SCHEMA_MISMATCH: 422,
  LIMIT_EXCEEDED: 422,
  DOCUMENT_TOO_LARGE: 413,
  TRANSACTION_TOO_LARGE: 413,
  DUPLICATE_ID: 409,
  DUPLICATE_KEY: 409,
  COLLECTION_EXISTS: 409,
  INDEX_EXISTS: 409,
  CONFLICT: 409,
  COLLECTION_NOT_FOUND: 404,
  INDEX_NOT_FOUND: 404,
  HISTORY_LOST: 410,
  READ_ONLY: 403,
  BUSY: 503,
  LOCKED: 503,
  CLOSED: 503,
  OVERFLOW: 503,
  SNAPSHOT_TOO_OLD: 503,
  DISK_FULL: 507
}

/** A code of the server's own. */
export type ServerCode = keyof typeof SERVER_CODES

/** One thing that is wrong with a request, and where. */
export interface ProblemIssue {
  /** Where: `body`, `path`, `query` or `headers`, and the keys and places that lead there. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A problem document. */
export interface Problem {
  /** A URN that names the kind: `urn:quiredb:` and the code. */
  readonly type: string
  readonly title: string
  readonly status: number
  /** What was asked, what was found and what helps. */
  readonly detail: string
  /** What programs branch on. */
  readonly code: string
  readonly issues?: readonly ProblemIssue[]
  /** What a step of many did, where some failed. */
  readonly [extension: string]: unknown
}

/** A request is refused. */
export class Refusal extends Error {
  readonly code: ServerCode
  readonly issues: readonly ProblemIssue[] | undefined
  /** Headers that the answer has besides. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ServerCode,
    message: string,
    details: { issues?: readonly ProblemIssue[]; headers?: Record<string, string> } = {}
  ) {
    super(message)
    this.code = code
    this.issues = details.issues
    this.headers = details.headers ?? {}
  }
}

/** Seconds after which a request that met a busy server may be sent again. */
const RETRY_AFTER_S = '1'

/** The words of a code: `DUPLICATE_ID` is "Duplicate id". */
function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function problem(code: string, status: number, detail: string, extensions: object = {}): Problem {
  return { type: `urn:quiredb:${code}`, title: titleOf(code), status, detail, code, ...extensions }
}

/** Files of a server are its own business: messages name them without their folder. */
function withoutFolder(message: string, folder: string): string {
  return folder === '' ? message : message.replaceAll(`${folder}/`, '').replaceAll(folder, '')
}

/**
 * The problem document of an error, and the headers that go with it.
 * @param folder where the databases lie; messages do not tell it
 */
export function problemOf(error: unknown, folder: string): { problem: Problem; headers: Record<string, string> } {
  if (error instanceof Refusal) {
    const status = SERVER_CODES[error.code]
    const headers =
      status === 503 || status === 429 ? { 'Retry-After': RETRY_AFTER_S, ...error.headers } : error.headers
    return { problem: problem(error.code, status, error.message, error.issues && { issues: error.issues }), headers }
  }
  if (error instanceof QuireError) {
    const status = ENGINE_STATUS[error.code] ?? 500
    const { issues, result, writeErrors } = error as { issues?: unknown; result?: unknown; writeErrors?: unknown }
    const extensions = {
      ...(issues === undefined ? {} : { issues }),
      ...(writeErrors === undefined ? {} : { result, writeErrors })
    }
    const headers: Record<string, string> = status === 503 ? { 'Retry-After': RETRY_AFTER_S } : {}
    return { problem: problem(error.code, status, withoutFolder(error.message, folder), extensions), headers }
  }
  return {
    problem: problem('INTERNAL', 500, 'a bug in QuireDB, or of the machine; the server has logged it'),
    headers: {}
  }
}
