// What a query asks for besides its filter, and how it is sent.
//
// Promises: a query that asks for nothing but a filter, a skip and a limit is no command and is encoded as before; the
// fields of a sort order keep their order. Leaves to others: sending (cursor.ts, async-cursor.ts, requests.ts), what
// all of it means (the engine).

import type { Document, WithId } from './document.ts'
import { QuireError } from './errors.ts'
import { readFilter } from './filters.ts'
import type { Hint } from './index-types.ts'
import { countArgument } from './options.ts'
import type { Projection, Sort } from './projection-types.ts'

/** Stands for "no limit" in native calls. @internal */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** Options of `find`. */
export interface FindOptions<T extends object = Document> {
  /** The fields that are wanted, or not; whole documents by default. */
  readonly projection?: Projection<WithId<T>>
  /** The order; any by default. Without an index that gives it, sorting holds at most 100 MiB. */
  readonly sort?: Sort<WithId<T>>
  /** Matching documents to pass over. */
  readonly skip?: number
  /** Most documents to give. */
  readonly limit?: number
  /** The index to use, by its name or fields; `{ $natural: 1 }` uses none. */
  readonly hint?: Hint
}

/** Options of `findOne`. */
export type FindOneOptions<T extends object = Document> = Omit<FindOptions<T>, 'limit'>

/** Options of `countDocuments`. */
export type CountOptions = Pick<FindOptions, 'skip' | 'limit' | 'hint'>

/** Options of `distinct`. */
export type DistinctOptions = Pick<FindOptions, 'hint'>

/** The names of the options. @internal */
export const FIND_OPTIONS = ['projection', 'sort', 'skip', 'limit', 'hint']
/** @internal */
export const FIND_ONE_OPTIONS = ['projection', 'sort', 'skip', 'hint']
/** @internal */
export const COUNT_OPTIONS = ['skip', 'limit', 'hint']
/** @internal */
export const DISTINCT_OPTIONS = ['hint']

/** How a query is done, and what it read: `explain`. */
export interface Explanation {
  readonly queryPlanner: {
    /** The collection. */
    readonly namespace: string
    /** The stages of the plan that was chosen, each with the one before it as its input. */
    readonly winningPlan: ExplainedStage
    /** The plans that were not, with what they would cost, in documents read in passing. */
    readonly rejectedPlans: readonly { readonly plan: string; readonly cost: number }[]
  }
  readonly executionStats: {
    readonly executionSuccess: boolean
    readonly nReturned: number
    readonly executionTimeMillis: number
    /** Entries of indexes that were read. */
    readonly totalKeysExamined: number
    /** Documents that were read. */
    readonly totalDocsExamined: number
  }
}

/** One stage of a plan. */
export interface ExplainedStage {
  /**
   * COLLSCAN, IXSCAN, IDHACK, FETCH, OR, SORT, SKIP, LIMIT, PROJECTION, PROJECTION_COVERED (entries of an index
   * answer, as far as they tell the values) or EOF.
   */
  readonly stage: string
  readonly inputStage?: ExplainedStage
  readonly inputStages?: readonly ExplainedStage[]
  readonly indexName?: string
  /** For each field of the index the ranges of keys that are read. */
  readonly indexBounds?: { readonly [path: string]: readonly string[] }
  readonly [detail: string]: unknown
}

/** What a cursor asks for; the fields change until it is first read. @internal */
export class Query {
  readonly filter: object
  skip: number
  limit: number
  projection: object | undefined
  sort: object | undefined
  hint: Hint | undefined

  constructor(filter: object, options: FindOptions<never> | undefined) {
    this.filter = readFilter(filter)
    this.skip = countArgument('skip', options?.skip ?? 0)
    this.limit = options?.limit === undefined ? NO_LIMIT : countArgument('limit', options.limit)
    this.projection = options?.projection
    this.sort = options?.sort === undefined ? undefined : sortOrder(options.sort)
    this.hint = options?.hint
  }

  /** Whether it is no more than a filter, a skip and a limit. */
  get isPlain(): boolean {
    return this.projection === undefined && this.sort === undefined && this.hint === undefined
  }

  /**
   * The command `op` that asks for it.
   * @throws QuireError `INVALID_PROJECTION` for an array of paths
   */
  command(op: string): { readonly op: string; readonly [field: string]: unknown } {
    const { filter, projection, sort, skip, hint } = this
    checkProjection(projection)
    const limit = this.limit === NO_LIMIT ? undefined : this.limit
    return { op, filter, projection, sort, skip, limit, hint }
  }
}

/**
 * Refuses a list of paths, which other databases take.
 * @throws QuireError `INVALID_PROJECTION`
 * @internal
 */
export function checkProjection(projection: unknown): void {
  if (Array.isArray(projection)) {
    throw new QuireError('INVALID_PROJECTION', 'a projection is an object such as { name: 1 }, not an array of paths')
  }
}

const DIRECTIONS: { readonly [word: string]: 1 | -1 } = {
  asc: 1,
  ascending: 1,
  desc: -1,
  descending: -1
}

/**
 * A sort order as the engine takes it: paths with 1 or -1, in order. Other directions are left for it to refuse.
 * @throws QuireError `INVALID_SORT` for what is no sort order
 * @internal
 */
export function sortOrder(sort: unknown): object {
  if (typeof sort === 'string') return { [sort]: 1 }
  if (typeof sort !== 'object' || sort === null) {
    throw new QuireError('INVALID_SORT', `a sort order is a path or an object of paths, not ${String(sort)}`)
  }
  const entries: unknown = Array.isArray(sort) || sort instanceof Map ? [...sort] : Object.entries(sort)
  // A Map, because an object would put names that are numbers first.
  const order = new Map<string, unknown>()
  for (const entry of entries as unknown[]) {
    const [path, direction] = Array.isArray(entry) ? entry : [undefined]
    if (typeof path !== 'string') {
      throw new QuireError(
        'INVALID_SORT',
        'each part of a sort order is a path with its direction, such as ["age", -1]'
      )
    }
    order.set(path, DIRECTIONS[direction as string] ?? direction)
  }
  return order
}
