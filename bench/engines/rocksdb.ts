// RocksDB as its npm package binds it: every call takes a callback and is done by Node's pool of threads.
// Without `sync` a commit is in the log by write(), so the death of the process loses nothing.

import { promisify } from 'node:util'
import { CACHE_BYTES, type LaterEngine, type Survives } from '../engine.ts'
import { type BufferStore, bufferSession, optionalPackage } from './buffers.ts'

type Done<Value = void> = (error: Error | null | undefined, value: Value) => void

interface Iterator {
  next(done: (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void): void
  end(done: Done): void
}

interface Rocks {
  open(options: { cacheSize: number }, done: Done): void
  put(key: string, value: Buffer, options: { sync: boolean }, done: Done): void
  batch(operations: { type: 'put'; key: string; value: Buffer }[], options: { sync: boolean }, done: Done): void
  get(key: string, done: Done<Buffer>): void
  del(key: string, options: { sync: boolean }, done: Done): void
  iterator(options: { keys: boolean; highWaterMark: number }): Iterator
  close(done: Done): void
}

/** Bytes that an iterator reads ahead. */
const READ_AHEAD_BYTES = 256 << 10

const openRocks = optionalPackage<(location: string) => Rocks>('rocksdb')

/** Shows each value that an iterator still has. */
function visitAll(iterator: Iterator, visit: (value: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = () =>
      iterator.next((error, _key, value) => {
        if (error) return reject(error)
        if (value === undefined) return resolve()
        visit(value)
        next()
      })
    next()
  })
}

async function openStore(path: string, sync: boolean): Promise<BufferStore> {
  const rocks = openRocks(`${path}/rocks`)
  await promisify(rocks.open.bind(rocks))({ cacheSize: CACHE_BYTES })
  const put = promisify(rocks.put.bind(rocks))
  const batch = promisify(rocks.batch.bind(rocks))
  const remove = promisify(rocks.del.bind(rocks))
  const close = promisify(rocks.close.bind(rocks))
  return {
    put: (id, value) => put(id, value, { sync }),
    putMany: entries =>
      batch(
        entries.map(([key, value]) => ({ type: 'put', key, value })),
        { sync }
      ),
    get: id =>
      new Promise((resolve, reject) =>
        rocks.get(id, (error, value) => {
          if (!error) resolve(value)
          else if (error.message.startsWith('NotFound')) resolve(undefined)
          else reject(error)
        })
      ),
    delete: id => remove(id, { sync }),
    async each(visit) {
      const iterator = rocks.iterator({ keys: false, highWaterMark: READ_AHEAD_BYTES })
      await visitAll(iterator, visit)
      await promisify(iterator.end.bind(iterator))()
    },
    close: () => close()
  }
}

function engine(sync: boolean, survives: Survives): LaterEngine {
  return {
    title: `rocksdb${sync ? ' sync' : ''}`,
    survives,
    persistent: true,
    package: 'rocksdb',
    openLater: async path => bufferSession(await openStore(path, sync))
  }
}

export const rocksdb = engine(false, 'process death')
export const rocksdbSync = engine(true, 'power cut')
