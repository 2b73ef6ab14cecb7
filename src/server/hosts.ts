// Who may reach a server that asks for no token: programs of this machine, and no page of another site.
//
// A page that a browser shows may send requests to loopback addresses, also by a name of its own that leads there.
// Promises: a request whose Host is not a loopback address or `localhost` is refused, and one that a page of another
// origin sent. Leaves to others: tokens (auth.ts).

import type { Exchange } from './exchange.ts'
import { Refusal } from './problems.ts'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i

/** The last Host that was right: nearly all requests have the same. */
let rightHost = ''

/** Whether an address is one of this machine alone. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}

/**
 * Lets requests by loopback names in.
 * @throws Refusal `FORBIDDEN`
 */
export function guardHost(context: Exchange): void {
  const host = context.req.header('Host') ?? ''
  if (host === rightHost) return
  if (!isLoopback(host.replace(/:\d+$/, ''))) {
    throw new Refusal('FORBIDDEN', 'without tokens the server is reached by a loopback address only')
  }
  rightHost = host
}

/**
 * Keeps pages of other origins out.
 * @throws Refusal `FORBIDDEN`
 */
export function guardOrigin(context: Exchange): void {
  const host = context.req.header('Host') ?? ''
  const origin = context.req.header('Origin')
  if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) {
    throw new Refusal('FORBIDDEN', 'a page of another origin may not use the server')
  }
}
