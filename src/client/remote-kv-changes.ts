// The changes of a key-value store on a server: what `kv.watch` tells.
//
// They are read of the collection that holds the entries. Promises: as KvChanges of an embedded store, but for
// `tryNext`: what is there already is known to the server alone. Leaves to others: the stream (remote-changes.ts).

import type { ChangeEvent, KvChange, KvDocument, KvRange, ResumeToken } from '../index.ts'
import { changeOf } from '../kv-changes.ts'
import type { RemoteChanges } from './remote-changes.ts'

const KINDS = ['insert', 'update', 'replace', 'delete', 'clear', 'drop', 'invalidate']

/** Which events of the collection concern the keys of a range. */
export function eventsOf({ prefix, start, after, end }: KvRange): object {
  const conditions = [
    ...(prefix === undefined || prefix === '' ? [] : [{ $regex: `^${prefix.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}` }]),
    ...(start === undefined ? [] : [{ $gte: start }]),
    ...(after === undefined ? [] : [{ $gt: after }]),
    ...(end === undefined ? [] : [{ $lt: end }])
  ].map(condition => ({ $or: [{ 'documentKey._id': condition }, { documentKey: { $exists: false } }] }))
  return { $and: [{ operationType: { $in: KINDS } }, ...conditions] }
}

/** The changes of a store. Iterate it with `for await`, or call `next`. It ends when the store is dropped. */
export class RemoteKvChanges<V> implements AsyncIterable<KvChange<V>>, AsyncDisposable {
  readonly #stream: RemoteChanges<ChangeEvent<KvDocument>>

  constructor(stream: RemoteChanges<ChangeEvent<KvDocument>>) {
    this.#stream = stream
  }

  /** The next change, which is waited for; null when nothing follows. */
  async next(): Promise<KvChange<V> | null> {
    for (;;) {
      const event = await this.#stream.next()
      if (event === null) return null
      const change = changeOf<V>(event)
      if (change !== undefined) return change
    }
  }

  /** Iterates over the changes; leaving the loop closes them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<KvChange<V>, undefined> {
    try {
      for (let change = await this.next(); change !== null; change = await this.next()) yield change
      return undefined
    } finally {
      this.close()
    }
  }

  /** The place behind the last change that was handed out, for `resumeAfter`; undefined before the first one. */
  get resumeToken(): ResumeToken | undefined {
    return this.#stream.resumeToken
  }

  /** Whether nothing follows. */
  get closed(): boolean {
    return this.#stream.closed
  }

  /** Ends it; whoever waits for a change gets null. */
  close(): void {
    this.#stream.close()
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}
