// Who may look at several shards at once: any number of readers, or one that moves documents between them.
//
// Promises: a mover waits for those who look, and who comes after it waits for the mover, so neither waits for ever.
// Leaves to others: writes, which the mover shuts out by the gate of writes (write-gate.ts).

/** The lock of one database. */
export class MoveLock {
  #readersCount = 0
  #moving: Promise<void> | undefined
  #whenFree: (() => void) | undefined

  /** Does `work` while nothing moves. */
  async shared<R>(work: () => Promise<R>): Promise<R> {
    while (this.#moving !== undefined) await this.#moving
    this.#readersCount++
    try {
      return await work()
    } finally {
      this.#readersCount--
      if (this.#readersCount === 0) this.#whenFree?.()
    }
  }

  /** Does `work` while nobody looks; one at a time. */
  async exclusive<R>(work: () => Promise<R>): Promise<R> {
    while (this.#moving !== undefined) await this.#moving
    let release: () => void = () => undefined
    this.#moving = new Promise(resolve => (release = resolve))
    try {
      if (this.#readersCount > 0) await new Promise<void>(resolve => (this.#whenFree = resolve))
      this.#whenFree = undefined
      return await work()
    } finally {
      this.#moving = undefined
      release()
    }
  }
}
