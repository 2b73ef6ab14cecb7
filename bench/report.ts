// The tables that are printed of a run.
// A cell is the median of the rounds and, after it, half the distance from the least to the greatest in percent of it.
// A ratio is the median of the rounds' own ratios; the two engines' acknowledged changes survive about the same.

import { Table } from 'console-table-printer'
import {
  COMPARISONS,
  type Column,
  figure,
  median,
  type Row,
  ratiosOf,
  type Sample,
  type Slope,
  spread,
  type Unit,
  valuesOf
} from './samples.ts'

function cell(list: readonly number[], unit: Unit): string {
  const middle = median(list)
  if (middle === undefined) return '-'
  return `${figure(middle, unit)} ±${Math.round(spread(list) * 100)}%`
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
    const ratios = ratiosOf(samples, [own, peer], key, unit)
    return median(ratios)?.toFixed(2) ?? '-'
  })
}

/** Prints how each engine's cost grows: the exponent of the number of documents. */
export function printSlopes(slopes: Slope[], rows: Row[], columns: Column[]): void {
  console.log('growth: cost of an operation as this power of the number of documents')
  printTables('engine', rows, columns, (row, { key }) => {
    const found = slopes.find(({ engine, workload }) => engine === row.key && workload === key)
    return found?.slope.toFixed(2) ?? '-'
  })
}
