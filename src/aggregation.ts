// The results of aggregation pipelines, as cursors.
//
// Promises: nothing runs before the first result is asked for; all collections that the engine's stages read are seen
// at one moment; `$out` and `$merge` write all results or none. Leaves to others: which stages are the engine's
// (pipeline.ts), batches (batches.ts), what stages mean (the engine).

import { AsyncBatches, Batches, type BatchSource } from './batches.ts'
import { runCommand, runCommandAsync } from './commands.ts'
import type { Document } from './document.ts'
import { checkOptions } from './filters.ts'
import type { Hint } from './index-types.ts'
import { type PipelineStage, type SplitPipeline, splitPipeline, throughMingo } from './pipeline.ts'

/** Options of `aggregate`. */
export interface AggregateOptions {
  /** The index that the first stages use, by its name or fields; `{ $natural: 1 }` uses none. */
  readonly hint?: Hint
}

const AGGREGATE_OPTIONS = ['hint'] as const satisfies readonly (keyof AggregateOptions)[]

/** How a pipeline runs. */
export interface AggregateExplanation {
  /** The engine's stages, in the order in which they run. */
  readonly stages: readonly string[]
  /** How many of the first ones the collection's cursor does, so that indexes serve them. */
  readonly pushed: number
  /** How the cursor does them, in the shape of MongoDB's `explain`; it is run for that. Absent without a collection. */
  readonly cursor?: Document
  /** The stages that run in JavaScript behind them. */
  readonly javascript: readonly string[]
}

/** What asks for the documents of a collection in the moment that a pipeline sees. */
function allOf(collection: string): object {
  return { op: 'aggregate', pipeline: [{ $match: { $alwaysFalse: 1 } }, { $unionWith: collection }] }
}

/** What writes documents that JavaScript made. */
function writing(documents: readonly object[], output: PipelineStage): object {
  return { op: 'aggregate', pipeline: [{ $documents: { $literal: documents } }, output] }
}

/** What the engine runs of a pipeline. @throws QuireError `INVALID_ARGUMENT`, naming an option that is not known */
function running({ first }: SplitPipeline, options: AggregateOptions | undefined): object {
  checkOptions(options, AGGREGATE_OPTIONS, 'aggregate')
  return { op: 'aggregate', pipeline: first, ...options }
}

function explaining({ rest, output }: SplitPipeline, command: object) {
  const names = [...rest, ...(output === undefined ? [] : [output])].map(stage => Object.keys(stage)[0] ?? '')
  return {
    command: { ...command, op: 'explainAggregate' },
    durability: 0,
    read: (reply: object) => ({ ...reply, javascript: names }) as unknown as AggregateExplanation
  }
}

/**
 * The results of a pipeline. Iterate it (`for … of`, `for await … of`), or call `toArray`.
 *
 * Errors of every method that reads: `INVALID_PIPELINE`, `INVALID_EXPRESSION`, `INVALID_FILTER`, `INVALID_SORT`,
 * `LIMIT_EXCEEDED` when a stage would hold more than 100 MiB, `CLOSED`, `SNAPSHOT_TOO_OLD`, `CONFLICT`, `CORRUPTED`,
 * `IO`; where the pipeline writes also those of writing.
 */
export class AggregationCursor<R extends object> implements Iterable<R>, AsyncIterable<R>, Disposable {
  readonly #source: BatchSource
  readonly #split: SplitPipeline
  readonly #command: object
  readonly #batches: Batches
  #results: Iterator<object, undefined> | undefined
  #isClosed = false

  /** @internal */
  constructor(source: BatchSource, pipeline: readonly PipelineStage[], options?: AggregateOptions) {
    this.#source = source
    this.#split = splitPipeline(pipeline)
    this.#command = running(this.#split, options)
    this.#batches = new Batches(source, this.#command)
  }

