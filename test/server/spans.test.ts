// Spans of OpenTelemetry: what a registered SDK is told of requests, and that nothing is told where there is none.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { expect, onTestFinished, test } from 'vitest'
import { ask, ITEMS, served, temporaryFolder } from './harness.ts'

function registered(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(provider)
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  onTestFinished(() => {
    trace.disable()
    propagation.disable()
  })
  return exporter
}

test('a_request_is_a_span_named_by_its_route_below_the_one_of_its_sender', async () => {
  const exporter = registered()
  const server = await served()
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` }
  await ask(server, 'PUT', `${ITEMS}/documents/secret-name`, { n: 1 }, headers)
  await ask(server, 'GET', `${ITEMS}/documents/none?&`)
  await ask(server, 'GET', '/no/such/path')
  const [put, get, ...others] = exporter.getFinishedSpans()
  expect(others).toEqual([])
  expect(put).toMatchObject({
    name: 'PUT /v1/databases/{database}/collections/{collection}/documents/{id}',
    kind: SpanKind.SERVER,
    status: { code: SpanStatusCode.UNSET },
    parentSpanContext: { traceId, spanId: 'b7ad6b7169203331' },
    attributes: {
      'http.request.method': 'PUT',
      'http.route': '/v1/databases/{database}/collections/{collection}/documents/{id}',
      'http.response.status_code': 201,
      'db.system.name': 'quiredb',
      'db.namespace': 'main',
      'db.collection.name': 'items'
    }
  })
  expect(put?.spanContext().traceId).toBe(traceId)
  expect(get?.attributes['http.response.status_code']).toBe(404)
  expect(get?.parentSpanContext).toBeUndefined()
})

test('a_failure_of_the_server_is_an_error_of_its_span', async () => {
  const exporter = registered()
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'main.quire'), 'no database at all '.repeat(1000))
  const server = await served({ folder })
  expect((await ask(server, 'GET', `${ITEMS}/documents/a`)).status).toBe(500)
  const [span] = exporter.getFinishedSpans()
  expect(span?.status.code).toBe(SpanStatusCode.ERROR)
  expect(span?.attributes).toMatchObject({ 'http.response.status_code': 500, 'error.type': '500' })
})

test('without_an_sdk_nothing_is_told_and_all_is_answered', async () => {
  const server = await served()
  expect((await ask(server, 'PUT', `${ITEMS}/documents/a`, { n: 1 })).status).toBe(201)
  expect((await ask(server, 'GET', `${ITEMS}/documents/a`)).value).toEqual({ _id: 'a', n: 1 })
})
