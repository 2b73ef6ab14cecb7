// What is done with a request once its route is known: is the server there, is the client let in, what form is asked,
// is the request right, then the route, then its answer in that form.
//
// Promises: every answer that is no success is a problem document, and is counted; no failure of one request reaches
// another; a request that ends in the turn in which it came costs no timer and no signal, unless it asks for one.
// Leaves to others: what routes do (routes), finding them and writing the answer (direct.ts, app.ts).

import type { z } from '@hono/zod-openapi'
import type { Authority, Grant } from './auth.ts'
import { hasBody, readBody } from './bodies.ts'
import { Deadline } from './deadline.ts'
import type { Exchange } from './exchange.ts'
import { type Form, formOfAnswer, formOfBody, MEDIA_TYPES, readValue, refuseCompression, writeValue } from './media.ts'
import { problemOf, Refusal } from './problems.ts'
import { type Answer, type Call, checked, queryOf, type Route, type RouteShape } from './route.ts'
import type { Spans } from './spans.ts'
import type { ServerState } from './state.ts'

/** What a request is answered by, where that is no stream. */
export interface Outcome {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer> | null
}

/** A route with what is the same for all of its requests. */
export interface PreparedRoute {
  readonly shape: RouteShape<z.ZodType, z.ZodType, z.ZodType>
  readonly handle: Route['handle']
  /** Its name among the metrics. */
  readonly name: string
  /** Whether it answers by values in one of the forms, and not by text or bytes of its own. */
  readonly isValue: boolean
}

/** The door of a server. */
export interface Door {
  readonly server: ServerState
  readonly authority: Authority
  readonly spans: Spans | undefined
}

/** Makes a route ready for requests. */
export function prepared({ shape, handle }: Route): PreparedRoute {
  const isValue = Object.values(shape.answers).every(answer => answer.mediaType === undefined)
  return { shape, handle, name: `${shape.method.toUpperCase()} ${shape.path}`, isValue }
}

/** Answers a request of a route; never rejects. */
export function answer(door: Door, route: PreparedRoute, exchange: Exchange): Promise<Outcome | Response> {
  const { spans } = door
  if (spans === undefined) return answerPlainly(door, route, exchange)
  return spans.around(route, exchange, () => answerPlainly(door, route, exchange))
}

async function answerPlainly(door: Door, route: PreparedRoute, exchange: Exchange): Promise<Outcome | Response> {
  const { server } = door
  const startedMs = performance.now()
  let outcome: Outcome | Response
  try {
    if (server.shutdown.aborted && route.shape.isVital !== true) {
      throw new Refusal('SHUTTING_DOWN', 'the server is shutting down', { headers: { Connection: 'close' } })
    }
    const admitted = { server, route, exchange, grant: admit(door, exchange, route.shape) }
    if (route.shape.isVital === true) outcome = await run(admitted)
    else {
      const place = server.admission.enter()
      if (place !== undefined) await place
      outcome = await inPlace(admitted)
    }
  } catch (error) {
    outcome = refuse(server, exchange, error)
  }
  server.metrics.note(route.name, outcome.status, (performance.now() - startedMs) / 1000)
  return outcome
}

/** Counts a request of its token, or of its address where it has no right one. */
function admit({ server, authority }: Door, exchange: Exchange, shape: Route['shape']): Grant {
  let grant: Grant | undefined
  try {
    grant = authority.grantOf(exchange, shape)
    return grant
  } finally {
    server.admission.count(grant?.id ?? clientOf(exchange))
  }
}

/** A request that was let in. */
interface Admitted {
  readonly server: ServerState
  readonly route: PreparedRoute
  readonly exchange: Exchange
  readonly grant: Grant
}

/** Runs a request that has a place, which is given back when its work has ended, not when nobody waits. */
function inPlace(admitted: Admitted): Promise<Outcome | Response> {
  const { server, route } = admitted
  const timeMs = server.settings.limits.answerTimeoutMs + server.settings.limits.bodyTimeoutMs
  return new Promise((resolve, reject) => {
    const late = () => reject(new Refusal('TIME_LIMIT', `the answer took longer than ${timeMs} ms`))
    const deadline = route.shape.isLong === true ? undefined : new Deadline(timeMs, late)
    const end = () => {
      server.admission.leave()
      deadline?.end()
    }
    run(admitted).then(
      outcome => {
        end()
        resolve(outcome)
      },
      error => {
        end()
        reject(error)
      }
    )
  })
}

