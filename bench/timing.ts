// How work is timed: by the monotonic clock, after the garbage of what came before has been collected.

/** Repeated work is timed for at least this long. */
const MEASURED_MS = 600

/** Calls under way at a time where they give promises: as many reads, and as many commits that wait for no disk. */
export const LANES = 64

function collectGarbage(): void {
  globalThis.gc?.()
}

/** Operations per second of work that can be done once only, such as filling an empty database. */
export function rateOnce(operations: number, work: () => void): number {
  collectGarbage()
  const start = performance.now()
  work()
  return (operations / (performance.now() - start)) * 1_000
}

/** As `rateOnce`, of work that is waited for. */
export async function rateOnceLater(operations: number, work: () => Promise<void>): Promise<number> {
  collectGarbage()
  const start = performance.now()
  await work()
  return (operations / (performance.now() - start)) * 1_000
}

/** Has `work` done for each item, in order, with no more than `lanes` of them under way at a time. */
export async function inFlight<Item>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item) => Promise<void>
): Promise<void> {
  const rest = items.values()
  const lane = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** As `rateRepeated`, of passes that are waited for: one promise a pass, so that passes have to be long. */
export async function rateRepeatedLater(operations: number, pass: () => Promise<void>): Promise<number> {
  await pass()
  collectGarbage()
  let passes = 0
  const start = performance.now()
  let elapsed = 0
  while (elapsed < MEASURED_MS) {
    await pass()
    passes++
    elapsed = performance.now() - start
  }
  return ((operations * passes) / elapsed) * 1_000
}

/** Operations per second of work that leaves things as they were: one pass to warm up, then passes until time is up. */
export function rateRepeated(operations: number, pass: () => void): number {
  pass()
  collectGarbage()
  let passes = 0
  const start = performance.now()
  let elapsed = 0
  while (elapsed < MEASURED_MS) {
    pass()
    passes++
    elapsed = performance.now() - start
  }
  return ((operations * passes) / elapsed) * 1_000
}
