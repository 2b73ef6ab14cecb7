// Counters of a server, and their text for Prometheus.
//
// Promises: names and units follow Prometheus' rules; labels are routes and statuses, never what a client sent, so that
// nobody makes series without end. Leaves to others: who may read them (system-routes.ts).
// Source: Prometheus exposition format 0.0.4.

import type { OpenDatabase } from './databases.ts'

/** Upper bounds of the buckets of durations, in seconds. */
const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Series {
  readonly buckets: number[]
  count: number
  secondsSum: number
  readonly statuses: Map<number, number>
}

/** What a server counts. */
export class Metrics {
  readonly #routes = new Map<string, Series>()
  readonly #refusals = new Map<string, number>()
  /** Requests that are worked on now. */
  requestsRunning = 0
  /** Requests that wait for their turn. */
  requestsWaiting = 0
  /** Change streams that are open. */
  streamsOpen = 0
  /** Open connections. */
  connectionsOpen = 0

  /** Notes a request of a route, such as `GET /v1/databases`. */
  note(route: string, status: number, seconds: number): void {
    let series = this.#routes.get(route)
    if (series === undefined) {
      series = { buckets: BUCKETS_S.map(() => 0), count: 0, secondsSum: 0, statuses: new Map() }
      this.#routes.set(route, series)
    }
    series.count++
    series.secondsSum += seconds
    series.statuses.set(status, (series.statuses.get(status) ?? 0) + 1)
    const bucket = BUCKETS_S.findIndex(bound => seconds <= bound)
    if (bucket >= 0) (series.buckets[bucket] as number)++
  }

  /** Notes why a request was refused. */
  noteRefusal(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1)
  }

  /** Requests so far. */
  get requestsCount(): number {
    let count = 0
    for (const series of this.#routes.values()) count += series.count
    return count
  }

  /** All of it as text, with the figures of the open databases. */
  text(databases: readonly OpenDatabase[]): string {
    const lines: string[] = []
    this.#requests(lines)
    gauge(lines, 'quiredb_requests_running', 'Requests that are worked on.', [['', this.requestsRunning]])
    gauge(lines, 'quiredb_requests_waiting', 'Requests that wait for their turn.', [['', this.requestsWaiting]])
    gauge(lines, 'quiredb_streams_open', 'Change streams that are open.', [['', this.streamsOpen]])
    gauge(lines, 'quiredb_connections_open', 'Connections that are open.', [['', this.connectionsOpen]])
    gauge(lines, 'process_resident_memory_bytes', 'Resident memory.', [['', process.memoryUsage.rss()]])
    gauge(lines, 'process_uptime_seconds', 'Seconds since the process began.', [['', process.uptime()]])
    databaseMetrics(lines, databases)
    return `${lines.join('\n')}\n`
  }

  #requests(lines: string[]): void {
    family(lines, 'quiredb_requests_total', 'counter', 'Requests by route and status.')
    for (const [route, { statuses }] of this.#routes) {
      for (const [status, count] of statuses) {
        lines.push(`quiredb_requests_total{${routeLabels(route)},status="${status}"} ${count}`)
      }
    }
    family(lines, 'quiredb_refusals_total', 'counter', 'Refused requests by code.')
    for (const [code, count] of this.#refusals) lines.push(`quiredb_refusals_total{code="${code}"} ${count}`)
    family(lines, 'quiredb_request_duration_seconds', 'histogram', 'Seconds from a request to its answer.')
    for (const [route, { buckets, count, secondsSum }] of this.#routes) {
      const labels = routeLabels(route)
      let total = 0
      for (const [index, bound] of BUCKETS_S.entries()) {
        total += buckets[index] as number
        lines.push(`quiredb_request_duration_seconds_bucket{${labels},le="${bound}"} ${total}`)
      }
      lines.push(`quiredb_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`)
      lines.push(`quiredb_request_duration_seconds_sum{${labels}} ${secondsSum}`)
      lines.push(`quiredb_request_duration_seconds_count{${labels}} ${count}`)
    }
  }
}

function routeLabels(route: string): string {
  const [method, path] = route.split(' ')
  return `method="${method}",route="${path}"`
}

function family(lines: string[], name: string, type: string, help: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
}

type Sample = readonly [labels: string, value: number]

function gauge(lines: string[], name: string, help: string, samples: readonly Sample[], type = 'gauge'): void {
  family(lines, name, type, help)
  for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`)
}

function databaseMetrics(lines: string[], databases: readonly OpenDatabase[]): void {
  const all = databases.flatMap(({ name, shards }) =>
    shards.parts.map((part, shard) => {
      const labels = shards.isSharded ? `database="${name}",shard="${shard}"` : `database="${name}"`
      return { stats: part.stats(), labels, label: `{${labels}}` }
    })
  )
  const each = (name: string, help: string, value: (one: (typeof all)[number]) => number, type = 'gauge') =>
    gauge(
      lines,
      name,
      help,
      all.map(one => [one.label, value(one)] as const),
      type
    )
  each('quiredb_file_bytes', 'Bytes of the data file.', ({ stats }) => stats.pagesCount * PAGE_BYTES)
  each('quiredb_free_bytes', 'Bytes of free pages in it.', ({ stats }) => stats.freePagesCount * PAGE_BYTES)
  each('quiredb_cache_bytes', 'Bytes of pages in memory.', ({ stats }) => stats.cacheBytes)
  each('quiredb_log_bytes', 'Bytes of log that a recovery would read.', ({ stats }) => stats.logBytes)
  each('quiredb_commits_total', 'Commits since opening.', ({ stats }) => stats.commitsCount, 'counter')
  each('quiredb_checkpoints_total', 'Checkpoints since opening.', ({ stats }) => stats.checkpointsCount, 'counter')
  each('quiredb_page_loads_total', 'Pages read from the file.', ({ stats }) => stats.pageLoadsCount, 'counter')
  const of = (value: (opened: OpenDatabase) => number) =>
    databases.map(opened => [`{database="${opened.name}"}`, value(opened)] as const)
  gauge(
    lines,
    'quiredb_syncs_total',
    'Syncs that writes waited for.',
    of(({ commits }) => commits.syncsCount),
    'counter'
  )
  gauge(
    lines,
    'quiredb_synced_writes_total',
    'Writes that waited.',
    of(({ commits }) => commits.writesCount),
    'counter'
  )
  gauge(
    lines,
    'quiredb_moved_documents_total',
    'Documents moved to other shards.',
    of(({ mover }) => mover.movedCount),
    'counter'
  )
  family(lines, 'quiredb_documents', 'gauge', 'Documents of a collection.')
  for (const { labels, stats } of all) {
    for (const { name, documentsCount } of stats.collections) {
      lines.push(`quiredb_documents{${labels},collection="${escapeLabel(name)}"} ${documentsCount}`)
    }
  }
}

const PAGE_BYTES = 4096

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