/** A request as its handler has it. */
class RequestCall implements Call<unknown, unknown, unknown> {
  readonly server: ServerState
  readonly grant: Grant
  readonly context: Exchange
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly form: Form
  readonly isStream: boolean
  #end: (() => void) | undefined
  #signal: AbortSignal | undefined

  constructor(
    { server, grant, exchange }: Admitted,
    parts: { params: unknown; query: unknown; body: unknown },
    { form, isStream }: { form: Form; isStream: boolean }
  ) {
    this.server = server
    this.grant = grant
    this.context = exchange
    this.params = parts.params
    this.query = parts.query
    this.body = parts.body
    this.form = form
    this.isStream = isStream
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#watch()
    return this.#signal
  }

  #watch(): AbortSignal {
    const { outgoing } = this.context.env
    const gone = new AbortController()
    const leave = () => gone.abort(new Refusal('REQUEST_TIMEOUT', 'the client went away'))
    const deadline = new Deadline(this.server.settings.limits.answerTimeoutMs, () =>
      gone.abort(new Refusal('TIME_LIMIT', 'the answer took longer than it may'))
    )
    outgoing?.once('close', leave)
    this.#end = () => {
      deadline.end()
      outgoing?.off('close', leave)
    }
    return gone.signal
  }

  /** The handler has ended. */
  end(): void {
    this.#end?.()
  }
}

async function run(admitted: Admitted): Promise<Outcome | Response> {
  const { server, route, exchange } = admitted
  const { shape } = route
  // What is answered by text or bytes of its own takes any Accept.
  const accept = route.isValue ? exchange.req.header('Accept') : undefined
  const answerForm = formOfAnswer(accept, shape.takesStream === true)
  const params = checked(shape.params, exchange.req.param(), 'path')
  const query = shape.query && checked(shape.query, exchange.plainQuery ?? queryOf(exchange.req.queries()), 'query')
  const body = shape.body === undefined ? undefined : await bodyOf(server, shape, exchange)
  const call = new RequestCall(admitted, { params, query, body }, answerForm)
  try {
    const given = await route.handle(call as unknown as Call<never, never, never>)
    return given instanceof Response ? given : outcomeOf(given, answerForm.form, exchange.req.method === 'HEAD')
  } finally {
    call.end()
  }
}

async function bodyOf(server: ServerState, shape: PreparedRoute['shape'], exchange: Exchange): Promise<unknown> {
  const { incoming } = exchange.env
  refuseCompression(incoming.headers['content-encoding'])
  if (shape.isBodyOptional === true && !hasBody(incoming)) return undefined
  if (!hasBody(incoming)) throw new Refusal('MALFORMED_BODY', 'the request needs a body, and has none')
  const form = formOfBody(incoming.headers['content-type'], incoming.headers['content-encoding'])
  const value = readValue(await readBody(incoming, server.settings.limits), form)
  return checked(shape.body, value, 'body')
}

function outcomeOf({ status, value, headers }: Answer, form: Form, isHead: boolean): Outcome {
  if (value === undefined) return { status, headers: commonHeaders(undefined, headers), body: null }
  const all = commonHeaders(MEDIA_TYPES[form], headers)
  return whole(status, all, isHead ? null : writeValue(value, form))
}

/** Headers of every answer, and of this one. */
function commonHeaders(type: string | undefined, more: Readonly<Record<string, string>> | undefined) {
  const headers: Record<string, string> = {
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    Vary: 'Accept'
  }
  if (type !== undefined) headers['Content-Type'] = type
  return more === undefined ? headers : Object.assign(headers, more)
}

function whole(status: number, headers: Record<string, string>, body: Outcome['body']): Outcome {
  if (body !== null)
    headers['Content-Length'] = String(typeof body === 'string' ? Buffer.byteLength(body) : body.length)
  return { status, headers, body }
}

/** The address that a request came from. */
function clientOf(exchange: Exchange): string {
  return exchange.env.incoming?.socket?.remoteAddress ?? ''
}

/** The answer of a request that failed. */
export function refuse(server: ServerState, exchange: Exchange, error: unknown): Outcome {
  const { problem, headers } = problemOf(error, server.databases.folder)
  server.metrics.noteRefusal(problem.code)
  const { method, path } = exchange.req
  if (problem.status >= 500 && !(error instanceof Refusal)) {
    server.settings.log.error({ method, path, error }, 'a request failed')
  }
  const all = commonHeaders('application/problem+json', headers)
  return whole(problem.status, all, method === 'HEAD' ? null : writeValue(problem, 'json'))
}
