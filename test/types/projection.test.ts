// The types of projections, sorts and indexes; checked by `npm run typecheck`.
import { expectTypeOf, test } from 'vitest'
import type { Document, IndexSpecification, Projected, Projection, Sort } from '../../src/index.ts'
import type { Order } from './store.ts'

/** The type that a projection gives when it is written out in a call. */
function project<const P extends Projection<Order>>(_projection: P): Projected<Order, P> {
  return undefined as unknown as Projected<Order, P>
}

test('included_fields_are_there_with_the_id', () => {
  expectTypeOf(project({ total: 1 })).toEqualTypeOf<{ _id: string; total: number }>()
  expectTypeOf(project({ total: 1, _id: 0 })).toEqualTypeOf<{ total: number }>()
  expectTypeOf(project({ total: true, note: true, _id: false })).toEqualTypeOf<{
    total: number
    note?: string | null
  }>()
  expectTypeOf(project({ _id: 1 })).toEqualTypeOf<{ _id: string }>()
})

test('paths_narrow_what_is_inside', () => {
  expectTypeOf(project({ _id: 0, 'customer.name': 1 })).toEqualTypeOf<{ customer: { name: string } }>()
  expectTypeOf(project({ _id: 0, 'items.price': 1, 'items.maker.country': 1 })).toEqualTypeOf<{
    items: { price: number; maker: { country: string } }[]
  }>()
  const rest = project({ 'customer.address': 0 })
  expectTypeOf<(typeof rest)['customer']>().toEqualTypeOf<{ name: string }>()
})

test('excluded_fields_are_gone', () => {
  expectTypeOf<keyof ReturnType<typeof project<{ readonly total: 0; readonly items: false }>>>().toEqualTypeOf<
    Exclude<keyof Order, 'total' | 'items'>
  >()
  expectTypeOf(project({ _id: 0 })).toEqualTypeOf<Omit<Order, '_id'>>()
  expectTypeOf(project({})).toEqualTypeOf<Order>()
})

test('parts_of_arrays_and_expressions', () => {
  expectTypeOf(project({ tags: { $slice: 2 } })).toEqualTypeOf<Order>()
  expectTypeOf(project({ _id: 0, items: { $elemMatch: { price: 5 } } })).toEqualTypeOf<Pick<Order, 'items'>>()
  expectTypeOf(project({ _id: 0, double: { $multiply: ['$total', 2] } })).toEqualTypeOf<{ readonly double: unknown }>()
  // @ts-expect-error neither in nor out
  project({ total: 2 })
  // @ts-expect-error a text that is no path
  project({ total: 'yes' })
})

test('a_projection_that_is_not_written_out_gives_any_document', () => {
  expectTypeOf<Projected<Order, Projection<Order>>>().toEqualTypeOf<Document>()
})

test('sorts_name_paths_and_directions', () => {
  const sorts: Sort<Order>[] = [
    'total',
    { total: -1, 'customer.name': 'asc' },
    [
      ['total', 'descending'],
      ['items.price', 1]
    ],
    new Map([['placed', 1] as const])
  ]
  expectTypeOf(sorts).toEqualTypeOf<Sort<Order>[]>()
  const wrong: Sort<Order>[] = [
    // @ts-expect-error no such field
    'totals',
    // @ts-expect-error no such direction
    { total: 2 },
    // @ts-expect-error no such field
    { totals: 1 },
    // @ts-expect-error a direction is needed
    [['total']]
  ]
  expectTypeOf(wrong).toEqualTypeOf<Sort<Order>[]>()
})

test('indexes_name_paths_and_directions', () => {
  const indexes: IndexSpecification<Order>[] = ['total', { 'customer.name': 1, total: -1 }, ['total', ['placed', -1]]]
  expectTypeOf(indexes).toEqualTypeOf<IndexSpecification<Order>[]>()
  // @ts-expect-error no such field
  const wrong: IndexSpecification<Order> = { totals: 1 }
  expectTypeOf(wrong).toEqualTypeOf<IndexSpecification<Order>>()
})
