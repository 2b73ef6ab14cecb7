// Spans of requests, for whoever has an SDK of OpenTelemetry registered in this process.
//
// `@opentelemetry/api` is an optional peer: where it is not installed nothing is done, and nothing costs anything.
// Promises: a span for each request that has a route, named by it and never by what a client sent, below the span that
// its `traceparent` names; a failure of the server's makes it an error. Leaves to others: everything else (the SDK).
// Source: OpenTelemetry's semantic conventions for HTTP spans and for databases, both stable.

import type * as Api from '@opentelemetry/api'
import type { Exchange } from './exchange.ts'
import type { Outcome, PreparedRoute } from './requests.ts'

const NAME = 'quiredb/server'

/** Makes spans. */
export class Spans {
  readonly #api: typeof Api
  readonly #tracer: Api.Tracer

  constructor(api: typeof Api, version: string) {
    this.#api = api
    this.#tracer = api.trace.getTracer(NAME, version)
  }

  /** Answers a request inside a span. */
  async around(
    route: PreparedRoute,
    exchange: Exchange,
    answer: () => Promise<Outcome | Response>
  ): Promise<Outcome | Response> {
    const { context, propagation, trace, SpanKind, SpanStatusCode } = this.#api
    const parent = propagation.extract(context.active(), exchange.env.incoming.headers)
    const attributes = attributesOf(route, exchange)
    const span = this.#tracer.startSpan(route.name, { kind: SpanKind.SERVER, attributes }, parent)
    try {
      const outcome = await context.with(trace.setSpan(parent, span), answer)
      span.setAttribute('http.response.status_code', outcome.status)
      if (outcome.status >= 500) {
        span.setAttribute('error.type', String(outcome.status))
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      return outcome
    } finally {
      span.end()
    }
  }
}

function attributesOf({ shape }: PreparedRoute, { req }: Exchange): Api.Attributes {
  const { database, collection, store } = req.param() as Readonly<Record<string, string | undefined>>
  return {
    'http.request.method': req.method,
    'http.route': shape.path,
    'url.path': req.path,
    'db.system.name': 'quiredb',
    ...(database === undefined ? {} : { 'db.namespace': database }),
    ...(collection === undefined ? {} : { 'db.collection.name': collection }),
    ...(store === undefined ? {} : { 'db.collection.name': store })
  }
}

/** What makes spans; undefined where the package is not installed. */
export async function openSpans(version: string): Promise<Spans | undefined> {
  try {
    return new Spans(await import('@opentelemetry/api'), version)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
