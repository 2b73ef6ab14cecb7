// Routes of the server itself: is it alive, is it ready, what does it count, how is it spoken to.
//
// Promises: health and readiness are answered also when the server is full or shutting down, and need no token.
// Leaves to others: what is counted (../metrics.ts), the document (../openapi.ts).

import { z } from '@hono/zod-openapi'
import { DOCS_POLICY, docsPage } from '../docs-page.ts'
import { openApiDocument } from '../openapi.ts'
import { noQuery, type Route, route } from '../route.ts'
import { anyObject, count } from '../schemas.ts'

const TAG = 'Server'
const text = z.string()

const health = route(
  {
    method: 'get',
    path: '/health',
    tag: TAG,
    summary: 'Whether the server is alive',
    access: 'none',
    isVital: true,
    query: noQuery,
    answers: { 200: { description: 'It is', schema: z.strictObject({ status: z.literal('ok') }) } }
  },
  () => ({ status: 200, value: { status: 'ok' } })
)

const readiness = z.strictObject({ status: z.enum(['ready', 'shutting down']) })
const ready = route(
  {
    method: 'get',
    path: '/ready',
    tag: TAG,
    summary: 'Whether the server takes requests',
    access: 'none',
    isVital: true,
    query: noQuery,
    answers: {
      200: { description: 'It does', schema: readiness },
      503: { description: 'It is shutting down', schema: readiness }
    }
  },
  ({ server }) =>
    server.shutdown.aborted
      ? { status: 503, value: { status: 'shutting down' } }
      : { status: 200, value: { status: 'ready' } }
)

const metrics = route(
  {
    method: 'get',
    path: '/metrics',
    tag: TAG,
    summary: 'Counters for Prometheus',
    access: 'read',
    query: noQuery,
    answers: { 200: { description: 'Text exposition', schema: text, mediaType: 'text/plain' } }
  },
  ({ server }) => {
    const body = server.metrics.text(server.databases.opened())
    return new Response(body, { headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' } })
  }
)

const serverStats = z.strictObject({
  version: z.string(),
  uptimeSeconds: z.number(),
  requestsCount: count,
  requestsRunning: count,
  requestsWaiting: count,
  streamsOpen: count,
  connectionsOpen: count,
  databasesOpen: count,
  residentBytes: count
})

function stats(version: string): Route {
  return route(
    {
      method: 'get',
      path: '/v1/stats',
      tag: TAG,
      summary: 'What the server counts',
      access: 'read',
      query: noQuery,
      answers: { 200: { description: 'Counts', schema: serverStats } }
    },
    ({ server: { metrics, databases } }) => ({
      status: 200,
      value: {
        version,
        uptimeSeconds: process.uptime(),
        requestsCount: metrics.requestsCount,
        requestsRunning: metrics.requestsRunning,
        requestsWaiting: metrics.requestsWaiting,
        streamsOpen: metrics.streamsOpen,
        connectionsOpen: metrics.connectionsOpen,
        databasesOpen: databases.opened().length,
        residentBytes: process.memoryUsage.rss()
      }
    })
  )
}

/** The document is made when it is first asked for: it takes milliseconds, and most servers are never asked. */
function described(routes: () => readonly Route[], version: string, isTokenNeeded: boolean): Route[] {
  let document: object | undefined
  const made = () => (document ??= openApiDocument(routes(), version, isTokenNeeded))
  const json = route(
    {
      method: 'get',
      path: '/openapi.json',
      tag: TAG,
      summary: 'These routes as an OpenAPI 3.1 document',
      access: 'none',
      query: noQuery,
      answers: { 200: { description: 'The document', schema: anyObject, mediaType: 'application/json' } }
    },
    () => new Response(JSON.stringify(made()), { headers: { 'Content-Type': 'application/json' } })
  )
  const page = route(
    {
      method: 'get',
      path: '/docs',
      tag: TAG,
      summary: 'These routes as a page',
      access: 'none',
      query: noQuery,
      answers: { 200: { description: 'The page', schema: text, mediaType: 'text/html' } }
    },
    () =>
      new Response(docsPage(made()), {
        headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': DOCS_POLICY }
      })
  )
  return [json, page]
}

/**
 * The routes of the server itself.
 * @param routes all routes, these among them
 */
export function systemRoutes(routes: () => readonly Route[], version: string, isTokenNeeded: boolean): Route[] {
  return [health, ready, metrics, stats(version), ...described(routes, version, isTokenNeeded)]
}
