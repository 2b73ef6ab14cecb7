// What all requests of a server share.
//
// Promises: nothing but references. Leaves to others: each part (its own file).

import type { Admission } from './admission.ts'
import type { Databases } from './databases.ts'
import type { Metrics } from './metrics.ts'
import type { ServerSettings } from './options.ts'

/** A running server, as its requests see it. */
export interface ServerState {
  readonly settings: ServerSettings
  readonly databases: Databases
  readonly metrics: Metrics
  readonly admission: Admission
  /** Is aborted when the server shuts down: streams end, new requests are refused. */
  readonly shutdown: AbortSignal
}
