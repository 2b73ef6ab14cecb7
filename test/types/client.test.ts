// That code moves from an embedded database to a server: what the promises of one have, the other has.
import { expectTypeOf, test } from 'vitest'
import type { RemoteCollection, RemoteKv, RemoteKvChanges } from '../../src/client/index.ts'
import type { AsyncCollection, AsyncKv, Collection, KvChanges } from '../../src/index.ts'

interface User {
  name: string
  age?: number
}

/** What is not the same on purpose: docs/SERVER.md, "Client". */
type Cursors = 'find' | 'aggregate'

test('a_collection_on_a_server_has_the_methods_of_collection_async', () => {
  expectTypeOf<RemoteCollection<User>>().toExtend<Omit<AsyncCollection<User>, Cursors>>()
  expectTypeOf<keyof RemoteCollection<User>>()
    .extract<keyof Collection<User>>()
    .toEqualTypeOf<Exclude<keyof Collection<User>, 'liveQuery'>>()
})

test('a_store_on_a_server_has_the_methods_of_kv_async', () => {
  expectTypeOf<RemoteKv<User>>().toExtend<Omit<AsyncKv<User>, 'watch'>>()
  expectTypeOf<keyof AsyncKv<User>>().toExtend<keyof RemoteKv<User>>()
  expectTypeOf<RemoteKvChanges<User>['next']>().toEqualTypeOf<KvChanges<User>['next']>()
})
