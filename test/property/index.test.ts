// Queries with indexes against queries without: random indexes, documents, changes, filters, orders, skips and limits.
//
// The long form: QUIRE_CASES=50000 npx vitest run test/property/index; a case is one query by one plan.
// Promises: whatever indexes there are and whichever is hinted at, a query gives what it gives without any, and a
// change changes the same documents. Leaves to
// others: which order is right (order.test.ts), plans over crafted statistics (engine, tests/plans).

import fc, { type Arbitrary } from 'fast-check'
import { type Collection, type Database, type Hint, open, QuireError } from 'quiredb'
import { expect, test } from 'vitest'
import { casesCount, patienceMs, SEED, show } from './cases.ts'
import { document, documents, filter } from './documents.ts'
import { update } from './updates.ts'
import type { Fields } from './values.ts'

const CASES = casesCount(4_000)
/** Queries of one property run: filters times plans, about. */
const QUERIES_PER_RUN = 20
const DOCUMENTS_MAX = 24

type Documents = Collection<Fields & { _id: number }>

interface Index {
  readonly fields: Readonly<Record<string, 1 | -1>>
  readonly options: { readonly unique?: boolean; readonly sparse?: boolean; readonly partialFilterExpression?: Fields }
}

interface Query {
  readonly filter: Fields
  readonly sort: Readonly<Record<string, 1 | -1>>
  readonly skip: number
  readonly limit: number | undefined
}

type Step = { readonly insert: Fields } | { readonly update: Fields; readonly id: number } | { readonly remove: number }

const fields: Arbitrary<Readonly<Record<string, 1 | -1>>> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'a.b', 'a.c', 'b.a'),
  fc.constantFrom(1, -1),
  { minKeys: 1, maxKeys: 3, noNullPrototype: true }
)

const index: Arbitrary<Index> = fc.record({
  fields,
  options: fc.oneof(
    { arbitrary: fc.constant({}), weight: 5 },
    { arbitrary: fc.constantFrom({ sparse: true }, { unique: true }, { unique: true, sparse: true }), weight: 2 },
    {
      arbitrary: fc
        .constantFrom<Fields>({ a: { $exists: true } }, { a: { $gt: 0 } }, { b: { $type: 'string' } }, { c: null })
        .map(partialFilterExpression => ({ partialFilterExpression })),
      weight: 2
    }
  )
})

const query: Arbitrary<Query> = fc.record({
  filter,
  sort: fc.oneof(fields, fc.constant({})),
  skip: fc.constantFrom(0, 0, 1, 5),
  limit: fc.constantFrom(undefined, undefined, 1, 4)
})

const step: Arbitrary<Step> = fc.oneof(
  document.map(insert => ({ insert })),
  fc.tuple(update, fc.nat(DOCUMENTS_MAX)).map(([update, id]) => ({ update, id })),
  fc.nat(DOCUMENTS_MAX).map(remove => ({ remove }))
)

/** Does a step; false where it is refused. */
function take(collection: Documents, step: Step, nextId: number): boolean {
  try {
    if ('insert' in step) collection.insertOne({ ...step.insert, _id: nextId })
    else if ('remove' in step) collection.deleteOne({ _id: step.remove })
    else collection.updateOne({ _id: step.id }, step.update as never)
    return true
  } catch (error) {
    if (error instanceof QuireError) return false
    throw error
  }
}

/** The name of the index; undefined where the documents refuse it. */
function made(collection: Documents, { fields, options }: Index): string | undefined {
  try {
    return collection.createIndex(fields as never, options as never)
  } catch (error) {
    if (error instanceof QuireError) return undefined
    throw error
  }
}

/** What a projection shows of all that matches, in the order of ids; undefined where the hint cannot be followed. */
function parts(collection: Documents, { filter }: Query, path: string, hint?: Hint): object[] | undefined {
  const options = { projection: { [path]: 1 }, ...(hint === undefined ? {} : { hint }) }
  try {
    const found = collection.find(filter, options as never).toArray() as { readonly _id: number }[]
    return found.sort((one, other) => one._id - other._id)
  } catch (error) {
    if (error instanceof QuireError && hint !== undefined) return undefined
    throw error
  }
}

