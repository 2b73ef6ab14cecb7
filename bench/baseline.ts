// The regression guard's judgement: ratios of one run held against those of the committed baseline.
// Ratios and not figures, because they alone hold from machine to machine and from hour to hour; each row states how much
// of its ratio may be lost before that counts as worse, so that noise does not.
// Leaves to others: measuring, files, printing (guard.ts).

/** A ratio: how many times QuireDB was ahead of a peer in a workload. */
export interface Ratio {
  workload: string
  over: string
  ratio: number
}

/** A ratio that was committed. */
export interface BaselineRow extends Ratio {
  /** The share of the ratio that may be lost: 0.4 accepts 60 % of it. Range: 0 to 1, exclusive. */
  tolerance: number
}

/** What bench/baseline.json holds. */
export interface Baseline {
  /** What the ratios were measured on, and how; for who reads it. */
  documentsCount: number
  rounds: number
  processor: string
  node: string
  rows: BaselineRow[]
}

/** A row of the baseline and what the run found of it. */
export interface Verdict extends BaselineRow {
  /** The ratio of this run; undefined when it was not measured. */
  now: number | undefined
  /** What it has to be at least. */
  least: number
  /** `better`: the baseline has fallen behind by as much as it accepts, and should be taken anew. */
  judgement: 'as before' | 'better' | 'worse' | 'not measured'
}

/** The share that a row of a new baseline may lose. */
export const TOLERANCE = 0.4

const isSame = (one: Ratio, other: Ratio) => one.workload === other.workload && one.over === other.over

function judgementOf({ ratio, tolerance }: BaselineRow, now: number | undefined): Verdict['judgement'] {
  if (now === undefined || !Number.isFinite(now)) return 'not measured'
  if (now < ratio * (1 - tolerance)) return 'worse'
  return now > ratio / (1 - tolerance) ? 'better' : 'as before'
}

/** Judges every row of the baseline; ratios that it has no row for are left alone. */
export function judge(rows: readonly BaselineRow[], measured: readonly Ratio[]): Verdict[] {
  return rows.map(row => {
    const now = measured.find(ratio => isSame(ratio, row))?.ratio
    return { ...row, now, least: row.ratio * (1 - row.tolerance), judgement: judgementOf(row, now) }
  })
}

/** Whether a verdict ends the guard with failure: a row that is not measured can hide any loss. */
export function isFailure({ judgement }: Verdict): boolean {
  return judgement === 'worse' || judgement === 'not measured'
}

/** The rows of a new baseline: the measured ratios, each with the tolerance that its row of the old one stated. */
export function renewed(old: readonly BaselineRow[], measured: readonly Ratio[]): BaselineRow[] {
  return measured.map(ratio => ({
    workload: ratio.workload,
    over: ratio.over,
    ratio: Number(ratio.ratio.toPrecision(3)),
    tolerance: old.find(row => isSame(row, ratio))?.tolerance ?? TOLERANCE
  }))
}
