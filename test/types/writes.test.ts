// The types of writes that give documents back and of many writes; checked by `npm run typecheck`.
import { expectTypeOf, test } from 'vitest'
import type { AsyncCollection, BulkWriteResult, Documents } from '../../src/index.ts'
import type { Order } from './store.ts'

/** Calls that are checked and never made. */
const checked = (calls: (orders: Documents<Order>, later: AsyncCollection<Order>) => unknown) => calls

test('a_document_that_comes_back_has_the_fields_asked_for', () => {
  checked((orders, later) => {
    expectTypeOf(orders.findOneAndUpdate({ total: 5 }, { $inc: { total: 1 } })).toEqualTypeOf<Order | null>()
    expectTypeOf(
      orders.findOneAndUpdate({}, [{ $set: { total: 1 } }], { projection: { total: 1 }, sort: { placed: -1 } })
    ).toEqualTypeOf<{ _id: string; total: number } | null>()
    expectTypeOf(orders.findOneAndDelete({ 'customer.name': 'Ada' })).toEqualTypeOf<Order | null>()
    expectTypeOf(later.findOneAndDelete({}, { projection: { _id: 0, flag: 1 } })).toEqualTypeOf<
      Promise<{ flag: boolean } | null>
    >()
    // @ts-expect-error a text where a number is
    orders.findOneAndUpdate({}, { $inc: { total: 'x' } })
    // @ts-expect-error neither before nor after
    orders.findOneAndUpdate({}, { $inc: { total: 1 } }, { returnDocument: 'both' })
    // @ts-expect-error no such field
    orders.findOneAndDelete({}, { sort: { totals: 1 } })
    // @ts-expect-error a field is missing
    orders.findOneAndReplace({}, { total: 1 })
    orders.updateOne({}, { $inc: { total: 1 } }, { sort: { 'customer.name': 'desc' }, hint: { total: 1 } })
    orders.replaceOne({}, {} as Order, { sort: [['total', -1]], hint: 'total_1' })
    orders.deleteMany({ total: 1 }, { hint: { $natural: 1 } })
    // @ts-expect-error no such field
    orders.updateOne({}, { $inc: { total: 1 } }, { sort: { totals: 1 } })
    // @ts-expect-error all of them are changed
    orders.updateMany({}, { $inc: { total: 1 } }, { sort: { total: 1 } })
    // @ts-expect-error any of them is deleted
    orders.deleteOne({}, { sort: { total: 1 } })
    // @ts-expect-error nothing is inserted in the place of what is deleted
    orders.findOneAndDelete({}, { upsert: true })
  })
})

test('operations_of_a_bulk_are_typed', () => {
  checked(orders => {
    expectTypeOf(
      orders.bulkWrite([
        { updateOne: { filter: { total: 1 }, update: { $set: { flag: true } }, upsert: true } },
        { deleteMany: { filter: { tags: 'old' } } }
      ])
    ).toEqualTypeOf<BulkWriteResult<Order>>()
    orders.bulkWrite([
      { updateOne: { filter: {}, update: { $set: { flag: true } }, sort: { total: 1 }, hint: 'total_1' } },
      { deleteOne: { filter: {}, hint: { total: 1 } } }
    ])
    // @ts-expect-error all of them are changed
    orders.bulkWrite([{ updateMany: { filter: {}, update: { $set: { flag: true } }, sort: { total: 1 } } }])
    // @ts-expect-error no such operation
    orders.bulkWrite([{ put: { document: {} } }])
    // @ts-expect-error a text where a number is
    orders.bulkWrite([{ updateOne: { filter: {}, update: { $set: { total: 'x' } } } }])
    // @ts-expect-error no such option
    orders.insertMany([], { order: false })
  })
})

test('distinct_values_have_the_type_of_the_field_or_its_elements', () => {
  checked((orders, later) => {
    expectTypeOf(orders.distinct('total')).toEqualTypeOf<number[]>()
    expectTypeOf(orders.distinct('tags')).toEqualTypeOf<string[]>()
    expectTypeOf(orders.distinct('note')).toEqualTypeOf<(string | null)[]>()
    expectTypeOf(orders.distinct('total', {}, { hint: 'total_1' })).toEqualTypeOf<number[]>()
    // @ts-expect-error no such option
    orders.distinct('total', {}, { sort: 1 })
    // @ts-expect-error no such option
    orders.aggregate([], { allowDiskUse: true })
    expectTypeOf(later.distinct('customer.name')).toEqualTypeOf<Promise<unknown[]>>()
  })
})
