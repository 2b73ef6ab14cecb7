// A key-value store against a Map: random verbs, batches and transactions, with a clock that goes on.
//
// The long form: QUIRE_CASES=5000 npx vitest run test/property/kv; a case is a store and up to 60 steps. Promises: after
// every step the store has what the Map has, in the order of bytes, whatever came to its end meanwhile and whether it
// was taken away or not. Leaves to others: refusals and single verbs (test/unit/kv.test.ts).

import { deepStrictEqual } from 'node:assert'
import fc, { type Arbitrary } from 'fast-check'
import { type Database, type Kv, type KvOperation, open, QuireError } from 'quiredb'
import { onTestFinished, test, vi } from 'vitest'
import { casesCount, patienceMs, SEED } from './cases.ts'

const CASES = casesCount(150)

type Value = number | string | Uint8Array | null | { deep: number }

interface Held {
  value: Value
  version: number
  end: number
}

/** The store as it should be. */
type Model = Map<string, Held>

const key = fc.constantFrom('a', 'ab', 'abc', 'b', 'é', '\u{1F600}', '\uE000', '\0', '/', 'a\0')
const value: Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom('', 'text', null),
  fc.uint8Array({ maxLength: 4 }),
  fc.record({ deep: fc.integer() }, { noNullPrototype: true })
)
/** Milliseconds that an entry lives; 0 for ever. */
const ttl = fc.constantFrom(0, 0, 50, 200)
const edit = fc.oneof(
  fc.record({ op: fc.constant('set' as const), key, value, ttl }),
  fc.record({ op: fc.constant('delete' as const), key }),
  fc.record({ op: fc.constant('increment' as const), key, ttl }),
  fc.record({ op: fc.constant('check' as const), key, isRight: fc.boolean() }),
  fc.record({ op: fc.constant('get' as const), key })
)
const step = fc.oneof(
  { weight: 6, arbitrary: edit },
  fc.record({ op: fc.constant('setIfAbsent' as const), key, value, ttl }),
  fc.record({ op: fc.constant('compareAndSet' as const), key, value, isRight: fc.boolean() }),
  fc.record({ op: fc.constant('expire' as const), key, ttl }),
  fc.record({ op: fc.constant('deleteAll' as const), prefix: fc.constantFrom('', 'a', 'ab', '\u{1F600}') }),
  fc.record({
    op: fc.constant('batch' as const),
    edits: fc.array(edit, { maxLength: 5 }),
    inTransaction: fc.boolean()
  }),
  fc.record({ op: fc.constant('wait' as const), ms: fc.constantFrom(1, 50, 120) }),
  fc.record({ op: fc.constant('sweep' as const) })
)
type Edit = typeof edit extends Arbitrary<infer E> ? E : never
type Step = typeof step extends Arbitrary<infer S> ? S : never

function alive(model: Model, name: string): Held | undefined {
  const held = model.get(name)
  return held !== undefined && held.end > Date.now() ? held : undefined
}

function lifetime(ms: number): { ttl?: number } {
  return ms === 0 ? {} : { ttl: ms }
}

function endOf(ms: number): number {
  return ms === 0 ? Number.POSITIVE_INFINITY : Date.now() + ms
}

function operationOf(model: Model, edit: Edit): KvOperation<Value> {
  if (edit.op === 'check') {
    const version = alive(model, edit.key)?.version ?? null
    return { op: 'check', key: edit.key, version: edit.isRight ? version : -1 }
  }
  if (edit.op === 'set') return { op: 'set', key: edit.key, value: edit.value, ...lifetime(edit.ttl) }
  if (edit.op === 'increment') return { op: 'increment', key: edit.key, ...lifetime(edit.ttl) }
  return edit
}

/** What an edit does to the model; throws where the store has to refuse it. */
function follow(kv: Kv<Value>, model: Model, edit: Edit): void {
  const { op, key } = edit
  const held = alive(model, key)
  if (op === 'check' && !edit.isRight) throw new Error('refused')
  if (op === 'increment' && held !== undefined && typeof held.value !== 'number') throw new Error('refused')
  const version = kv.getEntry(key)?.version ?? Number.NaN
  if (op === 'set') model.set(key, { value: edit.value, version, end: endOf(edit.ttl) })
  if (op === 'delete') model.delete(key)
  if (op === 'increment') {
    model.set(key, {
      value: ((held?.value as number | undefined) ?? 0) + 1,
      version,
      end: held === undefined ? endOf(edit.ttl) : held.end
    })
  }
}

/** Whether a batch is refused; a transaction that has to be run again is not. */
function refuses(call: () => unknown): boolean {
  try {
    call()
    return false
  } catch (error) {
    if (!(error instanceof QuireError) || error.message.includes('run the transaction again')) throw error
    return true
  }
}

