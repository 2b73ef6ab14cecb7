// The engine's sort orders, skips and limits against the judge, over random documents.
//
// The long form: QUIRE_CASES=50000 npx vitest run test/property/order; a case is a query over some documents.
// Promises: documents come in the order that MongoDB's manual describes, arrays and missing fields included. Leaves to
// others: orders that an index gives (engine, tests/plans), keys of sorting (engine, query::sort).

import fc, { type Arbitrary } from 'fast-check'
import { type Collection, open } from 'quiredb'
import { expect, test } from 'vitest'
import { casesCount, patienceMs, SEED } from './cases.ts'
import { documents, filter } from './documents.ts'
import { judgeOrder } from './judge-order.ts'
import type { Fields } from './values.ts'

const CASES = casesCount(400)
const DOCUMENTS_MAX = 24

const sort: Arbitrary<Readonly<Record<string, 1 | -1>>> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'a.b', 'b.a'),
  fc.constantFrom(1, -1),
  { maxKeys: 1, noNullPrototype: true }
)

test('documents_come_in_the_order_of_the_manual', { timeout: patienceMs(CASES) }, () => {
  const database = open(':memory:')
  let name = 0
  const limit = fc.constantFrom(1, 4, 1000)
  const property = fc.property(
    documents(DOCUMENTS_MAX),
    filter,
    sort,
    fc.nat(5),
    limit,
    (all, filter, sort, skip, limit) => {
      const collection: Collection<Fields & { _id: number }> = database.collection(`o${name++}`)
      collection.insertMany(all as (Fields & { _id: number })[])
      // With the id as the last field no two documents are equal, so that skip and limit leave no choice.
      const order = { ...sort, _id: 1 } as const
      const matching = collection.find(filter).toArray()
      const found = collection.find(filter, { sort: order, skip, limit } as never).toArray()
      const wanted = judgeOrder(matching, order).slice(skip, skip + limit)
      expect(found.map(({ _id }) => _id)).toEqual(wanted.map(({ _id }) => _id))
      collection.drop()
    }
  )
  fc.assert(property, { seed: SEED, numRuns: CASES })
  database.close()
})
