// Writes that wait for the disk, together.
//
// A commit is made at level `process`, which takes microseconds; then its request waits until a sync that began after
// it has ended. While one sync is under way, all that come share the next. So hundreds of requests cost one `fdatasync`.
// Promises: `settle` resolves only when everything committed before its call is on disk; after a failed sync it rejects.
// Leaves to others: syncing (the engine).

import type { Database } from '../index.ts'

/** The syncs of one database. */
export class GroupCommit {
  readonly #database: Pick<Database, 'sync'>
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** Syncs so far, and the writes that waited for them. */
  syncsCount = 0
  writesCount = 0

  constructor(database: Pick<Database, 'sync'>) {
    this.#database = database
  }

  /**
   * Waits until all that is committed is on disk.
   * @throws QuireError `IO`, `POISONED`
   */
  settle(): Promise<void> {
    this.writesCount++
    if (this.#running === undefined) return this.#sync()
    // The one under way may have begun before this commit.
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.#sync()
      })
    return this.#next
  }

  #sync(): Promise<void> {
    this.syncsCount++
    const running = this.#database.sync().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }
}
