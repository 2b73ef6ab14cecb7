// A line over time, drawn by uPlot, with its newest figures as words.
//
// Promises: colours are those of the looks that are chosen, also when they change; the figures are there for who does not
// see the lines. Leaves to others: the samples (views/activity.tsx).

import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'

const HEIGHT = 170
/** The vertical room that figures beside an axis take, in pixels. */
const AXIS_WIDTH = 64
/** The room of those below it. */
const AXIS_HEIGHT = 26

/** One line. */
export interface Line {
  readonly name: string
  /** A colour of style/base.css. */
  readonly color: '--accent' | '--warm'
  readonly values: readonly (number | null)[]
}

interface ChartProps {
  readonly title: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
  /** Whether the values are bytes. */
  readonly isBytes?: boolean
}

/** What a colour of the style sheet is now: canvas does not know variables. */
export function colorNow(name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** Calls back when the looks change, until the returned function is called. */
export function onLooks(callback: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)')
  const observer = new MutationObserver(callback)
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  media.addEventListener('change', callback)
  return () => {
    observer.disconnect()
    media.removeEventListener('change', callback)
  }
}

/** Steps of an axis of bytes: powers of two, which read as whole KB and MB. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power)
/** Seconds that are shown at least. */
const SPAN_S_MIN = 60

/** The times that are shown; uPlot would make a day of one sample. */
function spanOf(times: ArrayLike<number>): [number, number] {
  const last = times[times.length - 1] ?? 0
  return [Math.min(times[0] ?? 0, last - SPAN_S_MIN), last]
}

function axesOf(format: (value: number) => string, isBytes: boolean): UPlot.Axis[] {
  const looks: UPlot.Axis = {
    stroke: () => colorNow('--ink-soft'),
    grid: { stroke: () => colorNow('--line'), width: 1 },
    ticks: { show: false }
  }
  const clock = (_: UPlot, splits: number[]) =>
    splits.map(seconds => new Date(seconds * 1000).toLocaleTimeString([], { hour12: false }))
  return [
    { ...looks, size: AXIS_HEIGHT, space: 90, values: clock },
    {
      ...looks,
      size: AXIS_WIDTH,
      values: (_, splits) => splits.map(format),
      ...(isBytes ? { incrs: BYTE_STEPS } : {})
    }
  ]
}

function makePlot(room: HTMLElement, { lines, format, isBytes = false }: ChartProps): UPlot {
  const seriesOf = ({ color }: Line): UPlot.Series => {
    const stroke = () => colorNow(color)
    return { stroke, width: 2, points: { size: 4, fill: stroke } }
  }
  return new UPlot(
    {
      width: room.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { range: ({ data: [times] }) => spanOf(times) },
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] }
      },
      axes: axesOf(format, isBytes),
      series: [{}, ...lines.map(seriesOf)]
    },
    [[], ...lines.map(() => [])],
    room
  )
}

/** The chart. */
export function Chart(props: ChartProps) {
  const { title, times, lines, format } = props
  const room = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  useEffect(() => {
    const element = room.current
    if (element === null) return
    const made = makePlot(element, props)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    const forget = onLooks(() => made.redraw(false, true))
    return () => {
      observer.disconnect()
      forget()
      made.destroy()
    }
  }, [])
  useEffect(() => plot.current?.setData([[...times], ...lines.map(({ values }) => [...values])]), [times])
  return (
    <figure class="card chart">
      <figcaption>
        <h2>{title}</h2>
        <ul class="chart-names">
          {lines.map(({ name, color, values }) => (
            <li key={name}>
              <span class="chart-sign" style={{ background: `var(${color})` }} aria-hidden="true" />
              {name} <b>{textOf(values.at(-1), format)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={room} class="chart-room" aria-hidden="true" />
    </figure>
  )
}

function textOf(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value)
}
