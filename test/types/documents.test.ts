// The types of documents, ids and results; checked by `npm run typecheck`, and run for nothing but their being here.
import { expectTypeOf, test } from 'vitest'
import type { Collection, Document, Id, IdOf, OptionalId, UpdateResult, WithId } from '../../src/index.ts'

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
  expectTypeOf<ReturnType<Collection<Keyed>['insertOne']>['insertedId']>().toEqualTypeOf<number>()
  expectTypeOf<UpdateResult<Keyed>['upsertedId']>().toEqualTypeOf<number | null>()
  expectTypeOf<ReturnType<Collection<User>['async']['get']>>().toEqualTypeOf<Promise<WithId<User> | undefined>>()
})
