// Several steps on the keys of stores that happen together or not at all.
//
// By itself a batch is a transaction of its own, which is rolled back after an error. In somebody's transaction it is
// a part of that one, so what its steps did is undone there before the error goes on. Leaves to others: what each step
// does (kv.ts), transactions (transaction.ts).

import { invalidArgument, QuireError } from './errors.ts'
import type { Kv } from './kv.ts'
import type { KvDocument, KvOperation, KvResult, KvVersion } from './kv-types.ts'

/** A step and the store that it works on. */
export interface BatchStep<V> {
  readonly kv: Kv<V>
  readonly step: KvOperation<V>
}

/**
 * Does the steps in order; their caller forgets everything after an error.
 * @throws QuireError `CONFLICT`, `INVALID_ARGUMENT`, and those of each step
 */
export function runSteps<V>(steps: readonly BatchStep<V>[]): KvResult<V>[] {
  return steps.map(({ kv, step }) => runStep(kv, step))
}

/**
 * As `runSteps`; after an error every key is again as it was.
 * @throws QuireError as `runSteps`
 */
export function runStepsOrUndo<V>(steps: readonly BatchStep<V>[]): KvResult<V>[] {
  const undos: { readonly kv: Kv<V>; readonly key: string; readonly before: KvDocument | undefined }[] = []
  try {
    return steps.map(({ kv, step }) => {
      if (isWrite(step)) undos.push({ kv, key: step.key, before: kv.stored(step.key) })
      return runStep(kv, step)
    })
  } catch (error) {
    for (const { kv, key, before } of undos.reverse()) kv.restore(key, before)
    throw error
  }
}

/**
 * Refuses what is no list of steps.
 * @throws QuireError `INVALID_ARGUMENT`
 */
export function checkSteps<V>(operations: readonly KvOperation<V>[]): readonly KvOperation<V>[] {
  const isList = Array.isArray(operations) && operations.every(step => typeof step === 'object' && step !== null)
  if (!isList) throw invalidArgument("batch takes an array of steps, such as { op: 'set', key: 'a', value: 1 }")
  return operations
}

function isWrite<V>({ op }: KvOperation<V>): boolean {
  return op === 'set' || op === 'delete' || op === 'increment'
}

function runStep<V>(kv: Kv<V>, step: KvOperation<V>): KvResult<V> {
  switch (step.op) {
    case 'set':
      return kv.set(step.key, step.value, lifetimeOf(step))
    case 'delete':
      return kv.delete(step.key)
    case 'increment':
      return kv.increment(step.key, step.by, lifetimeOf(step))
    case 'get':
      return kv.get(step.key)
    case 'check':
      return checkVersionOf(kv, step.key, step.version)
    default:
      throw invalidArgument(
        `a step of a batch has the op set, delete, increment, get or check, not ${String((step as { op: unknown }).op)}`
      )
  }
}

/** What a step says about the life of its entry. */
export function lifetimeOf(step: object): { ttl?: number; expires?: Date | null } | undefined {
  const { ttl, expires } = step as { ttl?: number; expires?: Date | null }
  if (ttl === undefined && expires === undefined) return undefined
  return { ...(ttl === undefined ? {} : { ttl }), ...(expires === undefined ? {} : { expires }) }
}

function checkVersionOf<V>(kv: Kv<V>, key: string, version: KvVersion | null): KvVersion | null {
  const found = kv.getEntry(key)?.version ?? null
  if (found === version) return found
  if (version !== null && typeof version !== 'number')
    throw invalidArgument(`the version of a check is a number or null, not ${typeof version}`)
  const [is, wanted] = [found, version].map(one => (one === null ? 'no entry' : `version ${one}`))
  throw new QuireError('CONFLICT', `key ${key} of store ${kv.name} has ${is}, and the batch asks for ${wanted}`)
}
