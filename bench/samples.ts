// The figures that rounds leave, and what is computed from them: medians, spreads, ratios within rounds, growth.
// A ratio is taken within a round, of figures measured seconds apart, because the machine changes from hour to hour.
// Leaves to others: tables on a terminal (report.ts), the page (page.ts), the comparison with a baseline (baseline.ts).

import type { Surroundings } from './machine.ts'

/** What a figure counts; of all but `ops/s` less is better. */
export type Unit = 'ops/s' | 'ms' | 'MB' | 'B' | 'x'

/** What the report needs to know of a column. */
export interface Column {
  key: string
  title: string
  unit: Unit
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
  /** How many documents there were. */
  documentsCount: number
  value: number
}

/** What a run leaves, as its JSON has it. */
export interface Results {
  surroundings: Surroundings
  /** Of the tables: the largest of all sizes that were run. */
  documentsCount: number
  rounds: number
  leftOut: LeftOut[]
  rows: Row[]
  columns: Column[]
  samples: Sample[]
  /** Absent of a run of one size. */
  slopes?: Slope[]
  failures: string[]
}

/** An engine that is not run, and why. */
export interface LeftOut {
  engine: string
  reason: string
}

/** How the cost of a workload grows with the number of documents: as its power `slope`, fitted to the points. */
export interface Slope {
  engine: string
  workload: string
  points: Point[]
  slope: number
}

/** Cost at a number of documents: for `ops/s` nanoseconds of an operation, else the unit of the workload. */
export interface Point {
  documentsCount: number
  cost: number
}

/** Which engine is held against which: pairs that promise about the same. */
export const COMPARISONS: [string, string][] = [
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
  ['quire-lazy', 'lmdb-nosync'],
  ['small-quire', 'quire-process'],
  ['small-quire', 'lmdb-nosync'],
  ['small-quire', 'small-sqlite'],
  ['small-quire', 'small-level']
]

/** A figure with its unit, but for `ops/s`, which tables leave away. */
export function figure(value: number, unit: Unit): string {
  return unit === 'ops/s' ? Math.round(value).toLocaleString('en') : `${value.toFixed(unit === 'x' ? 2 : 1)} ${unit}`
}

/** The middle of a list, or the mean of its two middles; undefined of an empty one. */
export function median(list: readonly number[]): number | undefined {
  if (list.length === 0) return undefined
  const sorted = [...list].sort((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] as number
  const lower = sorted[(sorted.length - 1) >> 1] as number
  return (upper + lower) / 2
}

/** The figures of one engine in one workload. */
export function valuesOf(samples: Sample[], engine: string, workload: string): number[] {
  return samples.filter(sample => sample.engine === engine && sample.workload === workload).map(({ value }) => value)
}

/** Half the distance from the least to the greatest, as a share of the median; 0 where that is nought. */
export function spread(list: readonly number[]): number {
  const middle = median(list)
  return middle ? (Math.max(...list) - Math.min(...list)) / 2 / Math.abs(middle) : 0
}

/**
 * How many times better the first of two engines was in each round of a workload; above 1 it is ahead. Rounds in which one
 * of them has no figure above nought have no ratio: memory may shrink while it is measured.
 */
export function ratiosOf(
  samples: Sample[],
  [own, peer]: readonly [string, string],
  workload: string,
  unit: Unit
): number[] {
  return samples
    .filter(sample => sample.engine === own && sample.workload === workload)
    .flatMap(({ round, value }) => {
      const other = samples.find(
        sample => sample.engine === peer && sample.workload === workload && sample.round === round
      )
      if (other === undefined || !(value > 0 && other.value > 0)) return []
      return unit === 'ops/s' ? value / other.value : other.value / value
    })
}

/** The exponent of growth: the slope of the straight line by least squares through logarithms. Undefined of one point. */
export function fitSlope(points: readonly Point[]): number | undefined {
  const logs = points.map(({ documentsCount, cost }) => ({ x: Math.log(documentsCount), y: Math.log(cost) }))
  const meanX = logs.reduce((sum, { x }) => sum + x, 0) / logs.length
  const meanY = logs.reduce((sum, { y }) => sum + y, 0) / logs.length
  const squares = logs.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  if (!(squares > 0)) return undefined
  return logs.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / squares
}

/** The growth of each engine's cost in each workload that has figures above nought at two sizes or more. */
export function slopesOf(samples: Sample[], rows: readonly Row[], columns: readonly Column[]): Slope[] {
  const sizes = [...new Set(samples.map(({ documentsCount }) => documentsCount))].sort((a, b) => a - b)
  return columns.flatMap(({ key: workload, unit }) =>
    rows.flatMap(({ key: engine }) => {
      const points = sizes.flatMap(documentsCount => {
        const own = samples.filter(sample => sample.documentsCount === documentsCount)
        const middle = median(valuesOf(own, engine, workload))
        return middle === undefined || !(middle > 0)
          ? []
          : [{ documentsCount, cost: unit === 'ops/s' ? 1e9 / middle : middle }]
      })
      const slope = fitSlope(points)
      return slope === undefined ? [] : [{ engine, workload, points, slope }]
    })
  )
}
