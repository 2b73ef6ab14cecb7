// Aggregation pipelines before they run: which stages the engine runs, and which the package `mingo` does.
//
// The engine runs all stages but those named here; from the first of these on, documents stream through mingo.
// Promises: mingo is loaded when the first pipeline needs it; no code is run that stands in a pipeline; its errors
// are QuireErrors. Leaves to others: running the engine's part, and what is written at the end (aggregation.ts).

import { createRequire } from 'node:module'
import type * as Mingo from 'mingo'
import { invalidArgument, QuireError } from './errors.ts'

/** One stage of a pipeline: an object of one field, its name. */
export type PipelineStage = { readonly [name: `$${string}`]: unknown }

/** The stages that the engine leaves to mingo. */
const MINGO_STAGES: ReadonlySet<string> = new Set(['$densify', '$fill', '$setWindowFields'])
/** The stages that write, which are the engine's. */
const OUTPUT_STAGES: ReadonlySet<string> = new Set(['$merge', '$out'])

/** Operators that run code, which mingo would do. */
const CODE_OPERATORS: ReadonlySet<string> = new Set(['$accumulator', '$function', '$where'])

/** A pipeline in its three parts. @internal */
export interface SplitPipeline {
  /** What the engine runs. */
  readonly first: readonly object[]
  /** What mingo runs behind it. */
  readonly rest: readonly PipelineStage[]
  /** The stage that writes what mingo gives. */
  readonly output?: PipelineStage
}

/**
 * Parts a pipeline.
 * @throws QuireError `INVALID_ARGUMENT` when it is no array, `INVALID_PIPELINE` for code in what mingo runs
 * @internal
 */
export function splitPipeline(pipeline: readonly PipelineStage[]): SplitPipeline {
  if (!Array.isArray(pipeline)) throw invalidArgument('aggregate takes an array of stages')
  const at = pipeline.findIndex(needsMingo)
  if (at < 0) return { first: pipeline, rest: [] }
  const first = pipeline.slice(0, at)
  refuseCode(pipeline.slice(at))
  const last = pipeline.at(-1) as PipelineStage
  if (!OUTPUT_STAGES.has(nameOf(last))) return { first, rest: pipeline.slice(at) }
  return { first, rest: pipeline.slice(at, -1), output: last }
}

function nameOf(stage: unknown): string {
  return typeof stage === 'object' && stage !== null ? (Object.keys(stage)[0] ?? '') : ''
}

/** True when the engine does not run the stage, or one in it. */
function needsMingo(stage: unknown): boolean {
  const name = nameOf(stage)
  if (MINGO_STAGES.has(name)) return true
  const operand = (stage as Record<string, unknown> | null)?.[name]
  if (typeof operand !== 'object' || operand === null) return false
  const inner = name === '$facet' ? Object.values(operand) : [(operand as { pipeline?: unknown }).pipeline]
  const hasInner = name === '$facet' || name === '$lookup' || name === '$unionWith'
  return hasInner && inner.some(pipeline => Array.isArray(pipeline) && pipeline.some(needsMingo))
}

/** Refuses operators that run code; the engine does so in its own stages. */
function refuseCode(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (CODE_OPERATORS.has(key)) {
      throw new QuireError('INVALID_PIPELINE', `${key} is refused: there is no code in pipelines`)
    }
    if (key !== '$literal') refuseCode(inner)
  }
}

let loaded: typeof Mingo | undefined

/**
 * Streams documents through stages; errors are thrown where the results are asked for.
 *
 * @param documentsOf the documents of another collection
 * @throws QuireError `INVALID_PIPELINE`
 * @internal
 */
export function* throughMingo(
  documents: Iterable<object>,
  stages: readonly PipelineStage[],
  documentsOf: (collection: string) => object[]
): Generator<object, undefined> {
  loaded ??= createRequire(import.meta.url)('mingo') as typeof Mingo
  const options = { collectionResolver: documentsOf as (name: string) => Record<string, unknown>[] }
  try {
    const aggregator = new loaded.Aggregator(stages as unknown as Record<string, unknown>[], options)
    yield* aggregator.stream(documents as Iterable<Record<string, unknown>>) as Iterable<object>
  } catch (error) {
    if (error instanceof QuireError) throw error
    throw new QuireError('INVALID_PIPELINE', `the pipeline fails: ${(error as Error).message}`, { cause: error })
  }
  return undefined
}
