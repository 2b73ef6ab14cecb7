// Numbers of which few are met often: the distribution of YCSB, in which the place in the order of popularity has a chance
// in proportion to its power of minus 0.99.
// Source: Gray et al., Quickly Generating Billion-Record Synthetic Databases, SIGMOD 1994, as YCSB's ZipfianGenerator.

import { generator } from './documents.ts'

/** YCSB's constant. */
export const THETA = 0.99

/** Numbers below this are drawn and divided by it. */
const RESOLUTION = 2 ** 32 - 1

/** The sum of the chances of `count` places before they are made to sum to one. */
export function zeta(count: number): number {
  let sum = 0
  for (let place = 1; place <= count; place++) sum += place ** -THETA
  return sum
}

/**
 * Draws places from 0, the most popular, to below `count`.
 * Units: count in places, from 2; the same seed draws the same places.
 */
export function zipfian(count: number, seed: number): () => number {
  const below = generator(seed)
  const sum = zeta(count)
  const alpha = 1 / (1 - THETA)
  const eta = (1 - (2 / count) ** (1 - THETA)) / (1 - zeta(2) / sum)
  return () => {
    const chance = below(RESOLUTION) / RESOLUTION
    if (chance * sum < 1) return 0
    if (chance * sum < 1 + 0.5 ** THETA) return 1
    return Math.min(count - 1, Math.floor(count * (eta * chance - eta + 1) ** alpha))
  }
}
