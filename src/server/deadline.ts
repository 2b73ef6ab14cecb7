// The time that something may take, at no cost where it ends in the turn of the event loop in which it began.
//
// Most requests do, and a timer for each would cost more than their work. Promises: `onLate` is called at most once, not
// before the time is over, and never after `end`. Leaves to others: what is done then.

/** Those that began in this turn. */
let fresh: Deadline[] = []

/** A time that is running. */
export class Deadline {
  readonly #timeMs: number
  readonly #onLate: () => void
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** @param timeMs counted from the end of this turn */
  constructor(timeMs: number, onLate: () => void) {
    this.#timeMs = timeMs
    this.#onLate = onLate
    if (fresh.push(this) === 1) setImmediate(armAll)
  }

  /** It ended in time. */
  end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  /** @internal */
  arm(): void {
    if (!this.#isOver) this.#timer = setTimeout(this.#onLate, this.#timeMs)
  }
}

function armAll(): void {
  const all = fresh
  fresh = []
  for (const deadline of all) deadline.arm()
}
