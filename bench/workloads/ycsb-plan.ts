// What a client of YCSB does: a fixed list of operations with the answer that each must get, made before any is timed.
// Popular documents lie scattered (a fixed shuffle, where YCSB hashes); in workload D the newest are the popular ones.
// Leaves to others: doing and timing it (ycsb.ts), the distribution (zipfian.ts).

import { type BenchDocument, documents, generator, shuffled } from '../documents.ts'
import { zipfian } from '../zipfian.ts'

export type Kind = 'read' | 'update' | 'insert' | 'scan' | 'modify'
export type Distribution = 'zipfian' | 'uniform'

/** Parts of each kind in a hundred operations. */
export type Mix = Partial<Record<Kind, number>>

/** One operation. All kinds have one shape, so that doing them is not slowed by telling shapes apart. */
export interface Operation {
  kind: Kind
  /** What is read, changed or inserted, or where in the order of createdAt a scan begins. */
  document: BenchDocument
  /** The age that a read finds, or that an update sets. */
  age: number
  /** How many documents a scan asks for. */
  limit: number
  /** How many it finds. */
  found: number
}

const SCAN_MAX = 100
const SEED = 0x5eed_0c5b

/** Draws places among documents of which there are more and more. */
type Draw = (count: number) => number

function drawOf(distribution: Distribution, isLatest: boolean, count: number): Draw {
  const below = generator(SEED)
  if (distribution === 'uniform') return below
  const draw = zipfian(count, SEED)
  if (isLatest) return now => now - 1 - draw()
  const places = shuffled(Array.from({ length: count }, (_, index) => index))
  return () => places[draw()] as number
}

/** The kinds of `count` operations in random order, as many of each as the mix says. */
function kindsOf(mix: Mix, count: number): Kind[] {
  const kinds = Object.entries(mix) as [Kind, number][]
  const list = kinds.flatMap(([kind, parts]) => new Array<Kind>(Math.round((count * parts) / 100)).fill(kind))
  return shuffled(list)
}

/** How many of the sorted numbers are below one. */
function placeOf(sorted: number[], wanted: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** The operations, about `count` of them, on a database that holds `stored`. */
export function planOf(stored: BenchDocument[], count: number, mix: Mix, distribution: Distribution): Operation[] {
  const kinds = kindsOf(mix, count)
  const isLatest = mix.insert !== undefined && mix.read !== undefined
  const insertsCount = kinds.filter(kind => kind === 'insert').length
  const added = documents(stored.length + insertsCount).slice(stored.length)
  const present = [...stored]
  const times = mix.scan === undefined ? [] : stored.map(({ createdAt }) => createdAt).sort((a, b) => a - b)
  const ages = new Map<string, number>()
  const draw = drawOf(distribution, isLatest, stored.length)
  const below = generator(SEED + 1)
  return kinds.map(kind => {
    if (kind === 'insert') {
      const document = added[present.length - stored.length] as BenchDocument
      present.push(document)
      if (mix.scan !== undefined) times.splice(placeOf(times, document.createdAt), 0, document.createdAt)
      return { kind, document, age: document.age, limit: 0, found: 0 }
    }
    const document = present[draw(present.length)] as BenchDocument
    if (kind === 'scan') {
      const limit = 1 + below(SCAN_MAX)
      const found = Math.min(limit, times.length - placeOf(times, document.createdAt))
      return { kind, document, age: 0, limit, found }
    }
    const before = ages.get(document._id) ?? document.age
    if (kind !== 'read') ages.set(document._id, kind === 'modify' ? before + 1 : 100 + below(100))
    const age = kind === 'update' ? (ages.get(document._id) as number) : before
    return { kind, document, age, limit: 0, found: 0 }
  })
}
