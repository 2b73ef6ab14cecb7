// Key-value stores beside the collections that they are made of, and a Map: the price of the wrapper.
//
// `npm run bench -- kv [--keys 100000] [--rounds 7]`. In each round every operation is timed on a store, on a
// collection (the same verb on a document with the same value) and on a Map of the values, in turn; printed are medians of
// nanoseconds and of ratios within rounds. Promises: every answer is checked. Leaves to others: peers (run.ts).

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type * as Quire from '../dist/index.js'

// Inside bench/, a package of its own, the name `quiredb` leads nowhere.
const { open } = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof Quire

type Value = string | Uint8Array | { name: string; born: number; tags: string[] }

/** One operation on each side, with the number of the key that it is about; each gives something to be checked. */
interface Operation {
  readonly title: string
  readonly kv: (index: number) => unknown
  readonly collection: (index: number) => unknown
  readonly map?: (index: number) => unknown
  readonly isRight: (answer: unknown, index: number) => boolean
}

const { values: options } = parseArgs({
  options: { keys: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '7' } }
})
const KEYS = Number(options.keys)
const ROUNDS = Number(options.rounds)

const VALUES: { readonly [kind: string]: (index: number) => Value } = {
  text: index => `the value of key ${index}, with some text behind it`,
  bytes: index => new Uint8Array(40).fill(index & 0xff),
  object: index => ({ name: `name ${index}`, born: 1900 + (index % 100), tags: ['a', 'b'] })
}

const keys = Array.from({ length: KEYS }, (_, index) => `key:${index}`)
const missing = Array.from({ length: KEYS }, (_, index) => `absent:${index}`)

function operations(kind: string): Operation[] {
  const database = open(':memory:')
  const kv = database.kv<Value>('bench')
  const collection = database.collection<{ _id: string; value: Value }>('bench')
  const map = new Map<string, Value>()
  const values = keys.map((_, index) => (VALUES[kind] as (index: number) => Value)(index))
  const key = (index: number) => keys[index] as string
  const value = (index: number) => values[index] as Value
  return [
    {
      title: `set ${kind}`,
      kv: index => kv.set(key(index), value(index)),
      collection: index => collection.put({ _id: key(index), value: value(index) }),
      map: index => map.set(key(index), value(index)),
      isRight: answer => answer !== undefined
    },
    {
      title: `get ${kind}`,
      kv: index => kv.get(key(index)),
      collection: index => collection.get(key(index))?.value,
      map: index => map.get(key(index)),
      isRight: answer => answer !== undefined
    },
    {
      title: 'get missing',
      kv: index => kv.get(missing[index] as string),
      collection: index => collection.get(missing[index] as string),
      map: index => map.get(missing[index] as string),
      isRight: answer => answer === undefined
    },
    {
      title: 'has',
      kv: index => kv.has(key(index)),
      collection: index => collection.has(key(index)),
      map: index => map.has(key(index)),
      isRight: answer => answer === true
    }
  ]
}

/** Nanoseconds of one operation, over all keys in an order without pattern. */
function time(run: (index: number) => unknown, isRight: Operation['isRight']): number {
  let wrong = 0
  const start = process.hrtime.bigint()
  for (let count = 0, index = 0; count < KEYS; count++, index = (index + 7919) % KEYS) {
    if (!isRight(run(index), index)) wrong++
  }
  const taken = Number(process.hrtime.bigint() - start)
  if (wrong > 0) throw new Error(`${wrong} answers are wrong`)
  return taken / KEYS
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

console.log(
  `${cpus()[0]?.model}, Node ${process.version}, ${KEYS} keys in memory, durability process, ${ROUNDS} rounds`
)
console.log('operation      store ns  collection ns  Map ns  store/collection  store/Map')
for (const kind of Object.keys(VALUES)) {
  for (const { title, isRight, ...sides } of operations(kind)) {
    const { kv, collection, map } = sides
    for (const side of [kv, collection, map]) if (side !== undefined) time(side, isRight)
    const samples: number[][] = Array.from({ length: ROUNDS }, (_, round) => {
      const order = [kv, collection, map as Operation['kv']].map((run, place) => ({ run, place }))
      const taken = [0, 0, 0]
      for (let turn = 0; turn < order.length; turn++) {
        const { run, place } = order[(turn + round) % order.length] as (typeof order)[number]
        taken[place] = time(run, isRight)
      }
      return taken
    })
    const column = (place: number) => median(samples.map(taken => taken[place] as number))
    const ratio = (place: number) => median(samples.map(taken => (taken[0] as number) / (taken[place] as number)))
    const cells = [column(0), column(1), column(2)].map(nanoseconds => nanoseconds.toFixed(0).padStart(9))
    console.log(
      `${title.padEnd(14)} ${cells.join('  ')}  ${ratio(1).toFixed(2).padStart(12)}  ${ratio(2).toFixed(1).padStart(12)}`
    )
  }
}
