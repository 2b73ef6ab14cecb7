// The types of change streams and live queries; checked by `npm run typecheck`.
import { expectTypeOf, test } from 'vitest'
import type { ChangeFilter, ChangeStream, Collection, LiveQuery, ResumeToken } from '../../src/index.ts'
import type { Order } from './store.ts'

declare const orders: Collection<Order>

/** Never called: its types are what is tested. */
async function uses(): Promise<void> {
  for await (const change of orders.watch()) {
    expectTypeOf(change._id).toEqualTypeOf<ResumeToken>()
    if (change.operationType === 'insert') expectTypeOf(change.fullDocument).toEqualTypeOf<Order>()
    if (change.operationType === 'update') {
      expectTypeOf(change.fullDocument).toEqualTypeOf<Order | undefined>()
      expectTypeOf(change.updateDescription.removedFields).toEqualTypeOf<string[]>()
    }
    if (change.operationType === 'delete') expectTypeOf(change.documentKey._id).toEqualTypeOf<string>()
    // @ts-expect-error not every change has a document
    change.fullDocument
  }
  for await (const documents of orders.liveQuery({ total: { $gt: 5 } }, { limit: 3 })) {
    expectTypeOf(documents).toEqualTypeOf<readonly Order[]>()
  }
  // @ts-expect-error no such field
  orders.liveQuery({ totals: 5 })
  // @ts-expect-error no such option
  orders.watch({}, { since: 5 })
}

test('events_are_told_apart_by_their_operation', () => {
  expectTypeOf(uses).returns.resolves.toBeVoid()
  expectTypeOf<ReturnType<typeof orders.watch>>().toExtend<ChangeStream<object>>()
  expectTypeOf<ReturnType<typeof orders.liveQuery>>().toEqualTypeOf<LiveQuery<Order>>()
})

test('filters_speak_of_the_event', () => {
  const filter = (given: ChangeFilter<Order>) => given
  filter({ operationType: 'insert', 'fullDocument.total': { $gt: 5 }, 'ns.coll': 'orders' })
  filter([{ $match: { operationType: { $in: ['update', 'replace'] } } }])
  // @ts-expect-error no such operation
  filter({ operationType: 'upsert' })
  // @ts-expect-error a text where a number is
  filter({ 'fullDocument.total': '5' })
  // @ts-expect-error no such stage
  filter([{ $project: { operationType: 1 } }])
})
