// The engines there are, by the name that --engines takes. An engine's file is loaded only by the process that runs it,
// so that no peer's library is in the memory of another's run.

import type { AnyEngine } from '../engine.ts'

/** Loaders by name, in the order of the tables. One fails where its engine's package or this Node does not have it. */
export const ENGINES: Record<string, () => Promise<AnyEngine>> = {
  'quire-lazy': async () => (await import('./quire.ts')).quireLazy,
  'quire-process': async () => (await import('./quire.ts')).quireProcess,
  'quire-disk': async () => (await import('./quire.ts')).quireDisk,
  'lmdb-nosync': async () => (await import('./lmdb.ts')).lmdbNoSync,
  'lmdb-sync': async () => (await import('./lmdb.ts')).lmdbSync,
  'sqlite-off': async () => (await import('./sqlite.ts')).sqliteOff,
  'sqlite-json': async () => (await import('./sqlite.ts')).sqliteJson,
  'sqlite-normal': async () => (await import('./sqlite.ts')).sqliteNormal,
  'sqlite-full': async () => (await import('./sqlite.ts')).sqliteFull,
  'node-sqlite-off': async () => (await import('./node-sqlite.ts')).nodeSqliteOff,
  'node-sqlite-normal': async () => (await import('./node-sqlite.ts')).nodeSqliteNormal,
  'node-sqlite-full': async () => (await import('./node-sqlite.ts')).nodeSqliteFull,
  level: async () => (await import('./classic-level.ts')).classicLevel,
  'level-sync': async () => (await import('./classic-level.ts')).classicLevelSync,
  rocksdb: async () => (await import('./rocksdb.ts')).rocksdb,
  'rocksdb-sync': async () => (await import('./rocksdb.ts')).rocksdbSync,
  loki: async () => (await import('./loki.ts')).loki,
  nedb: async () => (await import('./nedb.ts')).nedb,
  'map-buffers': async () => (await import('./map.ts')).mapBuffers,
  'map-objects': async () => (await import('./map.ts')).mapObjects,
  'small-quire': async () => (await import('./quire.ts')).quireSmall,
  'small-sqlite': async () => (await import('./sqlite.ts')).sqliteSmall,
  'small-level': async () => (await import('./classic-level.ts')).classicLevelSmall
}

/** Engines that are run only when they are asked for by name: those whose cache is smaller than a database of any size. */
export const EXTRA_ENGINES: string[] = Object.keys(ENGINES).filter(name => name.startsWith('small-'))
