// A run as one page: a chart and a table a workload, the ratios, how cost grows, and what all of it holds for.
// The page needs nothing but itself (no script, no font, nothing from elsewhere), follows light and dark, and says in
// tables what its charts show. Started with the JSON of a run it writes the page beside it.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Bar, barChart, escaped, type Line, lineChart } from './chart.ts'
import {
  COMPARISONS,
  type Column,
  figure,
  median,
  type Results,
  type Row,
  ratiosOf,
  type Sample,
  type Slope,
  spread,
  valuesOf
} from './samples.ts'

/** What a durability of nothing marks: not a peer, but what the language allows. */
const NOTHING = 'nothing'

const STYLE = `:root { color-scheme: light dark; --back: #fff; --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --own: #0a6847;
  --peer: #8aa4c0; --ceiling: #c9c3b4; --spread: #1b1f24; --worse: #a40e26 }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --ink: #e6e9ec; --soft: #a2abb5; --rule: #39414a;
  --own: #46c794; --peer: #55708d; --ceiling: #5f5a4c; --spread: #e6e9ec; --worse: #ff9492 } }
body { background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 60rem; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.25rem; margin-top: 2.5rem } h3 { font-size: 1.05rem; margin-top: 2rem }
figure { margin: 1rem 0 } figcaption, .soft { color: var(--soft) }
svg { width: 100%; height: auto; font: 13px system-ui, sans-serif; fill: var(--ink) }
svg .label { text-anchor: end } svg .tick { text-anchor: middle }
svg .note { text-anchor: end; font-size: 11px; fill: var(--soft) } svg .figure { font-variant-numeric: tabular-nums }
svg .own { fill: var(--own) } svg .peer { fill: var(--peer) } svg .ceiling, svg .beyond { fill: var(--ceiling) }
svg .axis, svg .grid { stroke: var(--rule); fill: none } svg .spread { stroke: var(--spread); fill: none }
svg .line path { fill: none; stroke-width: 1.5; stroke: var(--peer) }
svg .own.line path { stroke-width: 3; stroke: var(--own) } svg .line text { fill: var(--ink) }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem }
th, td { border-bottom: 1px solid var(--rule); padding: .3rem .7rem; text-align: right; white-space: nowrap }
th[scope=row], th:first-child, td.text { text-align: left } td.behind { color: var(--worse) }`

function table(caption: string, head: string[], rows: { title: string; cells: string[] }[]): string {
  const heads = head.map(text => `<th scope="col">${escaped(text)}</th>`).join('')
  const lines = rows.map(({ title, cells }) => `<tr><th scope="row">${escaped(title)}</th>${cells.join('')}</tr>`)
  return `<div class="wide" role="region" aria-label="${escaped(caption)}" tabindex="0"><table>
<caption class="soft">${escaped(caption)}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>${lines.join('\n')}</tbody></table></div>`
}

const cell = (text: string, isText = false) => `<td${isText ? ' class="text"' : ''}>${escaped(text)}</td>`

function kindOf({ key, survives }: Row): Bar['kind'] {
  if (key.includes('quire')) return 'own'
  return survives === NOTHING ? 'ceiling' : 'peer'
}

function barOf(row: Row, { key, unit }: Column, samples: Sample[]): Bar[] {
  const values = valuesOf(samples, row.key, key)
  const middle = median(values)
  if (middle === undefined) return []
  return [
    {
      label: row.title,
      note: `survives ${row.survives}`,
      text: `${figure(middle, unit)} ±${Math.round(spread(values) * 100)}%`,
      median: middle,
      low: Math.min(...values),
      high: Math.max(...values),
      kind: kindOf(row)
    }
  ]
}

function workloadPart(column: Column, rows: Row[], samples: Sample[]): string {
  const bars = rows.flatMap(row => barOf(row, column, samples))
  if (bars.length === 0) return ''
  const isRate = column.unit === 'ops/s'
  const caption = isRate
    ? 'Operations a second: more is better.'
    : `${column.unit === 'x' ? 'Times' : `In ${column.unit}`}: less is better.`
  return `<section><h3>${escaped(column.title)}</h3>
<figure>${barChart(`${column.title}: medians by engine`, bars)}<figcaption>${escaped(caption)}</figcaption></figure>
<details><summary>The same as a table</summary>
${table(
  column.title,
  ['engine', 'a change survives', 'median', 'least', 'greatest'],
  bars.map(bar => ({
    title: bar.label,
    cells: [
      cell(bar.note.replace('survives ', ''), true),
      ...[bar.median, bar.low, bar.high].map(value => cell(figure(value, column.unit)))
    ]
  }))
)}
</details></section>`
}

