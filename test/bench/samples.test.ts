// What is computed of a benchmark's figures: medians, ratios within rounds, the exponent of growth.

import { expect, test } from 'vitest'
import { fitSlope, median, ratiosOf, type Sample, slopesOf, spread } from '../../bench/samples.ts'

function sample(engine: string, round: number, value: number, documentsCount = 100): Sample {
  return { engine, workload: 'scan', round, documentsCount, value }
}

test('the_median_of_an_even_number_is_between_its_two_middles', () => {
  expect([median([]), median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([undefined, 2, 2.5])
})

test('spread_is_half_the_range_as_a_share_of_the_median', () => {
  expect(spread([90, 100, 130])).toBeCloseTo(0.2)
})

test('a_ratio_is_taken_within_its_round_and_rounds_without_a_partner_are_left_out', () => {
  const samples = [sample('a', 0, 10), sample('b', 0, 5), sample('a', 1, 30), sample('b', 1, 10), sample('a', 2, 7)]
  expect(ratiosOf(samples, ['a', 'b'], 'scan', 'ops/s')).toEqual([2, 3])
})

test('of_times_the_smaller_is_the_better', () => {
  expect(ratiosOf([sample('a', 0, 2), sample('b', 0, 6)], ['a', 'b'], 'scan', 'ms')).toEqual([3])
})

test('figures_that_are_not_above_nought_have_no_ratio_and_no_slope', () => {
  expect(spread([0, 0])).toBe(0)
  expect(ratiosOf([sample('a', 0, 0), sample('b', 0, 6)], ['a', 'b'], 'scan', 'B')).toEqual([])
  expect(ratiosOf([sample('a', 0, 1), sample('b', 0, -6)], ['a', 'b'], 'scan', 'B')).toEqual([])
  const rows = [{ key: 'a', title: 'a', survives: 'nothing' }]
  const samples = [sample('a', 0, -1, 10), sample('a', 0, 5, 100)]
  expect(slopesOf(samples, rows, [{ key: 'scan', title: 'scan', unit: 'B' }])).toEqual([])
})

test('the_slope_is_the_power_that_cost_follows', () => {
  const points = (cost: (n: number) => number) =>
    [10, 1_000, 100_000].map(documentsCount => ({ documentsCount, cost: cost(documentsCount) }))
  expect(fitSlope(points(() => 7))).toBeCloseTo(0)
  expect(fitSlope(points(n => 3 * n))).toBeCloseTo(1)
  expect(fitSlope(points(n => 3 * Math.sqrt(n)))).toBeCloseTo(0.5)
  expect(fitSlope(points(n => n).slice(0, 1))).toBeUndefined()
  expect(fitSlope([])).toBeUndefined()
})

test('a_rate_that_falls_is_a_cost_that_grows', () => {
  const samples = [sample('a', 0, 1_000, 10), sample('a', 0, 100, 100), sample('b', 0, 5, 10)]
  const rows = ['a', 'b'].map(key => ({ key, title: key, survives: 'nothing' }))
  const [slope, ...others] = slopesOf(samples, rows, [{ key: 'scan', title: 'scan', unit: 'ops/s' }])
  expect(others).toEqual([])
  expect(slope?.slope).toBeCloseTo(1)
  expect(slope?.points.map(({ documentsCount }) => documentsCount)).toEqual([10, 100])
})
