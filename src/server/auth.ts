// Who may do what: tokens of requests, and what their scopes open.
//
// Promises: a secret is compared in a time that tells nothing of it; a token of one database or namespace learns of no
// other, whatever it names in a path, a pipeline or a transaction; a server that other machines reach always asks for a
// token. Leaves to others: keeping tokens (tokens.ts), who is refused without any (hosts.ts).

import { timingSafeEqual } from 'node:crypto'
import { statSync } from 'node:fs'
import type { Exchange } from './exchange.ts'
import { guardHost, guardOrigin } from './hosts.ts'
import { namespacePrefix, storeCollection } from './names.ts'
import { Refusal } from './problems.ts'
import type { Access, Route } from './route.ts'
import { hashOfSecret, listTokens, splitToken, type TokenRecord, type TokenScope, tokensPath } from './tokens.ts'

const RANKS: Readonly<Record<Access, number>> = { none: 0, read: 1, write: 2, admin: 3 }
/** Milliseconds after which the file of tokens is looked at again. */
const RELOAD_MS = 1000
const NO_HASH = Buffer.alloc(32)

/** What the sender of a request may do. */
export class Grant {
  /** The token's id; undefined where none is asked for. */
  readonly id: string | undefined
  readonly #scopes: readonly TokenScope[]

  constructor(id: string | undefined, scopes: readonly TokenScope[]) {
    this.id = id
    this.#scopes = scopes
  }

  /** Whether something may be done with a database as a whole, or with one of its collections. */
  allows(access: Access, database: string, collection?: string): boolean {
    return this.#scopes.some(
      scope =>
        RANKS[scope.access] >= RANKS[access] &&
        (scope.database === '*' || scope.database === database) &&
        isIn(scope.namespace, collection)
    )
  }

  /** Whether something may be done with the server as a whole. */
  allowsServer(access: Access): boolean {
    return this.#scopes.some(
      scope => RANKS[scope.access] >= RANKS[access] && scope.database === '*' && scope.namespace === undefined
    )
  }

  /** Whether it opens any part of a database. */
  knows(database: string): boolean {
    return this.#scopes.some(scope => scope.database === '*' || scope.database === database)
  }

  /** @throws Refusal `FORBIDDEN` */
  require(access: Access, database: string, collection?: string): void {
    if (this.allows(access, database, collection)) return
    const what = collection === undefined ? `database ${database}` : `collection ${collection}`
    throw new Refusal('FORBIDDEN', `the token does not allow ${access} of ${what}`)
  }
}

/** Whether a collection is in a namespace: its name begins with it. */
function isIn(namespace: string | undefined, collection: string | undefined): boolean {
  if (namespace === undefined) return true
  const prefix = namespacePrefix(namespace)
  return collection?.startsWith(prefix) === true && collection.length > prefix.length
}

/** Everything, where no token is asked for. */
const EVERYTHING = new Grant(undefined, [{ database: '*', access: 'admin' }])

/** The door of a server. */
export class Authority {
  readonly #folder: string
  readonly #isAlwaysNeeded: boolean
  #tokens: readonly TokenRecord[] = []
  #stamp = ''
  #lookedMs = Number.NEGATIVE_INFINITY

  /**
   * @param folder where the tokens are; empty for a server in memory, which has none
   * @param isLocal whether only this machine reaches the server
   * @throws QuireError `CORRUPTED`
   */
  constructor(folder: string, isLocal: boolean) {
    this.#folder = folder
    this.#reload()
    this.#isAlwaysNeeded = !isLocal || this.#tokens.length > 0
  }

  /** Whether requests need a token. */
  get isNeeded(): boolean {
    return this.#isAlwaysNeeded || this.#tokens.length > 0
  }

  /**
   * What the sender of a request may do.
   * @throws Refusal `UNAUTHENTICATED`, `FORBIDDEN`
   */
  grantOf(context: Exchange, shape: Route['shape']): Grant {
    this.#reload()
    guardOrigin(context)
    if (!this.isNeeded) {
      guardHost(context)
      return EVERYTHING
    }
    if (shape.access === 'none') return new Grant(undefined, [])
    const grant = this.#grantOfToken(context.req.header('Authorization'))
    const { database, store, ...names } = context.req.param() as {
      database?: string
      store?: string
      collection?: string
    }
    const collection =
      store === undefined ? names.collection : storeCollection(context.req.query('namespace') || undefined, store)
    if (shape.isFiltered === true) {
      if (database !== undefined && !grant.knows(database)) grant.require(shape.access, database)
    } else if (database !== undefined) grant.require(shape.access, database, collection)
    else if (!grant.allowsServer(shape.access)) {
      throw new Refusal('FORBIDDEN', `the token does not allow ${shape.access} of the server as a whole`)
    }
    return grant
  }

  #grantOfToken(header: string | undefined): Grant {
    const [, text = ''] = /^bearer ([\x21-\x7e]+)$/i.exec(header ?? '') ?? []
    const { id, secret } = splitToken(text) ?? { id: '', secret: '' }
    const record = this.#tokens.find(token => token.id === id)
    const isRight = timingSafeEqual(
      Buffer.from(hashOfSecret(secret), 'hex'),
      record === undefined ? NO_HASH : Buffer.from(record.hash, 'hex')
    )
    const isOver = record?.expires !== undefined && Date.parse(record.expires) <= Date.now()
    if (record === undefined || !isRight || isOver) {
      const why = header === undefined ? 'the request has no token' : 'the token is wrong, or its time is over'
      throw new Refusal('UNAUTHENTICATED', `${why}; send Authorization: Bearer quire_…`, {
        headers: { 'WWW-Authenticate': 'Bearer realm="QuireDB"' }
      })
    }
    return new Grant(id, record.scopes)
  }

  #reload(): void {
    const now = performance.now()
    if (this.#folder === '' || now - this.#lookedMs < RELOAD_MS) return
    this.#lookedMs = now
    const found = statSync(tokensPath(this.#folder), { throwIfNoEntry: false })
    const stamp = found === undefined ? '' : `${found.ino} ${found.mtimeMs} ${found.size}`
    if (stamp === this.#stamp) return
    this.#tokens = listTokens(this.#folder)
    this.#stamp = stamp
  }
}

/** Fields by which stages name other collections. */
const NAMING = new Set(['from', 'coll', 'into', '$unionWith', '$out', '$merge'])
const WRITING = new Set(['$out', '$merge'])

/**
 * Refuses a pipeline that names a collection which the grant does not open.
 *
 * Any text in a place where a stage could name one counts, so a name that only looks like one may be refused, and never
 * the other way round.
 * @throws Refusal `FORBIDDEN`
 */
export function requirePipeline(grant: Grant, database: string, value: unknown, access: Access = 'read'): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    const needed = WRITING.has(key) ? 'write' : access
    if (NAMING.has(key) && typeof inner === 'string') grant.require(needed, database, inner)
    else requirePipeline(grant, database, inner, needed)
  }
}