function ratioPart(columns: Column[], rows: Row[], samples: Sample[]): string {
  const titles = new Map(rows.map(({ key, title }) => [key, title]))
  const pairs = COMPARISONS.filter(pair => pair.every(key => titles.has(key)))
  if (pairs.length === 0) return ''
  const lines = pairs.map(pair => ({
    title: pair.map(key => titles.get(key)).join(' : '),
    cells: columns.map(({ key, unit }) => {
      const ratio = median(ratiosOf(samples, pair, key, unit))
      if (ratio === undefined) return cell('-')
      return `<td${ratio < 1 ? ' class="behind"' : ''}>${ratio.toFixed(2)}</td>`
    })
  }))
  return `<h2>Ratios</h2>
${table('How many times better the first is: above 1 it is ahead, for times and sizes too', ['', ...columns.map(({ title }) => title)], lines)}`
}

function slopePart(slopes: Slope[], columns: Column[], rows: Row[]): string {
  const titles = new Map(rows.map(({ key, title }) => [key, title]))
  const parts = columns.flatMap(({ key, title, unit }) => {
    const own = slopes.filter(({ workload }) => workload === key)
    if (own.length === 0) return []
    const lines: Line[] = own.map(({ engine, points }) => ({
      label: titles.get(engine) ?? engine,
      isOwn: engine.includes('quire'),
      points: points.map(({ documentsCount, cost }) => ({ x: documentsCount, y: cost }))
    }))
    const costUnit = unit === 'ops/s' ? 'ns' : unit
    const textOf = (cost: number) => `${cost.toLocaleString('en')} ${costUnit}`
    return [
      `<section><h3>${escaped(title)}</h3>
<figure>${lineChart(`${title}: cost by number of documents`, lines, textOf)}
<figcaption>Cost by number of documents, both logarithmic; a flat line does not grow.</figcaption></figure>
${table(
  `${title}: the power of the number of documents as which cost grows`,
  ['engine', 'power'],
  own.map(({ engine, slope }) => ({ title: titles.get(engine) ?? engine, cells: [cell(slope.toFixed(2))] }))
)}</section>`
    ]
  })
  return parts.length === 0 ? '' : `<h2>Growth of cost with size</h2>\n${parts.join('\n')}`
}

function head({ surroundings: where, documentsCount, rounds, leftOut, failures }: Results): string {
  const packages = Object.entries(where.packages).map(([name, version]) => `${name} ${version}`)
  const notes = [
    ...leftOut.map(({ engine, reason }) => `Left out: ${engine} (${reason})`),
    ...failures.map(failure => `Failed: ${failure}`)
  ]
  return `<h1>QuireDB beside others</h1>
<p>${documentsCount.toLocaleString('en')} documents, medians of ${rounds} rounds, each engine in each workload a process of its own. Lines
through the ends of bars reach from the least to the greatest of the rounds. Bars that end in an arrow are beyond the scale: they are of engines
that store nothing, which are a ceiling and no peers.</p>
<p class="soft">${escaped(`${where.processor}, ${where.cores} cores, ${where.system}, Node ${where.node}; ${where.date.slice(0, 10)}`)}<br>
${escaped(packages.join(', '))}</p>
${notes.length === 0 ? '' : `<ul>${notes.map(note => `<li>${escaped(note)}</li>`).join('')}</ul>`}`
}

/** The page of a run. Shape: a whole HTML document. */
export function page(results: Results): string {
  const { rows, columns, documentsCount, slopes } = results
  const samples = results.samples.filter(sample => sample.documentsCount === documentsCount)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>QuireDB beside others</title>
<style>${STYLE}</style></head>
<body><main>
${head(results)}
${ratioPart(columns, rows, samples)}
<h2>Figures</h2>
${columns.map(column => workloadPart(column, rows, samples)).join('\n')}
${slopePart(slopes ?? [], columns, rows)}
</main></body></html>
`
}

function main(file: string | undefined): void {
  if (file === undefined || !file.endsWith('.json')) throw new Error('which run? page.js takes the JSON file of one')
  const target = file.replace(/\.json$/, '.html')
  writeFileSync(target, page(JSON.parse(readFileSync(file, 'utf8'))))
  console.log(target)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2])
