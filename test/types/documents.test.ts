// The types of documents, ids and results; checked by `npm run typecheck`, and run for nothing but their being here.
import { expectTypeOf, test } from 'vitest'
import type {
  Collection,
  Database,
  Document,
  Id,
  IdOf,
  OptionalId,
  Transaction,
  UpdateResult,
  WithId
} from '../../src/index.ts'

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

test('a_collection_of_no_declared_type_takes_any_document', () => {
  const checked = (database: Database, transaction: Transaction) => [
    database.collection('log').insertOne({ at: new Date() }),
    database.createCollection('log').insertOne({ at: new Date() }),
    transaction.collection('log').updateOne({ at: 1 }, { $set: { 'a.b': 1 } })
  ]
  expectTypeOf(checked).parameters.toEqualTypeOf<[Database, Transaction]>()
})