  /** The next result; null when there are no more. */
  next(): R | null {
    if (this.#isClosed) return null
    this.#results ??= this.#run()
    const { done, value } = this.#results.next()
    if (done !== true) return value as R
    this.close()
    return null
  }

  /** All results that are left. */
  toArray(): R[] {
    this.#batches.wantAll()
    return [...this]
  }

  /** Calls `visit` with every result that is left, in order. */
  forEach(visit: (result: R) => void): void {
    for (const result of this) visit(result)
  }

  /** Iterates over the results that are left; leaving the loop closes the cursor. */
  *[Symbol.iterator](): Generator<R, undefined> {
    try {
      for (let result = this.next(); result !== null; result = this.next()) yield result
    } finally {
      this.close()
    }
    return undefined
  }

  /** As iterating, for `for await`; the results are worked out in the calling thread (see `collection.async`). */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, undefined> {
    yield* this[Symbol.iterator]()
    return undefined
  }

  /** How the pipeline runs; nothing but its first stages is run for that. */
  explain(): AggregateExplanation {
    return runCommand(this.#source.handle, explaining(this.#split, this.#command))
  }

  /** True when there is nothing more to come. */
  get closed(): boolean {
    return this.#isClosed
  }

  /** Gives up the results that are left. */
  close(): void {
    this.#isClosed = true
    this.#batches.close()
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  #run(): Iterator<object, undefined> {
    const { rest, output } = this.#split
    const documents = this.#documents()
    if (rest.length === 0) return documents
    const results = throughMingo(documents, rest, name => this.#ask(allOf(name)))
    if (output === undefined) return results
    return this.#ask(writing([...results], output))[Symbol.iterator]() as Iterator<object, undefined>
  }

  *#documents(): Generator<object, undefined> {
    for (let batch = this.#batches.next(); batch.length > 0; batch = this.#batches.next()) yield* batch
    return undefined
  }

  #ask(command: object): object[] {
    const batches = new Batches(this.#source, command)
    const all: object[] = []
    for (let batch = batches.next(); batch.length > 0; batch = batches.next()) {
      for (const document of batch) all.push(document)
    }
    return all
  }
}

/**
 * The results of a pipeline, worked out off the event loop; stages that run in JavaScript run on it. Iterate it with
 * `for await`, or call `toArray`. Errors are those of `AggregationCursor`.
 */
export class AsyncAggregationCursor<R extends object> implements AsyncIterable<R>, AsyncDisposable {
  readonly #source: BatchSource
  readonly #split: SplitPipeline
  readonly #command: object
  readonly #batches: AsyncBatches
  #results: AsyncGenerator<object, undefined> | undefined
  #isClosed = false

  /** @internal */
  constructor(source: BatchSource, pipeline: readonly PipelineStage[], options?: AggregateOptions) {
    this.#source = source
    this.#split = splitPipeline(pipeline)
    this.#command = running(this.#split, options)
    this.#batches = new AsyncBatches(source, this.#command)
  }

  /** The next result; null when there are no more. */
  async next(): Promise<R | null> {
    if (this.#isClosed) return null
    // A generator answers calls one after the other, so one batch is under way at a time.
    this.#results ??= this.#run()
    const { done, value } = await this.#results.next()
    if (done !== true) return value as R
    this.#end()
    return null
  }

  /** All results that are left. */
  async toArray(): Promise<R[]> {
    const all: R[] = []
    for await (const result of this) all.push(result)
    return all
  }

  /** Calls `visit` with every result that is left, in order, waiting for what it returns. */
  async forEach(visit: (result: R) => unknown): Promise<void> {
    for await (const result of this) await visit(result)
  }

  /** Iterates over the results that are left; leaving the loop closes the cursor. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, undefined> {
    try {
      for (let result = await this.next(); result !== null; result = await this.next()) yield result
    } finally {
      await this.close()
    }
    return undefined
  }

  /** How the pipeline runs; nothing but its first stages is run for that. */
  explain(): Promise<AggregateExplanation> {
    return runCommandAsync(this.#source.handle, explaining(this.#split, this.#command))
  }

  /** True when there is nothing more to come. */
  get closed(): boolean {
    return this.#isClosed
  }

  /** Gives up the results that are left. */
  async close(): Promise<void> {
    this.#isClosed = true
    // A batch under way ends first.
    await this.#results?.return(undefined)
    this.#end()
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #end(): void {
    this.#isClosed = true
    this.#batches.close()
  }

  async *#run(): AsyncGenerator<object, undefined> {
    const { rest, output } = this.#split
    if (rest.length === 0) {
      for (let batch = await this.#batches.next(); batch.length > 0; batch = await this.#batches.next()) yield* batch
      return undefined
    }
    const documents = await all(this.#batches)
    const others = new Map<string, object[]>()
    for (const name of collectionsOf(rest)) others.set(name, await all(new AsyncBatches(this.#source, allOf(name))))
    const results = throughMingo(documents, rest, name => others.get(name) ?? [])
    if (output === undefined) yield* results
    else yield* await all(new AsyncBatches(this.#source, writing([...results], output)))
    return undefined
  }
}

async function all(batches: AsyncBatches): Promise<object[]> {
  const documents: object[] = []
  for (let batch = await batches.next(); batch.length > 0; batch = await batches.next()) {
    for (const document of batch) documents.push(document)
  }
  return documents
}

/** The collections that stages name, at any depth: more than are read is only slower. */
function collectionsOf(value: unknown, names: Set<string> = new Set()): Set<string> {
  if (typeof value !== 'object' || value === null) return names
  for (const [key, inner] of Object.entries(value)) {
    const isName = (key === 'from' || key === 'coll' || key === '$unionWith') && typeof inner === 'string'
    if (isName) names.add(inner)
    else collectionsOf(inner, names)
  }
  return names
}
