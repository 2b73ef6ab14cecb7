// Which shard a document belongs to: the one that wins a draw of all shards for its id (rendezvous hashing).
//
// Promises: the same id has the same place on every machine and in every version; one shard more takes 1/N of the ids
// from the others and moves no other, one less gives its own to the others. Leaves to others: what is where while
// documents move (shards.ts). Source: Thaler and Ravishankar, "A name-based mapping scheme for rendezvous", 1996;
// the mixing steps are those of MurmurHash3 (public domain).

import type { Id } from '../index.ts'

const SEED_STEP = 0x9e3779b9
const utf8 = new TextEncoder()

/** The shard of an id, of so many. */
export function placeOf(id: Id, shardsCount: number): number {
  if (shardsCount === 1) return 0
  const hash = hashOf(id)
  let best = 0
  let most = -1
  for (let shard = 0; shard < shardsCount; shard++) {
    const drawn = mixed(hash ^ mixed(Math.imul(shard + 1, SEED_STEP)))
    if (drawn > most) {
      most = drawn
      best = shard
    }
  }
  return best
}

/** 32 bits of an id: texts, numbers and bytes differ, and a number is the same whatever holds it. */
function hashOf(id: Id): number {
  if (typeof id === 'string') return hashBytes(utf8.encode(id), 1)
  if (id instanceof Uint8Array) return hashBytes(id, 2)
  return hashBytes(utf8.encode(String(id)), 3)
}

function hashBytes(bytes: Uint8Array, seed: number): number {
  let hash = seed
  for (const byte of bytes) {
    hash = Math.imul(hash ^ byte, 0x01000193)
    hash = (hash << 13) | (hash >>> 19)
  }
  return mixed(hash ^ bytes.length)
}

function mixed(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
