// A request as routes see it, whichever door it came through: hono's context has all of this, and `DirectExchange` has
// nothing else.
//
// Promises: texts of paths and queries are decoded as hono does it; a request with a text that has to be looked at twice
// (a broken escape, a `+`) has no direct exchange. Leaves to others: finding the route (direct.ts, app.ts).

import type { IncomingMessage, ServerResponse } from 'node:http'

/** The words of hono's context that the server uses. */
export interface Exchange {
  readonly req: {
    readonly method: string
    readonly path: string
    /** The whole URL, or its path with the query. */
    readonly url: string
    header(name: string): string | undefined
    param(): Readonly<Record<string, string>>
    query(name: string): string | undefined
    queries(): Record<string, string[]>
  }
  /** The parameters of the query where each is known to be there once; else `queries` has them. */
  readonly plainQuery?: Readonly<Record<string, string>>
  readonly env: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse }
}

/** A request straight from Node's server. */
export class DirectExchange implements Exchange {
  readonly env: Exchange['env']
  readonly method: string
  readonly path: string
  readonly url: string
  readonly #params: Readonly<Record<string, string>>
  readonly plainQuery: Readonly<Record<string, string>>

  /**
   * @param path the URL without its query
   * @param params decoded
   */
  constructor(
    env: Exchange['env'],
    path: string,
    params: Readonly<Record<string, string>>,
    plainQuery: Readonly<Record<string, string>>
  ) {
    this.env = env
    this.method = env.incoming.method ?? ''
    this.url = env.incoming.url ?? ''
    this.path = path
    this.#params = params
    this.plainQuery = plainQuery
  }

  get req(): Exchange['req'] {
    return this
  }

  header(name: string): string | undefined {
    const value = this.env.incoming.headers[name.toLowerCase()]
    return Array.isArray(value) ? value.join(', ') : value
  }

  param(): Readonly<Record<string, string>> {
    return this.#params
  }

  query(name: string): string | undefined {
    return this.plainQuery[name]
  }

  queries(): Record<string, string[]> {
    return Object.fromEntries(Object.entries(this.plainQuery).map(([name, value]) => [name, [value]]))
  }
}

const NONE: Readonly<Record<string, string>> = Object.freeze({})

/** The parameters of a query without escapes, each there once; undefined where it is another one. */
export function plainQueryOf(search: string): Readonly<Record<string, string>> | undefined {
  if (search === '') return NONE
  if (/[%+#]|__proto__/.test(search)) return undefined
  const query: Record<string, string> = {}
  for (let start = 0; start <= search.length; ) {
    let end = search.indexOf('&', start)
    if (end < 0) end = search.length
    const middle = search.indexOf('=', start)
    const isNamed = middle >= 0 && middle < end
    const name = search.slice(start, isNamed ? middle : end)
    if (name === '' || Object.hasOwn(query, name)) return undefined
    query[name] = isNamed ? search.slice(middle + 1, end) : ''
    start = end + 1
  }
  return query
}
