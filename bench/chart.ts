// Charts as SVG text that stands inside the page: bars of medians with their spread, and lines of cost against size.
// Colours come from the page's style sheet by class, so that they follow light and dark; what a colour says is also said
// in words. Each chart has a title that names it for who cannot see it; the numbers stand in a table beside it (page.ts).

/** One bar. */
export interface Bar {
  label: string
  /** What stands smaller below the label. */
  note: string
  /** What stands behind the bar. */
  text: string
  median: number
  low: number
  high: number
  kind: 'own' | 'peer' | 'ceiling'
}

/** One line of a chart of growth: where it goes through, in order. */
export interface Line {
  label: string
  isOwn: boolean
  points: { x: number; y: number }[]
}

const WIDTH = 820
const LABEL_WIDTH = 250
const TEXT_WIDTH = 150
const BAR_WIDTH = WIDTH - LABEL_WIDTH - TEXT_WIDTH
const ROW_HEIGHT = 38
const BAR_HEIGHT = 16

/** Text in HTML and SVG. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

function place(value: number): string {
  return value.toFixed(1)
}

function svg(title: string, height: number, body: string): string {
  return `<svg role="img" viewBox="0 0 ${WIDTH} ${height}"><title>${escaped(title)}</title>${body}</svg>`
}

function barRow(bar: Bar, index: number, scale: number): string {
  const top = index * ROW_HEIGHT
  const middle = top + 8 + BAR_HEIGHT / 2
  const at = (value: number) => LABEL_WIDTH + Math.min(value * scale, BAR_WIDTH)
  const end = at(bar.median)
  const isBeyond = bar.median * scale > BAR_WIDTH
  const [low, high] = [place(at(bar.low)), place(at(bar.high))]
  const whisker = isBeyond
    ? `<path class="beyond" d="M${place(end)} ${top + 4}l10 ${BAR_HEIGHT / 2 + 4}l-10 ${BAR_HEIGHT / 2 + 4}z"/>`
    : `<path class="spread" d="M${low} ${middle}H${high}M${low} ${middle - 4}v8M${high} ${middle - 4}v8"/>`
  return `<text class="label" x="${LABEL_WIDTH - 10}" y="${top + 17}">${escaped(bar.label)}</text>
<text class="note" x="${LABEL_WIDTH - 10}" y="${top + 31}">${escaped(bar.note)}</text>
<rect class="${bar.kind}" x="${LABEL_WIDTH}" y="${top + 8}" width="${place(end - LABEL_WIDTH)}" height="${BAR_HEIGHT}"/>
${whisker}<text class="figure" x="${WIDTH - TEXT_WIDTH + 14}" y="${middle + 5}">${escaped(bar.text)}</text>`
}

/**
 * Bars from nought, one below the other. The scale ends with the greatest that is no ceiling; what is beyond is cut off
 * and marked by an arrow, for a Map of objects would leave nothing to be seen of the others.
 */
export function barChart(title: string, bars: readonly Bar[]): string {
  const compared = bars.filter(({ kind }) => kind !== 'ceiling')
  const greatest = Math.max(...(compared.length > 0 ? compared : bars).map(({ high }) => high))
  const scale = greatest > 0 ? BAR_WIDTH / greatest : 0
  const rows = bars.map((bar, index) => barRow(bar, index, scale)).join('\n')
  const height = bars.length * ROW_HEIGHT
  const axis = `<path class="axis" d="M${LABEL_WIDTH} 0V${height}"/>`
  return svg(title, height + 4, `${rows}${axis}`)
}

const LINES_HEIGHT = 320
/** Between the labels of two lines. */
const LABEL_DISTANCE = 15
const MARGIN = { left: 110, right: 190, top: 14, bottom: 36 }

/** Maps values to places by their logarithms, from the least of them to the greatest. */
function logScale(values: number[], start: number, end: number): (value: number) => number {
  const low = Math.log(Math.min(...values))
  const range = Math.log(Math.max(...values)) - low
  return value => (range > 0 ? start + ((Math.log(value) - low) / range) * (end - start) : (start + end) / 2)
}

/** The powers of ten from the least of the values to the greatest, and those around them. */
function powersOfTen(values: number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.ceil(Math.log10(Math.max(...values)))
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index))
}

/** Places for labels as near to the wanted ones as may be with `distance` between them, downward in order. */
function apart(wanted: number[], distance: number): number[] {
  const order = wanted.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place)
  const places = [...wanted]
  let last = Number.NEGATIVE_INFINITY
  for (const { place, index } of order) {
    last = Math.max(place, last + distance)
    places[index] = last
  }
  return places
}

/** Lines over two logarithmic axes, each labelled at its end. */
export function lineChart(title: string, lines: readonly Line[], textOf: (y: number) => string): string {
  const sizes = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))]
  const powers = powersOfTen(lines.flatMap(({ points }) => points.map(({ y }) => y)))
  const right = WIDTH - MARGIN.right
  const bottom = LINES_HEIGHT - MARGIN.bottom
  const xOf = logScale(sizes, MARGIN.left, right)
  const yOf = logScale(powers, bottom, MARGIN.top)
  const grid = powers.map(power => {
    const y = place(yOf(power))
    return `<path class="grid" d="M${MARGIN.left} ${y}H${right}"/><text class="label" x="${MARGIN.left - 8}" y="${y}" dy="4">${escaped(textOf(power))}</text>`
  })
  const ticks = sizes.map(
    size => `<text class="tick" x="${place(xOf(size))}" y="${bottom + 22}">${size.toLocaleString('en')}</text>`
  )
  const ends = lines.map(({ points }) => yOf(points.at(-1)?.y ?? 1))
  const labels = apart(ends, LABEL_DISTANCE)
  const drawn = lines.map(({ label, isOwn, points }, index) => {
    const steps = points.map(({ x, y }) => `${place(xOf(x))} ${place(yOf(y))}`)
    const end = `<text x="${right + 10}" y="${place((labels[index] as number) + 4)}">${escaped(label)}</text>`
    return `<g class="${isOwn ? 'own' : 'peer'} line"><path d="M${steps.join('L')}"/>${end}</g>`
  })
  const height = Math.max(LINES_HEIGHT, ...labels.map(y => y + LABEL_DISTANCE))
  return svg(title, height, [...grid, ...ticks, ...drawn].join('\n'))
}
