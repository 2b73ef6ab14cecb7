// How work is timed: by the monotonic clock as a rule, after the garbage of what came before has been collected.

/** Repeated work is timed for at least this long, where no other time is asked for. */
export const MEASURED_MS = 600

/** How a process times its work. */
export interface Timing {
  /** How long repeated work is timed at least. */
  measuredMs: number
  /** `processor`: what all threads of the process spent, which other programs hardly change, and waiting is no part of. */
  clock: 'wall' | 'processor'
}

let timing: Timing = { measuredMs: MEASURED_MS, clock: 'wall' }

/** Has the process time its work so from here on. */
export function timeBy(wanted: Timing): void {
  timing = wanted
}

/** Milliseconds since some fixed point. */
function now(): number {
  if (timing.clock === 'wall') return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** Calls under way at a time where they give promises: as many reads, and as many commits that wait for no disk. */
export const LANES = 64

function collectGarbage(): void {
  globalThis.gc?.()
}

/** Operations per second of work that can be done once only, such as filling an empty database. */
export function rateOnce(operations: number, work: () => void): number {
  collectGarbage()
  const start = now()
  work()
  return (operations / (now() - start)) * 1_000
}

/** As `rateOnce`, of work that is waited for. */
export async function rateOnceLater(operations: number, work: () => Promise<void>): Promise<number> {
  collectGarbage()
  const start = now()
  await work()
  return (operations / (now() - start)) * 1_000
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
  const start = now()
  let elapsed = 0
  while (elapsed < timing.measuredMs) {
    await pass()
    passes++
    elapsed = now() - start
  }
  return ((operations * passes) / elapsed) * 1_000
}

/** Operations per second of work that leaves things as they were: one pass to warm up, then passes until time is up. */
export function rateRepeated(operations: number, pass: () => void): number {
  pass()
  collectGarbage()
  let passes = 0
  const start = now()
  let elapsed = 0
  while (elapsed < timing.measuredMs) {
    pass()
    passes++
    elapsed = now() - start
  }
  return ((operations * passes) / elapsed) * 1_000
}
