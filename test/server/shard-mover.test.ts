// Moving documents between shards when a shard fails: a batch is moved whole or not at all.
import { expect, test } from 'vitest'
import { ShardFiles } from '../../src/server/shard-files.ts'
import { ShardMover } from '../../src/server/shard-mover.ts'
import { Shards } from '../../src/server/shards.ts'
import { WriteGate } from '../../src/server/write-gate.ts'
import { temporaryFolder } from './harness.ts'

const COUNT = 3_000

/** Lets the `failing`th sync of a shard fail, and none behind it. */
function failSync(part: object, failing: number): void {
  const sync = (part as { sync(): Promise<void> }).sync.bind(part)
  let count = 0
  const faulty = () => (++count === failing ? Promise.reject(new Error('on purpose')) : sync())
  Object.defineProperty(part, 'sync', { value: faulty, configurable: true })
}

/** The ids of each shard. */
function idsOf(shards: Shards): unknown[][] {
  return shards.parts.map(part =>
    part
      .collection('items')
      .find({})
      .toArray()
      .map(({ _id }) => _id)
  )
}

test.each([
  ['the new shard', 1, 2],
  ['the old shard', 0, 2]
])('batch_is_taken_back_where_%s_fails', async (_, shard, failing) => {
  const shards = new Shards(new ShardFiles(`${temporaryFolder()}/main.quire`), { durability: 'process' })
  try {
    const mover = new ShardMover(shards, new WriteGate())
    const documents = Array.from({ length: COUNT }, (_, n) => ({ _id: n }))
    shards.parts[0]?.collection('items').insertMany(documents)
    await mover.resize(2)
    failSync(shards.parts[shard] as object, failing)
    await expect(mover.run()).rejects.toThrow('on purpose')
    expect(mover.isTorn).toBe(false)
    expect(mover.movedCount).toBeGreaterThan(0)
    const all = idsOf(shards).flat() as number[]
    expect(all.sort((a, b) => a - b)).toEqual(documents.map(({ _id }) => _id))

    await mover.run()
    expect(shards.isMoving).toBe(false)
    expect(idsOf(shards).flat()).toHaveLength(COUNT)
  } finally {
    await shards.close()
  }
})

test('documents_in_two_places_are_in_one_after_recovery', async () => {
  const shards = new Shards(new ShardFiles(`${temporaryFolder()}/main.quire`), { durability: 'process' })
  try {
    const mover = new ShardMover(shards, new WriteGate())
    shards.parts[0]?.collection('items').insertMany(Array.from({ length: COUNT }, (_, n) => ({ _id: n })))
    await mover.resize(2)
    const copies = shards.parts[1] as object
    // Neither the copies nor their deletion can be made to last.
    Object.defineProperty(copies, 'sync', { value: () => Promise.reject(new Error('on purpose')), configurable: true })
    await expect(mover.run()).rejects.toThrow('on purpose')
    expect(mover.isTorn).toBe(true)
    Reflect.deleteProperty(copies, 'sync')
    await mover.recover()
    expect(mover.isTorn).toBe(false)
    expect(new Set(idsOf(shards).flat()).size).toBe(COUNT)
    expect(idsOf(shards).flat()).toHaveLength(COUNT)
  } finally {
    await shards.close()
  }
})
