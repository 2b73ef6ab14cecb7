// The types of stores, namespaces and their entries; checked by `npm run typecheck`, and run for nothing but being here.
import { expectTypeOf, test } from 'vitest'
import type {
  Collection,
  Database,
  Documents,
  Kv,
  KvChange,
  KvChanges,
  KvDocument,
  KvEntry,
  KvPaths,
  KvStore,
  Namespace,
  Transaction,
  TransactionNamespace
} from '../../src/index.ts'

interface Artist {
  name: string
  born?: number
}

declare const database: Database
declare const transaction: Transaction

/** Never called: types are read of it, and nothing runs. */
function shapes() {
  const artists = database.kv<Artist>('artists')
  return {
    artists,
    unknown: database.kv('artists'),
    paths: database.kv(),
    inside: transaction.kv<Artist>('artists'),
    insidePaths: transaction.kv(),
    namespace: database.namespace('n'),
    namespaced: database.namespace('n').kv<number>('counts'),
    collection: database.namespace('n').collection<Artist>('c'),
    insideNamespace: transaction.namespace('n'),
    insideCollection: transaction.namespace('n').collection<Artist>('c'),
    value: artists.get('k'),
    entry: artists.getEntry('k'),
    many: artists.getMany(['k']),
    all: artists.getAll(),
    keys: artists.keys().toArray(),
    values: [...artists.values()],
    entries: [...artists.entries()],
    set: artists.set('k', { name: 'Nina' }),
    absent: artists.setIfAbsent('k', { name: 'Nina' }),
    watch: artists.watch()
  }
}
type Shapes = ReturnType<typeof shapes>

test('stores_carry_the_type_of_their_values', () => {
  expectTypeOf<Shapes['artists']>().toEqualTypeOf<KvStore<Artist>>()
  expectTypeOf<Shapes['unknown']>().toEqualTypeOf<KvStore<unknown>>()
  expectTypeOf<Shapes['value']>().toEqualTypeOf<Artist | undefined>()
  expectTypeOf<Shapes['entry']>().toEqualTypeOf<KvEntry<Artist> | undefined>()
  expectTypeOf<Shapes['many']>().toEqualTypeOf<(Artist | undefined)[]>()
  expectTypeOf<Shapes['all']>().toEqualTypeOf<Map<string, Artist>>()
  expectTypeOf<Shapes['keys']>().toEqualTypeOf<string[]>()
  expectTypeOf<Shapes['values']>().toEqualTypeOf<Artist[]>()
  expectTypeOf<Shapes['entries']>().toEqualTypeOf<KvEntry<Artist>[]>()
  expectTypeOf<Shapes['set']>().toEqualTypeOf<number>()
  expectTypeOf<Shapes['absent']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Shapes['artists']['collection']>().toEqualTypeOf<Collection<KvDocument>>()
})

test('a_value_of_another_type_is_refused', () => {
  expectTypeOf<KvStore<Artist>['set']>().parameter(1).toEqualTypeOf<Artist>()
  expectTypeOf<{ name: number }>().not.toExtend<Parameters<KvStore<Artist>['set']>[1]>()
  expectTypeOf<5>().not.toExtend<Parameters<KvStore['get']>[0]>()
})

test('transactions_have_stores_without_what_only_a_whole_store_has', () => {
  expectTypeOf<Shapes['inside']>().toEqualTypeOf<Kv<Artist>>()
  expectTypeOf<KvStore<Artist>>().toExtend<Kv<Artist>>()
  expectTypeOf<'watch'>().not.toExtend<keyof Kv<Artist>>()
})

test('paths_and_namespaces_are_told_from_stores', () => {
  expectTypeOf<Shapes['paths']>().toEqualTypeOf<KvPaths>()
  expectTypeOf<Shapes['insidePaths']>().toEqualTypeOf<KvPaths>()
  expectTypeOf<Shapes['namespace']>().toEqualTypeOf<Namespace>()
  expectTypeOf<Shapes['namespaced']>().toEqualTypeOf<KvStore<number>>()
  expectTypeOf<Shapes['collection']>().toEqualTypeOf<Collection<Artist>>()
  expectTypeOf<Shapes['insideNamespace']>().toEqualTypeOf<TransactionNamespace>()
  expectTypeOf<Shapes['insideCollection']>().toEqualTypeOf<Documents<Artist>>()
})

test('changes_are_told_apart_by_their_type', () => {
  expectTypeOf<Shapes['watch']>().toEqualTypeOf<KvChanges<Artist>>()
  expectTypeOf<Extract<KvChange<Artist>, { type: 'set' }>['value']>().toEqualTypeOf<Artist>()
  expectTypeOf<KvChange<Artist>['type']>().toEqualTypeOf<'set' | 'delete' | 'clear'>()
})
