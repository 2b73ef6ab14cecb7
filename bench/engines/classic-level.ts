// LevelDB as classic-level binds it: reads by id are answered at once, all else gives promises.
// Without `sync` a commit is in the log by write(), so the death of the process loses nothing.

import { CACHE_BYTES, type LaterEngine, SMALL_CACHE_BYTES, type Survives } from '../engine.ts'
import { type BufferStore, bufferSession, optionalPackage } from './buffers.ts'

interface Level {
  open(): Promise<void>
  put(key: string, value: Buffer, options: { sync: boolean }): Promise<void>
  batch(operations: { type: 'put'; key: string; value: Buffer }[], options: { sync: boolean }): Promise<void>
  get(key: string): Promise<Buffer | undefined>
  getSync(key: string): Buffer | undefined
  del(key: string, options: { sync: boolean }): Promise<void>
  values(): { nextv(count: number): Promise<Buffer[]>; close(): Promise<void> }
  close(): Promise<void>
}

/** Values that are asked for at a time. */
const CHUNK = 1_000

const { ClassicLevel } = optionalPackage<{
  ClassicLevel: new (location: string, options: { valueEncoding: 'buffer'; cacheSize: number }) => Level
}>('classic-level')

async function openStore(path: string, sync: boolean, cacheSize: number): Promise<BufferStore> {
  const level = new ClassicLevel(`${path}/level`, { valueEncoding: 'buffer', cacheSize })
  await level.open()
  return {
    put: (id, value) => level.put(id, value, { sync }),
    putMany: entries =>
      level.batch(
        entries.map(([key, value]) => ({ type: 'put', key, value })),
        { sync }
      ),
    get: id => level.get(id),
    getNow: id => level.getSync(id),
    delete: id => level.del(id, { sync }),
    async each(visit) {
      const values = level.values()
      for (let chunk = await values.nextv(CHUNK); chunk.length > 0; chunk = await values.nextv(CHUNK)) {
        for (const value of chunk) visit(value)
      }
      await values.close()
    },
    close: () => level.close()
  }
}

function engine(sync: boolean, survives: Survives, cacheSize = CACHE_BYTES): LaterEngine {
  return {
    title: `classic-level${sync ? ' sync' : ''}${cacheSize === CACHE_BYTES ? '' : `, ${cacheSize >> 20} MiB cache`}`,
    survives,
    persistent: true,
    package: 'classic-level',
    openLater: async path => bufferSession(await openStore(path, sync, cacheSize))
  }
}

export const classicLevel = engine(false, 'process death')
export const classicLevelSync = engine(true, 'power cut')
export const classicLevelSmall = engine(false, 'process death', SMALL_CACHE_BYTES)
