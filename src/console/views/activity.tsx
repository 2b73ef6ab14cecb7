// What the server does now: operations and how long they take, the cache, the log and the file, a sample every second.
//
// Promises: samples are taken while the view is open; a token that does not open the server's counters still shows the
// database's own. Leaves to others: counters (metrics.ts), lines (chart.tsx).

import { useRef, useState } from 'preact/hooks'
import type { Stats } from '../../stats.ts'
import { ask, databasePath, Failure, send } from '../api.ts'
import { Chart } from '../chart.tsx'
import { bytesText, countText } from '../format.ts'
import { usePolling } from '../hooks.ts'
import { type Activity, activityBetween, type Counters, isOperation, quantileMs, readCounters } from '../metrics.ts'
import { Empty, FailureNote, Switch, TableHead, ViewHead, WideTable } from '../parts.tsx'

const INTERVAL_MS = 1000
/** Five minutes. */
const SAMPLES_MAX = 300
const PAGE_BYTES = 4096

interface Look {
  readonly timeMs: number
  readonly stats: Stats
  readonly counters: Counters | undefined
}
interface Sample {
  readonly timeS: number
  readonly activity: Activity | undefined
  readonly stats: Stats
  readonly loadsPerSecond: number
}

/** The counters of the server; undefined where the token does not open them. */
async function countersNow(signal: AbortSignal): Promise<Counters | undefined> {
  try {
    return readCounters(await (await send('GET', '/metrics', { signal })).text())
  } catch (error) {
    if (error instanceof Failure && error.status === 403) return undefined
    throw error
  }
}

function sampleOf(before: Look, now: Look): Sample {
  const seconds = (now.timeMs - before.timeMs) / 1000
  const { counters } = now
  return {
    timeS: now.timeMs / 1000,
    activity:
      counters === undefined || before.counters === undefined
        ? undefined
        : activityBetween(before.counters, counters, seconds),
    stats: now.stats,
    loadsPerSecond: Math.max(0, now.stats.pageLoadsCount - before.stats.pageLoadsCount) / seconds
  }
}

/** The view. */
export function ActivityView({ database }: { database: string }) {
  const [samples, setSamples] = useState<readonly Sample[]>([])
  const [counters, setCounters] = useState<Counters>()
  const [isPaused, setIsPaused] = useState(false)
  const [failure, setFailure] = useState<unknown>()
  const last = useRef<Look>(undefined)
  // A token that does not open them is not going to.
  const areCountersShut = useRef(false)
  usePolling(async signal => {
    if (isPaused) return
    try {
      const [stats, counted] = await Promise.all([
        ask<Stats>('GET', databasePath(database), { signal }),
        areCountersShut.current ? undefined : countersNow(signal)
      ])
      areCountersShut.current = counted === undefined
      const look: Look = { timeMs: Date.now(), stats, counters: counted }
      const before = last.current
      last.current = look
      setCounters(counted)
      setFailure(undefined)
      if (before !== undefined) setSamples(all => [...all, sampleOf(before, look)].slice(-SAMPLES_MAX))
    } catch (error) {
      if (!signal.aborted) setFailure(error)
    }
  }, INTERVAL_MS)
  return (
    <>
      <ViewHead title="Activity">
        <Switch label="Paused" isOn={isPaused} onChange={setIsPaused} />
      </ViewHead>
      <FailureNote failure={failure} />
      {samples.length === 0 ? <Empty>Taking the first samples…</Empty> : <Charts samples={samples} />}
      {counters === undefined ? null : <Routes counters={counters} />}
    </>
  )
}

const perSecond = (value: number) =>
  `${value >= 100 || Number.isInteger(value) ? countText(Math.round(value)) : Number(value.toPrecision(2))}/s`
const milliseconds = (value: number) =>
  `${value >= 10 || value === 0 ? countText(Math.round(value)) : value.toPrecision(2)} ms`

function Charts({ samples }: { samples: readonly Sample[] }) {
  const times = samples.map(({ timeS }) => timeS)
  const line = (name: string, value: (sample: Sample) => number | null, isOther = false) => ({
    name,
    color: isOther ? ('--warm' as const) : ('--accent' as const),
    values: samples.map(value)
  })
  const hasActivity = samples.at(-1)?.activity !== undefined
  return (
    <div class="charts">
      {hasActivity ? (
        <>
          <Chart
            title="Operations"
            times={times}
            format={perSecond}
            lines={[
              line('Reads', ({ activity }) => activity?.readsPerSecond ?? null),
              line('Writes', ({ activity }) => activity?.writesPerSecond ?? null, true)
            ]}
          />
          <Chart
            title="Latency"
            times={times}
            format={milliseconds}
            lines={[
              line('Half within', ({ activity }) => activity?.medianMs ?? null),
              line('99 % within', ({ activity }) => activity?.slowMs ?? null, true)
            ]}
          />
        </>
      ) : (
        <Empty>The token does not open the server's own counters: operations and latency.</Empty>
      )}
      <Chart
        title="Cache"
        times={times}
        format={bytesText}
        isBytes
        lines={[
          line('In memory', ({ stats }) => stats.cacheBytes),
          line('Not in the file yet', ({ stats }) => stats.dirtyBytes, true)
        ]}
      />
      <Chart
        title="Pages read from the file"
        times={times}
        format={perSecond}
        lines={[line('Not found in the cache', ({ loadsPerSecond }) => loadsPerSecond)]}
      />
      <Chart
        title="Log"
        times={times}
        format={bytesText}
        isBytes
        lines={[line('A recovery would read', ({ stats }) => stats.logBytes)]}
      />
      <Chart
        title="File"
        times={times}
        format={bytesText}
        isBytes
        lines={[
          line('Size', ({ stats }) => stats.pagesCount * PAGE_BYTES),
          line('Free in it', ({ stats }) => stats.freePagesCount * PAGE_BYTES, true)
        ]}
      />
    </div>
  )
}

function Routes({ counters }: { counters: Counters }) {
  const rows = [...counters].filter(([name]) => isOperation(name)).sort(([, a], [, b]) => b.count - a.count)
  if (rows.length === 0) return null
  return (
    <section class="card">
      <h2>Operations since the server began</h2>
      <WideTable label="Operations since the server began">
        <TableHead names={['Route']} figures={['Count', 'Mean', 'Half within', '99 % within']} />
        <tbody>
          {rows.map(([name, { count, secondsSum, buckets }]) => (
            <tr key={name}>
              <th scope="row" class="code">
                {name.replace('/v1/databases/{database}', '…')}
              </th>
              <td class="number">{countText(count)}</td>
              <td class="number">{milliseconds((1000 * secondsSum) / count)}</td>
              <td class="number">{milliseconds(quantileMs(buckets, count, 0.5) ?? 0)}</td>
              <td class="number">{milliseconds(quantileMs(buckets, count, 0.99) ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
    </section>
  )
}
