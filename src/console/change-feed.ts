// Changes as the server tells them: Server-Sent Events, read with fetch, for an EventSource sends no token.
//
// Promises: after a connection that broke it goes on behind the last event (Last-Event-ID), so none is lost or told
// twice; what the server ends for good (a dropped collection, history that is lost) is thrown.
// Leaves to others: showing them (views/changes.tsx). Source: the HTML standard, "Server-sent events".

import { Failure, type JsonObject, send, withQuery } from './api.ts'

/** Milliseconds before a connection that broke is made again, at first and at most. */
const RETRY_MS = 500
const RETRY_MS_MAX = 10_000

interface ServerEvent {
  event: string
  id: string | undefined
  data: string
}

/** The events of a stream of text. */
export async function* eventsOf(chunks: AsyncIterable<string>): AsyncGenerator<ServerEvent, void> {
  let rest = ''
  for await (const chunk of chunks) {
    rest += chunk
    const blocks = rest.split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const found: ServerEvent = { event: 'message', id: undefined, data: '' }
      for (const line of block.split(/\r?\n/)) {
        const [, name, value = ''] = /^(event|id|data): ?(.*)$/.exec(line) ?? []
        if (name === 'event') found.event = value
        else if (name === 'id') found.id = value
        else if (name === 'data') found.data += found.data === '' ? value : `\n${value}`
      }
      if (found.data !== '') yield found
    }
  }
}

async function* textOf(response: Response): AsyncGenerator<string, void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) return
    yield value ?? ''
  }
}

function wait(timeMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, timeMs)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** What listens to changes. */
export interface Listener {
  readonly onChange: (change: JsonObject) => void
  /** Whether it is connected, each time that this changes. */
  readonly onConnected: (isConnected: boolean) => void
}

/**
 * Listens to the changes of a database or collection until the signal is aborted.
 * @param path of the database or collection
 * @throws Failure that ends it for good
 */
export async function listen(path: string, { onChange, onConnected }: Listener, signal: AbortSignal): Promise<void> {
  let lastId: string | undefined
  let retryMs = RETRY_MS
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      if (lastId !== undefined) headers['Last-Event-ID'] = lastId
      const response = await send('GET', withQuery(`${path}/changes`, { fullDocument: 'updateLookup' }), {
        headers,
        signal
      })
      for await (const { event, id, data } of eventsOf(textOf(response))) {
        lastId = id ?? lastId
        retryMs = RETRY_MS
        if (event === 'open') onConnected(true)
        else if (event === 'change') onChange(JSON.parse(data) as JsonObject)
        else if (event === 'failure') throw ended(JSON.parse(data) as JsonObject)
      }
    } catch (error) {
      if (signal.aborted) return
      const isBroken = !(error instanceof Failure) || error.status === 0 || error.status === 503
      if (!isBroken) throw error
    }
    onConnected(false)
    await wait(retryMs, signal)
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
  }
}

function ended(problem: JsonObject): Failure {
  return new Failure(Number(problem['status']), String(problem['code']), String(problem['detail']), problem)
}
