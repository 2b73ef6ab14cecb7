// The types of filters: what has to compile and what must not; checked by `npm run typecheck`.
import { expectTypeOf, test } from 'vitest'
import type { Document, Filter, Path } from '../../src/index.ts'
import type { Order, Shape, Tree } from './store.ts'

/** Takes a filter as a call does: with the checks of an object that is written out. */
function orders(filter: Filter<Order>): Filter<Order> {
  return filter
}

test('fields_are_matched_by_values_of_their_type', () => {
  orders({})
  orders({ total: 5, flag: true, placed: new Date(), note: null })
  orders({ _id: 'a' })
  orders({ tags: 'red' })
  orders({ tags: ['red'] })
  orders({ customer: { name: 'Ada' } })
  orders({ note: /^a/i, tags: /b/ })
  // @ts-expect-error a text where a number is
  orders({ total: '5' })
  // @ts-expect-error no such field
  orders({ totals: 5 })
  // @ts-expect-error a pattern where no text is
  orders({ total: /5/ })
  // @ts-expect-error an element of another type
  orders({ tags: 5 })
  // @ts-expect-error a field that the document inside does not have
  orders({ customer: { title: 'Dr.' } })
})

test('paths_go_into_documents_and_arrays', () => {
  orders({ 'customer.name': 'Ada', 'customer.address.city': 'London', 'customer.address': { city: 'London', zip: 1 } })
  orders({ 'items.price': 5, 'items.0.price': { $gt: 5 }, 'items.3': { $exists: true } })
  orders({ 'items.maker.country': 'GB', 'items.marks': 3, 'items.0.marks.1': 3, 'tags.0': 'red' })
  orders({ 'matrix.0.1': 5, 'matrix.0': 5, 'matrix.0.0': { $gt: 1 } })
  orders({ 'extra.whatever.0.deep': 5, 'anything.at.all': new Date() })
  // @ts-expect-error a text where a number is
  orders({ 'items.price': 'x' })
  // @ts-expect-error no such path
  orders({ 'customer.address.street': 'x' })
  // @ts-expect-error nothing is below a text
  orders({ 'customer.name.first': 'x' })
  // @ts-expect-error an element of another type
  orders({ 'items.0.marks.1': 'x' })
  // @ts-expect-error no such path
  orders({ 'item.price': 5 })
})

test('operators_follow_the_type_of_the_field', () => {
  orders({ total: { $gt: 1, $lte: 9, $ne: 5, $in: [1, 2, null], $nin: [3], $exists: true, $mod: [2, 0] } })
  orders({ total: { $not: { $gt: 5 } }, note: { $not: /a/, $regex: '^a', $options: 'i' } })
  orders({ tags: { $all: ['a', 'b'], $size: 2, $elemMatch: { $gte: 'a', $lt: 'c' }, $in: ['x', 'y'] } })
  // @ts-expect-error patterns stand alone, not in lists
  orders({ tags: { $in: [/^x/] } })
  orders({ items: { $elemMatch: { sku: 'a', price: { $lt: 5 }, 'maker.country': 'GB' } } })
  orders({ items: { $all: [{ $elemMatch: { sku: 'a' } }] }, 'items.marks': { $elemMatch: { $gt: 3 } } })
  orders({
    total: { $type: 'number', $bitsAllSet: 5, $bitsAnyClear: [1, 3] },
    photo: { $bitsAllClear: new Uint8Array(2) }
  })
  orders({ note: { $type: ['string', 'null', 10] }, big: { $gt: 5n } })
  // @ts-expect-error compared with another type
  orders({ total: { $gt: 'x' } })
  // @ts-expect-error no such operator
  orders({ total: { $greater: 5 } })
  // @ts-expect-error a list is needed
  orders({ total: { $in: 5 } })
  // @ts-expect-error one of another type
  orders({ total: { $in: [1, 'x'] } })
  // @ts-expect-error only text has patterns
  orders({ total: { $regex: 'x' } })
  // @ts-expect-error only arrays have a size
  orders({ total: { $size: 2 } })
  // @ts-expect-error only arrays have elements
  orders({ customer: { $elemMatch: { name: 'a' } } })
  // @ts-expect-error the element has no such field
  orders({ items: { $elemMatch: { cost: 5 } } })
  // @ts-expect-error only numbers are divided
  orders({ note: { $mod: [2, 0] } })
  // @ts-expect-error two numbers are needed
  orders({ total: { $mod: [2] } })
  // @ts-expect-error no such type
  orders({ total: { $type: 'float' } })
  // @ts-expect-error whether, not what
  orders({ total: { $exists: 'yes' } })
  // @ts-expect-error booleans have no bits
  orders({ flag: { $bitsAllSet: 1 } })
})

test('filters_are_joined', () => {
  orders({ $and: [{ total: 5 }, { $or: [{ 'customer.name': 'a' }, { $nor: [{ flag: true }] }] }] })
  orders({ $expr: { $gt: ['$total', 5] }, $comment: 'why', $jsonSchema: { required: ['total'] } })
  // @ts-expect-error a field of another type inside
  orders({ $and: [{ total: 'x' }] })
  // @ts-expect-error code is not run
  orders({ $where: 'this.total > 5' })
  // @ts-expect-error a list is needed
  orders({ $or: { total: 5 } })
})

test('documents_of_no_declared_type_take_any_filter', () => {
  const filter: Filter<Document> = {
    a: 5,
    'b.c': { $gt: 'x' },
    d: { $elemMatch: { e: 1 } },
    f: { $size: 2, $regex: 'a' }
  }
  expectTypeOf(filter).toEqualTypeOf<Filter<Document>>()
})

test('types_that_hold_themselves_end', () => {
  const filter: Filter<Tree> = { value: 5, 'left.value': 5, 'left.left.value': 'any', 'children.0.value': 5 }
  expectTypeOf(filter).toEqualTypeOf<Filter<Tree>>()
  expectTypeOf<'left.right.left.right.left.value'>().toExtend<Path<Tree>>()
})

test('a_type_that_is_one_of_several_has_the_fields_of_all', () => {
  const filters: Filter<Shape>[] = [{ kind: 'circle' }, { radius: 5 }, { side: { $gt: 2 } }, { 'corner.x': 5 }]
  expectTypeOf(filters).toEqualTypeOf<Filter<Shape>[]>()
  // @ts-expect-error neither kind
  const wrong: Filter<Shape> = { kind: 'line' }
  expectTypeOf(wrong).toEqualTypeOf<Filter<Shape>>()
})

test('filters_of_a_type_that_is_not_known_yet_can_be_made', () => {
  function byId<T extends object>(id: string): Filter<T> {
    return { _id: id } as Filter<T>
  }
  expectTypeOf(byId<Order>('a')).toEqualTypeOf<Filter<Order>>()
})
