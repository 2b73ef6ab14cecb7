// Who may write to a collection now: one long write at a time, or any number of short ones.
//
// A short write is done on the event loop, in one turn. Were a long one under way on a pool thread, it would hold the
// collection, and the short one would wait for it with the event loop. So short writes wait here instead.
// Promises: nobody who waits is passed over for ever: who is let in when a long write ends is whoever waited longest.
// Leaves to others: isolation (the engine).

/** Stands for every collection. */
export const EVERY_COLLECTION: readonly string[] = []

interface Holder {
  readonly names: readonly string[]
  readonly end: Promise<void>
}

/** The long writes of one database. */
export class WriteGate {
  readonly #holders = new Set<Holder>()

  /** Does `work`, which ends in this turn, as soon as no long write holds any of the collections. */
  short<R>(names: readonly string[], work: () => R): R | Promise<R> {
    return this.#holders.size === 0 ? work() : this.#shortLater(names, work)
  }

  async #shortLater<R>(names: readonly string[], work: () => R): Promise<R> {
    for (let end = this.#endOf(names); end !== undefined; end = this.#endOf(names)) await end
    return work()
  }

  /** Does `work`, holding the collections until it has ended. */
  async long<R>(names: readonly string[], work: () => Promise<R>): Promise<R> {
    for (let end = this.#endOf(names); end !== undefined; end = this.#endOf(names)) await end
    let release: () => void = () => undefined
    const holder = { names, end: new Promise<void>(resolve => (release = resolve)) }
    this.#holders.add(holder)
    try {
      return await work()
    } finally {
      this.#holders.delete(holder)
      release()
    }
  }

  #endOf(names: readonly string[]): Promise<void> | undefined {
    for (const holder of this.#holders) {
      const isOverlap =
        names.length === 0 || holder.names.length === 0 || holder.names.some(name => names.includes(name))
      if (isOverlap) return holder.end
    }
    return undefined
  }
}
