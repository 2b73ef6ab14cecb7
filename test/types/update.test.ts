// The types of updates: what has to compile and what must not; checked by `npm run typecheck`.
import { expectTypeOf, test } from 'vitest'
import type { Document, Update } from '../../src/index.ts'
import type { Order } from './store.ts'

function change(update: Update<Order>): Update<Order> {
  return update
}

test('values_are_set_where_their_type_is', () => {
  change({ $set: { total: 5, 'customer.name': 'Ada', 'customer.address.zip': 7, tags: ['a'], note: null } })
  change({ $set: { 'items.0.price': 5, 'items.$.price': 6, 'items.$[].price': 7, 'items.$[cheap].price': 8 } })
  change({ $set: { 'items.$[cheap].marks.$[low]': 8, 'tags.$[old]': 'new', 'tags.1': 'x' } })
  change({ $set: { 'items.$': { sku: 'a', price: 1, marks: [], maker: { country: 'GB' } } } })
  change({ $set: { 'extra.any.thing': 5 }, $setOnInsert: { placed: new Date(), _id: 'x' } })
  change({ $min: { total: 5, placed: new Date() }, $max: { 'items.0.price': 9 } })
  change({ $unset: { note: '', 'customer.address': 1 }, $rename: { note: 'remark' } })
  // @ts-expect-error a text where a number is
  change({ $set: { total: 'x' } })
  // @ts-expect-error no such field
  change({ $set: { totals: 5 } })
  // @ts-expect-error a text where a number is
  change({ $set: { 'items.$.price': 'x' } })
  // @ts-expect-error a text where a number is, in every element
  change({ $set: { 'items.$[].price': 'x' } })
  // @ts-expect-error an element of another type
  change({ $set: { 'tags.$[old]': 5 } })
  // @ts-expect-error an update does not go through an array without saying which element
  change({ $set: { 'items.price': 5 } })
  // @ts-expect-error a name is needed
  change({ $rename: { note: 5 } })
  // @ts-expect-error no such operator
  change({ $put: { total: 5 } })
  // @ts-expect-error a field without an operator
  change({ total: 5 })
})

test('numbers_are_counted_and_dates_set', () => {
  change({ $inc: { total: 1, 'items.0.price': -1, 'items.$[].marks.0': 2, big: 5n }, $mul: { total: 2 } })
  change({ $bit: { total: { or: 4 } }, $currentDate: { placed: true } })
  change({ $currentDate: { placed: { $type: 'date' } } })
  // @ts-expect-error not a number
  change({ $inc: { note: 1 } })
  // @ts-expect-error not by a number
  change({ $inc: { total: '1' } })
  // @ts-expect-error not a date
  change({ $currentDate: { total: true } })
  // @ts-expect-error no such change of bits
  change({ $bit: { total: { not: 4 } } })
})

test('arrays_take_their_elements', () => {
  change({ $push: { tags: 'a', 'items.0.marks': 5 }, $addToSet: { tags: { $each: ['a', 'b'] } } })
  change({ $push: { tags: { $each: ['a'], $position: 0, $slice: -5, $sort: 1 } } })
  change({ $push: { items: { $each: [], $sort: { price: -1 } } }, $pop: { tags: 1, 'items.$.marks': -1 } })
  change({ $pull: { tags: { $in: ['a'] }, items: { price: { $gt: 5 } } }, $pullAll: { 'items.0.marks': [1, 2] } })
  change({ $pull: { tags: 'a', 'items.$[].marks': { $lt: 3 } } })
  // @ts-expect-error an element of another type
  change({ $push: { tags: 5 } })
  // @ts-expect-error not an array
  change({ $push: { total: 5 } })
  // @ts-expect-error one of another type
  change({ $addToSet: { tags: { $each: [5] } } })
  // @ts-expect-error the last or the first
  change({ $pop: { tags: 2 } })
  // @ts-expect-error no such field of an element
  change({ $pull: { items: { cost: 5 } } })
  // @ts-expect-error a list is needed
  change({ $pullAll: { tags: 'a' } })
})

test('an_update_may_be_a_pipeline', () => {
  change([{ $set: { total: { $add: ['$total', 1] } } }, { $unset: ['note', 'flag'] }, { $replaceWith: '$customer' }])
  // @ts-expect-error no stage of an update
  change([{ $match: { total: 5 } }])
})

test('documents_of_no_declared_type_take_any_update', () => {
  const update: Update<Document> = { $set: { a: 1, 'b.$[].c': 'x' }, $inc: { d: 1 }, $push: { 'e.f': { $each: [1] } } }
  expectTypeOf(update).toExtend<Update<Document>>()
})
