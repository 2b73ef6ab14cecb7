// A running server: its sockets, and how it ends.
//
// Promises: a connection that sends no head in time, or nothing at all, is closed; `close` takes no new request, waits
// for those that are worked on, ends streams, and has everything on disk when it resolves; closing twice is one close.
// Leaves to others: requests (direct.ts), who is let in (auth.ts), databases (databases.ts).

import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { QuireError } from '../index.ts'
import { Admission } from './admission.ts'
import { makeApp } from './app.ts'
import { Authority } from './auth.ts'
import { Databases } from './databases.ts'
import { directListener, type Listener } from './direct.ts'
import { isLoopback } from './hosts.ts'
import { Metrics } from './metrics.ts'
import { type ServeOptions, type ServerSettings, serverSettings } from './options.ts'
import { prepared } from './requests.ts'
import type { Route } from './route.ts'
import { backupRoutes, clearBackups } from './routes/backups.ts'
import { changeRoutes } from './routes/changes.ts'
import { collectionRoutes } from './routes/collections.ts'
import { consoleRoutes } from './routes/console.ts'
import { databaseRoutes } from './routes/databases.ts'
import { documentRoutes } from './routes/documents.ts'
import { importRoutes } from './routes/import.ts'
import { kvRoutes } from './routes/kv.ts'
import { pageRoutes } from './routes/pages.ts'
import { queryRoutes } from './routes/queries.ts'
import { shardRoutes } from './routes/shards.ts'
import { systemRoutes } from './routes/system.ts'
import { transactionRoutes } from './routes/transactions.ts'
import { writeRoutes } from './routes/writes.ts'
import { openSpans } from './spans.ts'
import type { ServerState } from './state.ts'

/** Milliseconds between looks for connections whose head is late. */
const CONNECTION_CHECK_MS = 500
/** Largest head of a request, in bytes. */
const HEAD_BYTES_MAX = 16 << 10
/** Milliseconds that requests have to end in when the server is closed. */
const CLOSE_WAIT_MS = 30_000

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** Where it is reached, such as `http://127.0.0.1:8080`. */
  readonly url: string
  readonly port: number
  /** Takes no more requests, finishes those it has, and closes the databases. */
  close(): Promise<void>
}

/**
 * Serves the databases of a folder. It asks for tokens where there are any (tokens.json, `createToken`), and always where
 * other machines reach it.
 *
 * @throws QuireError `INVALID_ARGUMENT`, `CORRUPTED` for a file of tokens that is none, `CANNOT_OPEN` when the address is taken or a certificate cannot be read
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const settings = serverSettings(options)
  const shutdown = new AbortController()
  const state = stateOf(settings, shutdown.signal)
  if (state.databases.folder !== '') clearBackups(state.databases.folder)
  const authority = new Authority(state.databases.folder, isLoopback(settings.host))
  const routes: Route[] = []
  const version = versionOf()
  routes.push(
    ...systemRoutes(() => routes, version, authority.isNeeded),
    ...consoleRoutes(version, () => authority.isNeeded),
    ...databaseRoutes,
    ...pageRoutes,
    ...shardRoutes,
    ...collectionRoutes,
    ...documentRoutes,
    ...queryRoutes,
    ...writeRoutes,
    ...changeRoutes,
    ...importRoutes,
    ...backupRoutes,
    ...kvRoutes,
    ...transactionRoutes
  )
  const door = { server: state, authority, spans: await openSpans(version) }
  const all = routes.map(prepared)
  const app = getRequestListener(makeApp(door, all).fetch, { overrideGlobalObjects: false })
  const server = socketServer(settings, directListener(door, all, app))
  const connections = watchConnections(server, state)
  try {
    await listen(server, settings)
  } catch (error) {
    await state.databases.close()
    throw new QuireError(
      'CANNOT_OPEN',
      `cannot listen at ${settings.host}:${settings.port}: ${(error as Error).message}`,
      { cause: error }
    )
  }
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = () => (closing ??= closeServer(server, { state, shutdown, connections }))
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host
  const url = `${settings.tls === undefined ? 'http' : 'https'}://${host}:${port}`
  settings.log.info({ url, folder: settings.folder }, 'serving')
  return { url, port, close, [Symbol.asyncDispose]: close }
}

function stateOf(settings: ServerSettings, shutdown: AbortSignal): ServerState {
  const { folder, limits, open, log, shards } = settings
  const metrics = new Metrics()
  const databases = new Databases(folder, open, limits.databasesMax, shards, (database, error) =>
    log.error({ database, error }, 'a database was not closed well, or its documents do not move on')
  )
  return { settings, databases, metrics, admission: new Admission(limits, metrics), shutdown }
}

function versionOf(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version
}

function socketServer({ limits, tls }: ServerSettings, listener: Listener): Server {
  const options = {
    connectionsCheckingInterval: CONNECTION_CHECK_MS,
    headersTimeout: limits.headTimeoutMs,
    // Bodies have times of their own: bodies.ts.
    requestTimeout: 0,
    keepAliveTimeout: limits.idleTimeoutMs,
    maxHeaderSize: HEAD_BYTES_MAX,
    noDelay: true
  }
  const server =
    tls === undefined
      ? createServer(options, listener)
      : createSecureServer(
          { ...options, cert: read(tls.certificate), key: read(tls.key), minVersion: 'TLSv1.2' },
          listener
        )
  server.maxConnections = limits.connectionsMax
  return server
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new QuireError('CANNOT_OPEN', `cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** Counts connections; gives those that are open. */
function watchConnections(server: Server, { metrics }: ServerState): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    metrics.connectionsOpen = open.add(socket).size
    socket.once('close', () => {
      open.delete(socket)
      metrics.connectionsOpen = open.size
    })
  })
  return open
}

function listen(server: Server, { host, port }: ServerSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** What has to be ended. */
interface Ending {
  readonly state: ServerState
  readonly shutdown: AbortController
  readonly connections: ReadonlySet<Socket>
}

async function closeServer(server: Server, { state, shutdown, connections }: Ending): Promise<void> {
  shutdown.abort()
  // Not the `close` of http: it ends the looks for heads that are late, and one of those would hold everything up.
  const ended = new Promise<void>(resolve => NetServer.prototype.close.call(server, () => resolve()))
  server.closeIdleConnections()
  for (const connection of connections) if (connection.bytesRead === 0) connection.destroy()
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_WAIT_MS)
  // A connection that was kept alive for an answer of just now is idle only afterwards.
  const idle = setInterval(() => server.closeIdleConnections(), CONNECTION_CHECK_MS / 10)
  await ended
  clearTimeout(timer)
  clearInterval(idle)
  server.close()
  await state.databases.close()
  state.settings.log.info({}, 'closed')
}
