// The short way from Node's server to a route, for requests of a usual form: no Request, Response or stream is made.
//
// hono's way costs several times what a read of a document costs. Promises: both ways give the same answer, for both ask
// `answer`; what is unusual (another method, an escape that is none, a path with dots, an Accept of a stream, a body that
// nobody read) goes hono's way. Leaves to others: what is done with a request (requests.ts).

import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { responseOf } from './app.ts'
import { hasBody } from './bodies.ts'
import { DirectExchange, plainQueryOf } from './exchange.ts'
import { Paths } from './paths.ts'
import { answer, type Door, type Outcome, type PreparedRoute } from './requests.ts'

/** What Node's server calls for each request. */
export type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown

/** Paths whose pieces a URL parser leaves as they are. */
const PLAIN_PATH = /^(?:\/(?!\.|%2e)[\w~:@!$&'()*,;=%.-]+)+$/i
const PLAIN_ACCEPT = new Set([undefined, '*/*', 'application/json', 'application/msgpack'])

/**
 * Listens to requests.
 * @param otherwise takes those of no usual form
 */
export function directListener(door: Door, routes: readonly PreparedRoute[], otherwise: Listener): Listener {
  const paths = new Paths<PreparedRoute>()
  for (const one of routes) {
    if (isPlain(one)) paths.add(one.shape.method.toUpperCase(), one.shape.path, one)
  }
  return (incoming, outgoing) => {
    const url = incoming.url ?? ''
    const end = url.indexOf('?')
    const path = end < 0 ? url : url.slice(0, end)
    const found = PLAIN_PATH.test(path) ? paths.find(incoming.method ?? '', path) : undefined
    const query = found === undefined ? undefined : plainQueryOf(end < 0 ? '' : url.slice(end + 1))
    if (found === undefined || query === undefined) return otherwise(incoming, outgoing)
    if (found.value.shape.takesStream === true && !PLAIN_ACCEPT.has(incoming.headers.accept)) {
      return otherwise(incoming, outgoing)
    }
    const exchange = new DirectExchange({ incoming, outgoing }, path, found.params, query)
    return answer(door, found.value, exchange).then(outcome => {
      if (isWhole(outcome, incoming)) send(outgoing, outcome)
      else void getRequestListener(() => responseOf(outcome), { overrideGlobalObjects: false })(incoming, outgoing)
    })
  }
}

/** Whether a route answers by values, and reads its body as a whole. */
function isPlain({ shape, isValue }: PreparedRoute): boolean {
  return isValue && shape.streamedBody === undefined
}

/** Whether nothing is left of the request, and the answer is there. */
function isWhole(outcome: Outcome | Response, incoming: IncomingMessage): outcome is Outcome {
  return !(outcome instanceof Response) && (incoming.complete || !hasBody(incoming))
}

function send(outgoing: ServerResponse, { status, headers, body }: Outcome): void {
  outgoing.writeHead(status, headers)
  if (body === null) outgoing.end()
  else outgoing.end(body)
}
