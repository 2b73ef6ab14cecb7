// What the server's counters tell: how many operations, how fast, between two looks.
//
// Promises: only operations on documents, keys and transactions count, so that the console's own questions do not show;
// a time is the middle of its bucket, as exact as buckets are. Leaves to others: drawing (views/activity.tsx).
// Source: Prometheus exposition format 0.0.4; the counters are src/server/metrics.ts.

/** The counters of one route. */
export interface RouteCounters {
  readonly count: number
  readonly secondsSum: number
  /** Requests that took at most so many seconds, by seconds. */
  readonly buckets: readonly (readonly [seconds: number, count: number])[]
}
/** All routes, by `METHOD /path`. */
export type Counters = ReadonlyMap<string, RouteCounters>

const NAME = 'quiredb_request_duration_seconds'
const LINE =
  /^quiredb_request_duration_seconds_(bucket|sum|count)\{method="(\w+)",route="([^"]*)"(?:,le="([^"]*)")?\} (\S+)$/
const OPERATION = /\/(?:collections\/\{collection\}\/\w|kv\/|transactions$|execute$)/
const READS = /\/(?:find|aggregate|count|distinct|explain)$/

/** Reads the text of `GET /metrics`. */
export function readCounters(text: string): Counters {
  const routes = new Map<string, { count: number; secondsSum: number; buckets: [number, number][] }>()
  for (const line of text.split('\n')) {
    if (!line.startsWith(NAME)) continue
    const [, part, method, path, le, value] = LINE.exec(line) ?? []
    if (part === undefined) continue
    const name = `${method} ${path}`
    const route = routes.get(name) ?? { count: 0, secondsSum: 0, buckets: [] }
    routes.set(name, route)
    if (part === 'count') route.count = Number(value)
    else if (part === 'sum') route.secondsSum = Number(value)
    else if (le !== '+Inf') route.buckets.push([Number(le), Number(value)])
  }
  return routes
}

/** Whether a route works on data, as against asking about the server. */
export function isOperation(name: string): boolean {
  return OPERATION.test(name)
}

function isRead(name: string): boolean {
  return name.startsWith('GET ') || READS.test(name)
}

/** What happened between two looks. */
export interface Activity {
  readonly readsPerSecond: number
  readonly writesPerSecond: number
  /** Milliseconds within which half of the operations ended; null where there were none. */
  readonly medianMs: number | null
  readonly slowMs: number | null
}

/** Compares two looks that are `seconds` apart. */
export function activityBetween(before: Counters, after: Counters, seconds: number): Activity {
  let reads = 0
  let writes = 0
  const sums = new Map<number, number>()
  for (const [name, route] of after) {
    if (!isOperation(name)) continue
    const earlier = before.get(name)
    const count = route.count - (earlier?.count ?? 0)
    if (isRead(name)) reads += count
    else writes += count
    for (const [index, [bound, upTo]] of route.buckets.entries()) {
      sums.set(bound, (sums.get(bound) ?? 0) + upTo - (earlier?.buckets[index]?.[1] ?? 0))
    }
  }
  const buckets = [...sums]
  return {
    readsPerSecond: reads / seconds,
    writesPerSecond: writes / seconds,
    medianMs: quantileMs(buckets, reads + writes, 0.5),
    slowMs: quantileMs(buckets, reads + writes, 0.99)
  }
}

/** The time within which a share of the requests ended, in milliseconds. */
export function quantileMs(buckets: RouteCounters['buckets'], count: number, share: number): number | null {
  if (count <= 0) return null
  const wanted = count * share
  let [lower, before] = [0, 0]
  for (const [bound, upTo] of buckets) {
    if (upTo >= wanted) return 1000 * (lower + ((bound - lower) * (wanted - before)) / Math.max(1, upTo - before))
    lower = bound
    before = upTo
  }
  return 1000 * lower
}
