// The types of the public interface; checked by `npm run typecheck`, and run for nothing but their being here.
import { expectTypeOf, test } from 'vitest'
import type { Collection, Document, Filter, Id, IdOf, OptionalId, Update, WithId } from '../../src/index.ts'

interface User {
  name: string
  age?: number
  tags: string[]
}

interface Keyed {
  _id: number
  value: string
}

test('ids_follow_the_declared_type', () => {
  expectTypeOf<IdOf<User>>().toEqualTypeOf<string>()
  expectTypeOf<IdOf<Keyed>>().toEqualTypeOf<number>()
  expectTypeOf<IdOf<Document>>().toEqualTypeOf<Id>()
  expectTypeOf<WithId<Keyed>>().toEqualTypeOf<Keyed>()
  expectTypeOf<WithId<User>['_id']>().toEqualTypeOf<string>()
  expectTypeOf<{ name: string; tags: string[] }>().toExtend<OptionalId<User>>()
  expectTypeOf<{ value: string }>().toExtend<OptionalId<Keyed>>()
  expectTypeOf<{ _id: string; value: string }>().not.toExtend<OptionalId<Keyed>>()
})

test('results_carry_the_document_type', () => {
  expectTypeOf<Collection<User>['get']>().returns.toEqualTypeOf<WithId<User> | undefined>()
  expectTypeOf<Collection<User>['findOne']>().returns.toEqualTypeOf<WithId<User> | null>()
  expectTypeOf<ReturnType<Collection<Keyed>['insertOne']>['insertedId']>().toEqualTypeOf<number>()
  expectTypeOf<ReturnType<Collection<User>['async']['get']>>().toEqualTypeOf<Promise<WithId<User> | undefined>>()
})

test('filters_and_updates_know_the_fields', () => {
  expectTypeOf<{ name: string }>().toExtend<Filter<User>>()
  expectTypeOf<{ age: { $gt: number } }>().toExtend<Filter<User>>()
  expectTypeOf<{ tags: string }>().toExtend<Filter<User>>()
  expectTypeOf<{ $or: [{ name: string }, { age: null }] }>().toExtend<Filter<User>>()
  expectTypeOf<{ 'address.city': string }>().toExtend<Filter<User>>()
  expectTypeOf<{ name: number }>().not.toExtend<Filter<User>>()
  expectTypeOf<{ $set: { name: string } }>().toExtend<Update<User>>()
  expectTypeOf<{ $inc: { age: number } }>().toExtend<Update<User>>()
  expectTypeOf<{ $set: { name: number } }>().not.toExtend<Update<User>>()
})
