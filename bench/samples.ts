// The figures that rounds leave, and what is computed from them: medians, spreads, ratios within rounds.
// A ratio is taken within a round, of figures measured seconds apart, because the machine changes from hour to hour.
// Leaves to others: tables on a terminal (report.ts), the page (page.ts), the comparison with a baseline (baseline.ts).

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

/** The figures of one engine in one workload. */
export function valuesOf(samples: Sample[], engine: string, workload: string): number[] {
  return samples.filter(sample => sample.engine === engine && sample.workload === workload).map(({ value }) => value)
}

/** Half the distance from the least to the greatest, as a share of the median. */
export function spread(list: readonly number[]): number {
  const middle = median(list)
  return middle === undefined ? 0 : (Math.max(...list) - Math.min(...list)) / 2 / middle
}

/** How many times better the first of two engines was in each round of a workload; above 1 it is ahead. */
export function ratiosOf(
  samples: Sample[],
  [own, peer]: readonly [string, string],
  workload: string,
  unit: Column['unit']
): number[] {
  return samples
    .filter(sample => sample.engine === own && sample.workload === workload)
    .flatMap(({ round, value }) => {
      const other = samples.find(
        sample => sample.engine === peer && sample.workload === workload && sample.round === round
      )
      if (other === undefined) return []
      return unit === 'ops/s' ? value / other.value : other.value / value
    })
}
