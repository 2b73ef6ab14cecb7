// The server's application in hono: every route, and what is answered where there is none.
//
// Requests of a usual form do not come this far (direct.ts). Promises: a path that is known takes no other methods than
// its own, and says so. Leaves to others: what is done with a request (requests.ts), what routes do (routes), sockets
// (serve.ts).

import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Exchange } from './exchange.ts'
import { Refusal } from './problems.ts'
import { answer, type Door, type Outcome, type PreparedRoute, refuse } from './requests.ts'

type Environment = { Bindings: HttpBindings }
/** The application. */
export type App = OpenAPIHono<Environment>

/** Makes the application of a server. */
export function makeApp(door: Door, routes: readonly PreparedRoute[]): App {
  const app = new OpenAPIHono<Environment>({ strict: true })
  const methods = new Map<string, string[]>()
  const refused = (exchange: Exchange, error: unknown) => responseOf(refuse(door.server, exchange, error))
  for (const one of routes) {
    const path = one.shape.path.replaceAll(/\{(\w+)\}/g, ':$1')
    app.on(one.shape.method.toUpperCase(), path, async context => responseOf(await answer(door, one, context)))
    methods.set(path, [...(methods.get(path) ?? []), one.shape.method.toUpperCase()])
  }
  for (const [path, allowed] of methods) {
    const names = allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed
    app.all(path, context => {
      const message = `this path takes ${names.join(', ')}, not ${context.req.method}`
      return refused(context, new Refusal('METHOD_NOT_ALLOWED', message, { headers: { Allow: names.join(', ') } }))
    })
  }
  app.notFound(context => refused(context, new Refusal('NOT_FOUND', 'there is no such path; see /openapi.json')))
  app.onError((error, context) => refused(context, error))
  return app
}

/** An outcome as hono writes it. */
export function responseOf(outcome: Outcome | Response): Response {
  if (outcome instanceof Response) return outcome
  const { status, headers, body } = outcome
  return new Response(body, { status, headers })
}