/** Does edits in one batch to both; the model is as before when the store refuses. */
function batch(database: Database, kv: Kv<Value>, model: Model, edits: readonly Edit[], inTransaction: boolean): void {
  const operations = edits.map(edit => operationOf(model, edit))
  // A check inside a batch sees what the steps before it did, which gave versions that nobody knows here.
  const isTouched = edits.some(
    ({ op, key }, at) => op === 'check' && edits.slice(0, at).some(before => before.key === key)
  )
  if (isTouched) return
  const copy: Model = new Map([...model].map(([name, held]) => [name, { ...held }]))
  const work = () => refuses(() => kv.batch(operations))
  // In a transaction that goes on, what a refused batch did has to be undone.
  const inside = () => database.transaction(tx => refuses(() => tx.kv<Value>('s').batch(operations)))
  const isRefused = inTransaction ? inside() : work()
  try {
    for (const edit of edits) follow(kv, copy, edit)
    deepStrictEqual(isRefused, false)
    for (const [name, held] of copy) model.set(name, held)
    for (const name of model.keys()) if (!copy.has(name)) model.delete(name)
  } catch (error) {
    if (!(error instanceof Error && error.message === 'refused')) throw error
    deepStrictEqual(isRefused, true)
  }
}

function take(database: Database, kv: Kv<Value>, model: Model, step: Step): void {
  switch (step.op) {
    case 'wait':
      vi.setSystemTime(Date.now() + step.ms)
      return
    case 'sweep':
      // The engine's clock is an hour ahead, so it takes away whatever has an end; the model follows.
      database.expireDocuments()
      for (const [name, { end }] of model) if (end !== Number.POSITIVE_INFINITY) model.delete(name)
      return
    case 'setIfAbsent': {
      const isFree = alive(model, step.key) === undefined
      const version = kv.setIfAbsent(step.key, step.value, lifetime(step.ttl))
      deepStrictEqual(version !== undefined, isFree)
      if (version !== undefined) model.set(step.key, { value: step.value, version, end: endOf(step.ttl) })
      return
    }
    case 'compareAndSet': {
      const expected = step.isRight ? (alive(model, step.key)?.version ?? null) : -1
      const version = kv.compareAndSet(step.key, expected, step.value)
      deepStrictEqual(version !== undefined, step.isRight)
      if (version !== undefined) model.set(step.key, { value: step.value, version, end: endOf(0) })
      return
    }
    case 'expire': {
      const held = alive(model, step.key)
      deepStrictEqual(kv.expire(step.key, step.ttl === 0 ? { expires: null } : { ttl: step.ttl }), held !== undefined)
      if (held !== undefined) held.end = endOf(step.ttl)
      return
    }
    case 'deleteAll': {
      const gone = [...model.keys()].filter(name => name.startsWith(step.prefix))
      const count = gone.filter(name => alive(model, name) !== undefined).length
      deepStrictEqual(kv.deleteAll(step.prefix === '' ? {} : { prefix: step.prefix }), count)
      for (const name of gone) model.delete(name)
      return
    }
    case 'batch':
      batch(database, kv, model, step.edits, step.inTransaction)
      return
    default:
      batch(database, kv, model, [step], false)
  }
}

function compare(kv: Kv<Value>, model: Model): void {
  const live = [...model.keys()].filter(name => alive(model, name) !== undefined)
  const names = live.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  deepStrictEqual(kv.keys().toArray(), names)
  deepStrictEqual(kv.keys({ reverse: true }).toArray(), [...names].reverse())
  deepStrictEqual(
    kv.values({ prefix: 'a' }).toArray(),
    names.filter(name => name.startsWith('a')).map(name => model.get(name)?.value)
  )
  deepStrictEqual(kv.count(), names.length)
  deepStrictEqual(
    kv.getMany(names),
    names.map(name => model.get(name)?.value)
  )
  for (const name of ['a', 'ab', '\u{1F600}']) {
    deepStrictEqual(kv.get(name), alive(model, name)?.value)
    deepStrictEqual(kv.getEntry(name)?.version, alive(model, name)?.version)
  }
}

test('a_store_has_what_a_map_would_have', { timeout: patienceMs(CASES) * 3 }, () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const start = Date.now() - 3_600_000
  const property = fc.property(fc.array(step, { maxLength: 60 }), steps => {
    vi.setSystemTime(start)
    using database = open(':memory:', { ttlInterval: 0 })
    const kv = database.kv<Value>('s')
    const model: Model = new Map()
    for (const one of steps) {
      take(database, kv, model, one)
      compare(kv, model)
    }
  })
  fc.assert(property, { seed: SEED, numRuns: CASES })
})
