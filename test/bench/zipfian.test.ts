// The zipfian numbers: their range, that they can be drawn again, and how often the popular ones come.

import { expect, test } from 'vitest'
import { THETA, zeta, zipfian } from '../../bench/zipfian.ts'

const COUNT = 1_000
const DRAWS = 200_000
const SEED = 0x2b1f

function drawn(seed: number): number[] {
  const draw = zipfian(COUNT, seed)
  return Array.from({ length: DRAWS }, draw)
}

test('every_number_is_a_place', () => {
  const places = drawn(SEED)
  expect(places.every(place => Number.isInteger(place) && place >= 0 && place < COUNT)).toBe(true)
  expect(new Set(places).size).toBeGreaterThan(COUNT / 2)
})

test('the_same_seed_draws_the_same', () => {
  expect(drawn(SEED).slice(0, 100)).toEqual(drawn(SEED).slice(0, 100))
  expect(drawn(SEED).slice(0, 100)).not.toEqual(drawn(SEED + 1).slice(0, 100))
})

test('the_most_popular_places_come_as_often_as_the_distribution_says', () => {
  const counts = new Array<number>(COUNT).fill(0)
  for (const place of drawn(SEED)) counts[place] = (counts[place] as number) + 1
  for (const place of [0, 1]) {
    const expected = (place + 1) ** -THETA / zeta(COUNT)
    expect((counts[place] as number) / DRAWS / expected).toBeCloseTo(1, 1)
  }
  const head = counts.slice(0, 100).reduce((sum, count) => sum + count, 0) / DRAWS
  expect(head / (zeta(100) / zeta(COUNT))).toBeCloseTo(1, 1)
})
