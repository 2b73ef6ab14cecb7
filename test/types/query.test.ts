// The types of queries with options; checked by `npm run typecheck`.
import { expectTypeOf, test } from 'vitest'
import type { Collection, Cursor } from '../../src/index.ts'
import type { Order } from './store.ts'

// Functions that are never called: only their types are looked at.
const typed = (check: (orders: Collection<Order>) => void) => check

test('a_projection_that_is_written_out_types_the_result', () => {
  typed(orders => {
    for (const order of orders.find({}, { projection: { total: 1 } })) {
      expectTypeOf(order.total).toEqualTypeOf<number>()
      expectTypeOf(order._id).toEqualTypeOf<string>()
      // @ts-expect-error not wanted
      order.customer
    }
    const [first] = orders.find().project({ total: 1, _id: 0 }).toArray()
    expectTypeOf(first?.total).toEqualTypeOf<number | undefined>()
    // @ts-expect-error not wanted
    first?._id
    expectTypeOf(orders.findOne({}, { projection: { total: 1 } })?.total).toEqualTypeOf<number | undefined>()
    expectTypeOf(orders.find({}, { sort: { total: 1 } })).toEqualTypeOf<Cursor<Order>>()
    expectTypeOf(orders.findOne({}, { sort: 'total' })).toEqualTypeOf<Order | null>()
  })
})

test('sorts_and_options_know_their_fields', () => {
  typed(orders => {
    orders.find().sort({ 'customer.name': 1, total: 'desc' }).hint('total_1')
    // @ts-expect-error no such path
    orders.find().sort({ missing: 1 })
    // @ts-expect-error no such direction
    orders.find({}, { sort: { total: 2 } })
    // @ts-expect-error no such option
    orders.find({}, { order: 1 })
    // @ts-expect-error one document has no limit
    orders.findOne({}, { limit: 1 })
  })
})
