// A route: what it takes and gives, as zod schemas, and what it does.
//
// The same schemas check a request and make the OpenAPI document, so that the two cannot differ. Promises: a handler
// sees only what its schemas let through; an option or field that is not known is refused by name.
// Leaves to others: finding and running routes (direct.ts, requests.ts), shared schemas (schemas.ts).

import { z } from '@hono/zod-openapi'
import type { Grant } from './auth.ts'
import type { Exchange } from './exchange.ts'
import type { Form } from './media.ts'
import { type ProblemIssue, Refusal } from './problems.ts'
import type { ServerState } from './state.ts'

/** What a token has to allow: nothing is needed, or reading, writing, or making and dropping. */
export type Access = 'none' | 'read' | 'write' | 'admin'

/** One kind of answer. */
export interface AnswerShape {
  readonly description: string
  /** What the body is; without one there is none. */
  readonly schema?: z.ZodType
  /** Its media type, where it is not a value in one of the forms. */
  readonly mediaType?: string
  /** Headers that it has. */
  readonly headers?: readonly ('ETag' | 'Location')[]
}

/** Where a route is, and what it takes and gives. */
export interface RouteShape<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: 'get' | 'put' | 'post' | 'patch' | 'delete'
  /** Path with its parameters in braces. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly access: Access
  readonly params?: P
  readonly query?: Q
  /** Names of request headers that it reads, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: B
  /** Whether a body has to be there; true by default. */
  readonly isBodyOptional?: boolean
  /** Whether it can answer by a stream of values. */
  readonly takesStream?: boolean
  /** Whether it gives what the token opens, and so needs no more than any scope. */
  readonly isFiltered?: boolean
  /** Whether it may take as long as it takes. */
  readonly isLong?: boolean
  /** The media type of a body that the handler reads itself. */
  readonly streamedBody?: string
  /** Whether it is answered also when the server is full or shutting down. */
  readonly isVital?: boolean
  readonly answers: Readonly<Record<number, AnswerShape>>
}

/** A request, checked. */
export interface Call<P, Q, B> {
  readonly server: ServerState
  /** What the sender may do; the route's own access was checked. */
  readonly grant: Grant
  readonly context: Exchange
  readonly params: P
  readonly query: Q
  readonly body: B
  /** The form that the answer shall have. */
  readonly form: Form
  readonly isStream: boolean
  /** Is aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What a handler gives: a value with its status, or a whole response. */
export interface Answer {
  readonly status: number
  readonly value?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A route whose types were forgotten. */
export interface Route {
  readonly shape: RouteShape<z.ZodType, z.ZodType, z.ZodType>
  readonly handle: (call: Call<never, never, never>) => Answer | Response | Promise<Answer | Response>
}

/** Makes a route. */
export function route<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined
>(
  shape: RouteShape<P, Q, B>,
  handle: (call: Call<z.infer<P>, z.infer<Q>, z.infer<B>>) => Answer | Response | Promise<Answer | Response>
): Route {
  return { shape, handle: handle as Route['handle'] }
}

/**
 * What a schema makes of a part of a request.
 * @throws Refusal `INVALID_REQUEST`, with every issue
 */
export function checked(schema: z.ZodType | undefined, value: unknown, part: string): unknown {
  if (schema === undefined) return undefined
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues: ProblemIssue[] = result.error.issues.map(issue => ({
    path: [part, ...issue.path.map(key => (typeof key === 'symbol' ? String(key) : key))],
    message: issue.message
  }))
  const [first] = issues
  throw new Refusal('INVALID_REQUEST', `${first?.path.join('.')}: ${first?.message}`, { issues })
}

/** The parameters of a query text, each once. @throws Refusal `INVALID_REQUEST` for one that is there twice */
export function queryOf(all: Record<string, string[]>): Record<string, string> {
  const query: Record<string, string> = Object.create(null)
  for (const [name, values] of Object.entries(all)) {
    if (values.length !== 1) throw new Refusal('INVALID_REQUEST', `the query has ${name} more than once`)
    query[name] = values[0] as string
  }
  return { ...query }
}

/** No parameters at all. */
export const noQuery = z.strictObject({})