/** The ids that a query gives; undefined where the hint cannot be followed. */
function ids(collection: Documents, { filter, sort, skip, limit }: Query, hint?: Hint): number[] | undefined {
  // With the id as the last field no two documents are equal, so that skip and limit leave no choice.
  const options = {
    sort: { ...sort, _id: 1 },
    skip,
    ...(limit === undefined ? {} : { limit }),
    ...(hint === undefined ? {} : { hint })
  }
  try {
    return collection
      .find(filter, options as never)
      .toArray()
      .map(({ _id }) => _id as number)
  } catch (error) {
    if (error instanceof QuireError && hint !== undefined) return undefined
    throw error
  }
}

/** What changes with a hint do; they are taken back. Undefined where the hint cannot be followed. */
function changes(database: Database, name: string, { filter, sort }: Query, hint: Hint) {
  const transaction = database.begin()
  try {
    const documents = transaction.collection<Fields & { _id: number }>(name)
    const options = { sort: { ...sort, _id: 1 }, hint } as never
    const first = documents.findOneAndDelete(filter, options)?._id
    const { matchedCount } = documents.updateOne(filter, { $unset: { none: 1 } } as never, options)
    const { deletedCount } = documents.deleteMany(filter, { hint })
    const left = documents.find({}, { sort: { _id: 1 } }).toArray()
    return { first, matchedCount, deletedCount, left: left.map(({ _id }) => _id) }
  } catch (error) {
    if (error instanceof QuireError) return undefined
    throw error
  } finally {
    transaction.rollback()
  }
}

test('a_query_gives_the_same_with_every_index_and_with_none', { timeout: patienceMs(CASES) }, () => {
  const database = open(':memory:')
  let name = 0
  let followed = 0
  let hinted = 0
  const cases = fc.property(
    documents(DOCUMENTS_MAX),
    fc.array(index, { minLength: 1, maxLength: 4 }),
    fc.array(step, { maxLength: 8 }),
    fc.array(query, { minLength: 1, maxLength: 4 }),
    (all, indexes, steps, queries) => {
      const plain: Documents = database.collection(`plain${name}`)
      const indexed: Documents = database.collection(`indexed${name++}`)
      const late = indexes.slice(1)
      const names = indexes.slice(0, 1).map(index => made(indexed, index))
      const inserts = all.map(({ _id, ...insert }) => ({ insert }))
      for (const [at, step] of [...inserts, ...steps].entries()) {
        // What an index refuses is not done to the other collection either.
        if (take(indexed, step, at)) take(plain, step, at)
        if (at === inserts.length - 1) names.push(...late.map(index => made(indexed, index)))
      }
      for (const query of queries) {
        const wanted = ids(plain, query)
        for (const hint of [undefined, { $natural: 1 }, ...names] as (Hint | undefined)[]) {
          const found = ids(indexed, query, hint)
          if (found === undefined) continue
          followed++
          if (show(found) !== show(wanted))
            throw new Error(
              `${show(query)} by ${show(hint)} of ${show(indexes)} gives ${show(found)} instead of ${show(wanted)}`
            )
        }
        for (const path of ['_id', 'a', 'b', 'a.b']) {
          const shown = show(parts(plain, query, path))
          for (const hint of [undefined, ...names] as (Hint | undefined)[]) {
            const told = parts(indexed, query, path, hint)
            if (told !== undefined) expect(show(told), `${path} of ${show(query)} by ${show(hint)}`).toBe(shown)
          }
        }
        const natural = changes(database, plain.name, query, { $natural: 1 })
        for (const hint of names) {
          const changed = hint === undefined ? undefined : changes(database, indexed.name, query, hint)
          if (changed === undefined) continue
          hinted++
          expect(changed, `changes of ${show(query)} by ${show(hint)} of ${show(indexes)}`).toEqual(natural)
        }
        const count = plain.countDocuments(query.filter)
        expect(indexed.countDocuments(query.filter), `the count of ${show(query)}`).toBe(count)
      }
      plain.drop()
      indexed.drop()
    }
  )
  fc.assert(cases, { seed: SEED, numRuns: Math.ceil(CASES / QUERIES_PER_RUN) })
  database.close()
  expect(followed).toBeGreaterThan(CASES / 8)
  expect(hinted).toBeGreaterThan(CASES / 40)
})
