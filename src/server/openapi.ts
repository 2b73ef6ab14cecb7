// The OpenAPI 3.1 document of the routes, made of the schemas that check requests.
//
// Promises: every route is in it with every status that it answers. Leaves to others: serving it (system-routes.ts).
// Source: OpenAPI 3.1.

import { OpenAPIHono, z } from '@hono/zod-openapi'
import { linksOf } from './links.ts'
import { MEDIA_TYPES, STREAM_TYPES } from './media.ts'
import { ONCE_PATTERN } from './once.ts'
import type { Route } from './route.ts'
import { problem } from './schemas.ts'

type Content = Record<string, { schema: z.ZodType }>
type AnswerDocument = { description: string; content?: Content; headers?: object }

const ABOUT = `Documents, key-value entries and transactions of QuireDB over HTTP/1.1. Bodies and answers are JSON or MessagePack, by Content-Type and Accept.
JSON writes what it lacks as Extended JSON: {"$date": "2026-01-01T00:00:00Z"}, {"$binary": {"base64": "…", "subType": "00"}}, {"$numberLong": "…"}, {"$numberDouble": "NaN"}.
Failures are problem documents (RFC 9457) whose \`code\` is that of QuireError, or one of the server's.`

/** The statuses that any route may answer with a problem document. */
function problemsOf({ shape }: Route): Record<number, string> {
  const isNamed = shape.params !== undefined
  const takesBody = shape.body !== undefined || shape.streamedBody !== undefined
  return {
    400: 'The request is malformed',
    ...(shape.access === 'none'
      ? {}
      : { 401: 'There is no token, or a wrong one', 403: 'The token does not allow it' }),
    ...(isNamed ? { 404: 'There is no such thing' } : {}),
    406: 'There is no such form of answers',
    ...(takesBody
      ? { 408: 'The body came too slowly', 413: 'The body is too large', 415: 'The body has no form that is taken' }
      : {}),
    ...(shape.method === 'get' ? {} : { 409: 'It is there already, or another request was first' }),
    ...(shape.headers?.['If-Match'] === undefined && shape.tag !== 'Transactions'
      ? {}
      : { 412: 'The document is not as the request expects it' }),
    ...(shape.tag === 'Changes' ? { 410: 'The changes behind the event are not kept any more' } : {}),
    422: 'What is asked means nothing to the engine',
    429: 'Too many requests',
    500: 'A failure of the machine, or a bug',
    503: 'Not now',
    504: 'It took too long',
    507: 'The disk is full'
  }
}

function answersOf(one: Route): Record<number, AnswerDocument> {
  const answers: Record<number, AnswerDocument> = { 431: { description: 'The head of the request is too large' } }
  for (const [status, description] of Object.entries(problemsOf(one))) {
    answers[Number(status)] = { description, content: { 'application/problem+json': { schema: problem } } }
  }
  for (const [status, { description, schema, mediaType, headers }] of Object.entries(one.shape.answers)) {
    const content: Content = {}
    if (schema !== undefined) {
      const types = mediaType === undefined ? Object.values(MEDIA_TYPES) : [mediaType]
      if (one.shape.takesStream === true) types.push(...Object.values(STREAM_TYPES))
      for (const type of types) content[type] = { schema }
    }
    const described = Object.fromEntries((headers ?? []).map(name => [name, { schema: { type: 'string' } }]))
    const other = answers[Number(status)]
    if (other?.content !== undefined) Object.assign(content, other.content)
    answers[Number(status)] = {
      description,
      ...(schema === undefined ? {} : { content }),
      ...(headers === undefined ? {} : { headers: described })
    }
  }
  return answers
}

function headerParameters(headers: Readonly<Record<string, string>> | undefined): object[] {
  return Object.entries(headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: name === 'Idempotency-Key' ? { type: 'string', pattern: ONCE_PATTERN } : { type: 'string' }
  }))
}

/**
 * The document.
 * @param version the package's
 * @param isTokenNeeded whether requests need a token
 */
export function openApiDocument(routes: readonly Route[], version: string, isTokenNeeded: boolean): object {
  const { openAPIRegistry, getOpenAPI31Document } = registry()
  for (const one of routes) {
    const { method, path, tag, summary, description, params, query, body, isBodyOptional, streamedBody, access } =
      one.shape
    const content = Object.fromEntries(Object.values(MEDIA_TYPES).map(type => [type, { schema: body as z.ZodType }]))
    openAPIRegistry.registerPath({
      method,
      path,
      tags: [tag],
      summary,
      operationId: operationOf(method, path),
      ...(description === undefined ? {} : { description }),
      ...(isTokenNeeded && access !== 'none' ? { security: [{ token: [] }] } : {}),
      request: {
        ...(params === undefined ? {} : { params: params as z.ZodObject }),
        ...(query === undefined ? {} : { query: query as z.ZodObject }),
        ...(streamedBody === undefined
          ? {}
          : { body: { required: true, content: { [streamedBody]: { schema: z.string() } } } }),
        ...(body === undefined ? {} : { body: { required: isBodyOptional !== true, content } })
      },
      responses: answersOf(one) as never
    })
  }
  if (isTokenNeeded) openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  const document = getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'QuireDB', version, description: ABOUT, license: { name: 'MIT' } }
  })
  for (const one of routes) complete(one, routes, document.paths as Paths)
  return document
}

/** Operations by path and method. */
type Paths = Readonly<Record<string, Record<string, Operation> | undefined>>
interface Operation {
  parameters?: object[]
  readonly responses: Readonly<Record<string, { links?: object }>>
}

/** Adds what the registry has no place for: headers of requests, and links. */
function complete(one: Route, routes: readonly Route[], paths: Paths): void {
  const { shape } = one
  const operation = paths[shape.path]?.[shape.method]
  if (operation === undefined) return
  const headers = headerParameters(shape.headers)
  if (headers.length > 0) operation.parameters = [...(operation.parameters ?? []), ...headers]
  const links = linksOf(one, routes, operationOf)
  for (const status of Object.keys(shape.answers)) {
    const response = operation.responses[status]
    if (links !== undefined && response !== undefined) response.links = links
  }
}

function registry() {
  const app = new OpenAPIHono()
  return {
    openAPIRegistry: app.openAPIRegistry,
    getOpenAPI31Document: (about: Parameters<typeof app.getOpenAPI31Document>[0]) => app.getOpenAPI31Document(about)
  }
}

/** `GET /v1/databases/{database}` is getDatabasesDatabase. */
function operationOf(method: string, path: string): string {
  const words = path
    .replace('/v1', '')
    .split(/[^A-Za-z0-9]+/)
    .filter(word => word !== '')
  return method + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
