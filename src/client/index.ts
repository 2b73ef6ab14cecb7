// The door of the client: `import { connect } from 'quiredb/client'`.
//
// Promises: loads no native code, so it runs wherever there is `fetch`. Leaves to others: the server (docs/SERVER.md).

import { RemoteDatabase } from './remote-database.ts'
import type { ConnectOptions } from './transport.ts'

export { QuireError, type QuireErrorCode } from '../errors.ts'
export { RemoteChanges } from './remote-changes.ts'
export { RemoteCollection } from './remote-collection.ts'
export { RemoteCursor } from './remote-cursor.ts'
export { RemoteDatabase, type RemoteNamespace, type TransactionCommand } from './remote-database.ts'
export { RemoteError } from './remote-error.ts'
export { RemoteKv } from './remote-kv.ts'
export { RemoteKvChanges } from './remote-kv-changes.ts'
export type { ConnectOptions } from './transport.ts'

/**
 * A database on a server, with the methods of an embedded one as promises. Nothing is asked before the first of them.
 * @throws TypeError for a URL that is none
 */
export function connect(url: string, options: ConnectOptions = {}): RemoteDatabase {
  return new RemoteDatabase(url, options)
}
