// The server's application: finds the route of a request, checks it, runs it and writes the answer.
//
// In this order: is the server there, is the client let in, what form is asked, who asks (authentication is a door of
// its own), is the request right, then the route. Promises: every answer that is no success is a problem document, and
// is counted; no failure of one request reaches another. Leaves to others: what routes do (routes), sockets (serve.ts).

import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Authority, Grant } from './auth.ts'
import { hasBody, readBody } from './bodies.ts'
import { formOfAnswer, formOfBody, MEDIA_TYPES, readValue, refuseCompression, writeValue } from './media.ts'
import { problemOf, Refusal } from './problems.ts'
import { type Answer, type Call, checked, queryOf, type Route, type RouteShape } from './route.ts'
import type { ServerState } from './state.ts'

/** Headers of every answer. */
const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  Vary: 'Accept'
}

type Environment = { Bindings: HttpBindings }
/** The application. */
export type App = OpenAPIHono<Environment>

/**
 * Makes the application of a server.
 * @param authority knows who may use a route
 */
export function makeApp(server: ServerState, routes: readonly Route[], authority: Authority): App {
  const app = new OpenAPIHono<Environment>({ strict: true })
  const methods = new Map<string, string[]>()
  for (const one of routes) {
    const path = one.shape.path.replaceAll(/\{(\w+)\}/g, ':$1')
    const handler = handlerOf(server, one, authority)
    app.on(one.shape.method.toUpperCase(), path, handler)
    methods.set(path, [...(methods.get(path) ?? []), one.shape.method.toUpperCase()])
  }
  for (const [path, allowed] of methods) {
    const names = allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed
    app.all(path, context => {
      const message = `this path takes ${names.join(', ')}, not ${context.req.method}`
      return refuse(
        server,
        context,
        new Refusal('METHOD_NOT_ALLOWED', message, { headers: { Allow: names.join(', ') } })
      )
    })
  }
  app.notFound(context => refuse(server, context, new Refusal('NOT_FOUND', 'there is no such path; see /openapi.json')))
  app.onError((error, context) => refuse(server, context, error))
  return app
}

function handlerOf(
  server: ServerState,
  { shape, handle }: Route,
  authority: Authority
): (context: Context<Environment>) => Promise<Response> {
  const name = `${shape.method.toUpperCase()} ${shape.path}`
  return async context => {
    const startedMs = performance.now()
    let response: Response
    try {
      if (server.shutdown.aborted && shape.isVital !== true) {
        throw new Refusal('SHUTTING_DOWN', 'the server is shutting down', { headers: { Connection: 'close' } })
      }
      const grant = admit(server, authority, context, shape)
      response = await (shape.isVital === true ? run : inPlace)({ server, shape, handle, context, grant })
    } catch (error) {
      response = refuse(server, context, error)
    }
    server.metrics.note(name, response.status, (performance.now() - startedMs) / 1000)
    return response
  }
}

/** Counts a request of its token, or of its address where it has no right one. */
function admit(server: ServerState, authority: Authority, context: Context, shape: Route['shape']): Grant {
  let grant: Grant | undefined
  try {
    grant = authority.grantOf(context, shape)
    return grant
  } finally {
    server.admission.count(grant?.id ?? clientOf(context))
  }
}

/** A request that was let in. */
interface Admitted {
  readonly server: ServerState
  readonly shape: Route['shape']
  readonly handle: Route['handle']
  readonly context: Context<Environment>
  readonly grant: Grant
}

/** Runs a request when it has a place; the place is given back when its work has ended, not when nobody waits. */
async function inPlace(admitted: Admitted): Promise<Response> {
  const { server, shape } = admitted
  await server.admission.enter()
  const work = run(admitted).finally(() => server.admission.leave())
  if (shape.isLong === true) return work
  return withinTime(work, server.settings.limits.answerTimeoutMs + server.settings.limits.bodyTimeoutMs)
}

async function withinTime(work: Promise<Response>, timeMs: number): Promise<Response> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal('TIME_LIMIT', `the answer took longer than ${timeMs} ms`)), timeMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function run({ server, shape, handle, context, grant }: Admitted): Promise<Response> {
  const { form, isStream } = answerForm(context, shape)
  const params = checked(shape.params, context.req.param(), 'path')
  const query = checked(shape.query ?? undefined, queryOf(context.req.queries()), 'query')
  const body = await bodyOf(server, shape, context)
  const { incoming, outgoing } = context.env
  const gone = new AbortController()
  const timer = setTimeout(
    () => gone.abort(new Refusal('TIME_LIMIT', 'the answer took longer than it may')),
    server.settings.limits.answerTimeoutMs
  )
  const leave = () => gone.abort(new Refusal('REQUEST_TIMEOUT', 'the client went away'))
  outgoing?.once('close', leave)
  try {
    const call = { server, grant, context, params, query, body, form, isStream, signal: gone.signal } as Call<
      never,
      never,
      never
    >
    const answer = await handle(call)
    return answer instanceof Response ? answer : responseOf(answer, form, incoming.method === 'HEAD')
  } finally {
    clearTimeout(timer)
    outgoing?.off('close', leave)
  }
}

/** What is answered by text or bytes of its own takes any Accept. */
function answerForm(context: Context, shape: Route['shape']): ReturnType<typeof formOfAnswer> {
  const isValue = Object.values(shape.answers).every(answer => answer.mediaType === undefined)
  return formOfAnswer(isValue ? context.req.header('Accept') : undefined, shape.takesStream === true)
}

async function bodyOf(
  server: ServerState,
  shape: RouteShape<z.ZodType, z.ZodType, z.ZodType>,
  context: Context<Environment>
): Promise<unknown> {
  const { incoming } = context.env
  if (shape.body === undefined) return undefined
  refuseCompression(incoming.headers['content-encoding'])
  if (shape.isBodyOptional === true && !hasBody(incoming)) return undefined
  if (!hasBody(incoming)) throw new Refusal('MALFORMED_BODY', 'the request needs a body, and has none')
  const form = formOfBody(incoming.headers['content-type'], incoming.headers['content-encoding'])
  const value = readValue(await readBody(incoming, server.settings.limits), form)
  return checked(shape.body, value, 'body')
}

function responseOf({ status, value, headers }: Answer, form: 'json' | 'msgpack', isHead: boolean): Response {
  if (value === undefined || isHead) {
    const type: Record<string, string> = value === undefined ? {} : { 'Content-Type': MEDIA_TYPES[form] }
    return new Response(null, { status, headers: { ...COMMON_HEADERS, ...type, ...headers } })
  }
  const all = { ...COMMON_HEADERS, 'Content-Type': MEDIA_TYPES[form], ...headers }
  return new Response(writeValue(value, form), { status, headers: all })
}

/** The address that a request came from. */
export function clientOf(context: Context): string {
  return (context.env as HttpBindings).incoming?.socket?.remoteAddress ?? ''
}

function refuse(server: ServerState, context: Context, error: unknown): Response {
  const { problem, headers } = problemOf(error, server.databases.folder)
  server.metrics.noteRefusal(problem.code)
  if (problem.status >= 500 && !(error instanceof Refusal)) {
    const { method, path } = context.req
    server.settings.log.error({ method, path, error }, 'a request failed')
  }
  const body = context.req.method === 'HEAD' ? null : writeValue(problem, 'json')
  const all = { ...COMMON_HEADERS, 'Content-Type': 'application/problem+json', ...headers }
  return new Response(body, { status: problem.status, headers: all })
}
