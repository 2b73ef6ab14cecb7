// The options of a server: what each limit is, and its default.
//
// Promises: an option that is not known, or has a value out of its range, is refused by name before anything is
// opened. Leaves to others: what keeps to them.

import { type OpenOptions, QuireError } from '../index.ts'
import { SHARDS_MAX } from './shard-files.ts'

/** What keeps one client, or all together, from taking the server. */
export interface Limits {
  /** Largest body of a request, in bytes; 16 MiB by default. Imports are limited by the line, not as a whole. */
  readonly bodyBytesMax: number
  /** Milliseconds for the head of a request; 10,000 by default. */
  readonly headTimeoutMs: number
  /** Milliseconds for a body; 30,000 by default. Of an import: between two of its pieces. */
  readonly bodyTimeoutMs: number
  /** Milliseconds until an answer has to begin, and until a stream has to be taken; 30,000 by default. */
  readonly answerTimeoutMs: number
  /** Milliseconds that a connection may be silent between requests; 60,000 by default. */
  readonly idleTimeoutMs: number
  /** Requests worked on at a time; more wait, up to as many again, and the others get 503. 256 by default. */
  readonly requestsMax: number
  /** Requests a second of one token or address, with as many at once; 0, the default, for no such limit. */
  readonly requestsPerSecondMax: number
  /** Connections; more are refused. 20,000 by default. */
  readonly connectionsMax: number
  /** Change streams at a time; 1,000 by default. */
  readonly streamsMax: number
  /** Databases that are open at a time; the one used longest ago is closed. 16 by default. */
  readonly databasesMax: number
  /** Documents of an answer that is not a stream; 10,000 by default. */
  readonly documentsMax: number
}

/** A server's certificate. */
export interface TlsFiles {
  /** Path of the certificate chain, PEM. */
  readonly certificate: string
  /** Path of the private key, PEM. */
  readonly key: string
}

/** What happens, for whoever keeps a log. */
export interface ServerLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Options of `serve`. */
export interface ServeOptions {
  /** The folder of the databases, made when it is not there; or `:memory:`, where nothing outlives the server. */
  folder: string
  /** 8080 by default; 0 for any that is free. */
  port?: number
  /** Address to listen at; 127.0.0.1 by default. */
  host?: string
  /** Serve HTTPS. */
  tls?: TlsFiles
  /** Limits that differ from the defaults. */
  limits?: Partial<Limits>
  /** Files that each database is spread over, 1 to 64; as many as it has by default, which is 1 for a new one. */
  shards?: number
  /** Options that every database is opened with; `durability` is the server's own. */
  open?: Omit<OpenOptions, 'durability' | 'create'>
  /** Where requests and failures are told; nowhere by default. */
  log?: ServerLog
}

/** The options of a server with all defaults in. */
export interface ServerSettings {
  readonly folder: string
  readonly port: number
  readonly host: string
  readonly tls: TlsFiles | undefined
  readonly limits: Limits
  readonly shards: number | undefined
  readonly open: OpenOptions
  readonly log: ServerLog
}

const LIMITS_DEFAULT: Limits = {
  bodyBytesMax: 16 << 20,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  answerTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  requestsMax: 256,
  requestsPerSecondMax: 0,
  connectionsMax: 20_000,
  streamsMax: 1000,
  databasesMax: 16,
  documentsMax: 10_000
}
const LIMIT_MAX = 2 ** 31 - 1
const PORT_MAX = 65_535
const KNOWN = ['folder', 'port', 'host', 'tls', 'limits', 'shards', 'open', 'log']
const NO_LOG: ServerLog = { info: () => undefined, error: () => undefined }

function refused(message: string): QuireError {
  return new QuireError('INVALID_ARGUMENT', message)
}

function known(fields: object, names: readonly string[], what: string): void {
  for (const name of Object.keys(fields)) {
    if (!names.includes(name)) throw refused(`${what} has no option ${name}; it takes ${names.join(', ')}`)
  }
}

function whole(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw refused(`${name} must be a whole number from ${least} to ${most}, not ${String(value)}`)
  }
  return value
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw refused(`${name} must be a text`)
  return value
}

/**
 * Checks the options of `serve`.
 * @throws QuireError `INVALID_ARGUMENT`, naming the option
 */
export function serverSettings(options: ServeOptions): ServerSettings {
  known(options, KNOWN, 'serve')
  const limits = { ...LIMITS_DEFAULT, ...options.limits }
  known(limits, Object.keys(LIMITS_DEFAULT), 'limits')
  for (const [name, value] of Object.entries(limits)) {
    whole(`limits.${name}`, value, name === 'requestsPerSecondMax' ? 0 : 1, LIMIT_MAX)
  }
  return {
    folder: text('folder', options.folder),
    port: whole('port', options.port ?? 8080, 0, PORT_MAX),
    host: text('host', options.host ?? '127.0.0.1'),
    tls: options.tls && {
      certificate: text('tls.certificate', options.tls.certificate),
      key: text('tls.key', options.tls.key)
    },
    limits,
    shards: options.shards === undefined ? undefined : whole('shards', options.shards, 1, SHARDS_MAX),
    open: options.open ?? {},
    log: options.log ?? NO_LOG
  }
}
