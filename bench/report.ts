// Turns samples into medians, spreads, ratios and the tables that are printed.
// A cell is the median of the rounds and, after it, half the distance from the least to the greatest in percent of it.
// A ratio is the median of the rounds' own ratios; the two engines' acknowledged changes survive about the same.

import { Table } from 'console-table-printer'

/** What the report needs to know of a column. */
export interface Column {
  key: string
  title: string
  unit: 'ops/s' | 'ms' | 'MB'
}

/** What the report needs to know of a row. */
export interface Row {
  key: string
  title: string
  survives: string
}

/** One figure of one round. */
export interface Sample {
  engine: string
  workload: string
  round: number
  value: number
}

/** Which engine is held against which: pairs that promise about the same. */
const COMPARISONS: [string, string][] = [
  ['quire-process', 'lmdb-nosync'],
  ['quire-process', 'sqlite-off'],
  ['quire-process', 'sqlite-json'],
  ['quire-process', 'sqlite-normal'],
  ['quire-process', 'node-sqlite-off'],
  ['quire-process', 'level'],
  ['quire-process', 'rocksdb'],
  ['quire-process', 'map-buffers'],
  ['quire-process', 'loki'],
  ['quire-process', 'nedb'],
  ['quire-disk', 'lmdb-sync'],
  ['quire-disk', 'sqlite-full'],
  ['quire-disk', 'node-sqlite-full'],
  ['quire-disk', 'level-sync'],
  ['quire-disk', 'rocksdb-sync'],
  ['quire-lazy', 'lmdb-nosync']
]

/** The middle of a list, or the mean of its two middles; undefined of an empty one. */
export function median(list: readonly number[]): number | undefined {
  if (list.length === 0) return undefined
  const sorted = [...list].sort((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] as number
  const lower = sorted[(sorted.length - 1) >> 1] as number
  return (upper + lower) / 2
}

function valuesOf(samples: Sample[], engine: string, workload: string): number[] {
  return samples.filter(sample => sample.engine === engine && sample.workload === workload).map(({ value }) => value)
}

function figure(value: number, unit: Column['unit']): string {
  return unit === 'ops/s' ? Math.round(value).toLocaleString('en') : `${value.toFixed(1)} ${unit}`
}

function cell(list: readonly number[], unit: Column['unit']): string {
  const middle = median(list)
  if (middle === undefined) return '-'
  const half = ((Math.max(...list) - Math.min(...list)) / 2 / middle) * 100
  return `${figure(middle, unit)} ±${Math.round(half)}%`
}

/** Workloads side by side in one table: more than these do not fit into a terminal. */
const COLUMNS_MAX = 6

function groupsOf(columns: Column[]): Column[][] {
  const tables = Math.ceil(columns.length / COLUMNS_MAX)
  const size = Math.ceil(columns.length / tables)
  return Array.from({ length: tables }, (_, index) => columns.slice(index * size, (index + 1) * size))
}

/** Prints tables of one row a line: `corner` heads the first column, `cellOf` fills the others. */
function printTables<Line extends { title: string }>(
  corner: string,
  lines: Line[],
  columns: Column[],
  cellOf: (line: Line, column: Column) => string
): void {
  for (const group of groupsOf(columns)) {
    const table = new Table({
      shouldDisableColors: !process.stdout.isTTY,
      columns: [
        { name: corner, alignment: 'left' },
        ...group.map(({ title }) => ({ name: title, alignment: 'right' as const }))
      ]
    })
    for (const line of lines) {
      const cells = group.map(column => [column.title, cellOf(line, column)])
      table.addRow({ [corner]: line.title, ...Object.fromEntries(cells) })
    }
    table.printTable()
  }
}

/** Prints what each engine reached: the median of its samples and their spread. */
export function printFigures(samples: Sample[], rows: Row[], columns: Column[]): void {
  printTables('engine', rows, columns, (row, column) => cell(valuesOf(samples, row.key, column.key), column.unit))
  for (const { title, survives } of rows) console.log(`${title}: an acknowledged change survives ${survives}`)
}

/** Prints how many times better the first engine of each comparison is; above 1 it is ahead, for times and sizes too. */
export function printRatios(samples: Sample[], columns: Column[]): void {
  const ran = new Set(samples.map(sample => sample.engine))
  const lines = COMPARISONS.filter(pair => pair.every(key => ran.has(key))).map(([own, peer]) => ({
    title: `${own} : ${peer}`,
    own,
    peer
  }))
  if (lines.length === 0) return
  printTables('times better', lines, columns, ({ own, peer }, { key, unit }) => {
    const ratios = samples
      .filter(sample => sample.engine === own && sample.workload === key)
      .flatMap(({ round, value }) => {
        const other = samples.find(
          sample => sample.engine === peer && sample.workload === key && sample.round === round
        )
        if (other === undefined) return []
        return unit === 'ops/s' ? value / other.value : other.value / value
      })
    return median(ratios)?.toFixed(2) ?? '-'
  })
}
