// What an event of a store's collection says about its keys, for stores here and on a server.
//
// Promises: loads nothing. Leaves to others: streams (kv-store.ts, client/remote-kv-changes.ts).

import type { ChangeEvent } from './change-types.ts'
import type { KvChange, KvDocument } from './kv-types.ts'

/** What an event says about keys; undefined for the end of the stream. */
export function changeOf<V>(event: ChangeEvent<KvDocument>): KvChange<V> | undefined {
  const token = event._id
  switch (event.operationType) {
    case 'insert':
    case 'replace':
    case 'update': {
      const key = event.documentKey._id
      const { fullDocument } = event
      // A document that is no entry was written past the store.
      if (fullDocument === undefined) return undefined
      const { value, version, expires } = fullDocument
      return { type: 'set', key, value: value as V, version, ...(expires === undefined ? {} : { expires }), token }
    }
    case 'delete':
      return { type: 'delete', key: event.documentKey._id, token }
    case 'clear':
    case 'drop':
      return { type: 'clear', token }
    default:
      return undefined
  }
}
