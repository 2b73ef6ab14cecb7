// The regression guard's judgement: when a ratio counts as worse, and what a new baseline keeps of the old one.

import { expect, test } from 'vitest'
import { isFailure, judge, renewed, TOLERANCE } from '../../bench/baseline.ts'

const ROW = { workload: 'scan', over: 'lmdb-nosync', ratio: 10, tolerance: 0.4 }

function judgementAt(now: number) {
  return judge([ROW], [{ workload: 'scan', over: 'lmdb-nosync', ratio: now }])[0]?.judgement
}

test('a_ratio_within_its_tolerance_is_as_before', () => {
  expect([6, 10, 16.6].map(judgementAt)).toEqual(['as before', 'as before', 'as before'])
})

test('a_ratio_below_its_tolerance_is_worse_and_fails', () => {
  expect(judgementAt(5.99)).toBe('worse')
  const [verdict] = judge([ROW], [{ workload: 'scan', over: 'lmdb-nosync', ratio: 5.99 }])
  expect(verdict?.least).toBeCloseTo(6)
  expect(verdict && isFailure(verdict)).toBe(true)
})

test('a_ratio_far_above_is_better_and_does_not_fail', () => {
  expect(judgementAt(17)).toBe('better')
  expect(judge([ROW], [{ workload: 'scan', over: 'lmdb-nosync', ratio: 17 }]).some(isFailure)).toBe(false)
})

test('each_row_is_judged_by_its_own_tolerance', () => {
  const rows = [ROW, { ...ROW, over: 'map-buffers', tolerance: 0.1 }]
  const measured = rows.map(({ workload, over }) => ({ workload, over, ratio: 8 }))
  expect(judge(rows, measured).map(({ judgement }) => judgement)).toEqual(['as before', 'worse'])
})

test('a_row_that_is_not_measured_fails', () => {
  for (const measured of [[], [{ ...ROW, workload: 'filter' }], [{ ...ROW, ratio: Number.NaN }]]) {
    const verdicts = judge([ROW], measured)
    expect(verdicts.map(({ judgement }) => judgement)).toEqual(['not measured'])
    expect(verdicts.every(isFailure)).toBe(true)
  }
})

test('a_ratio_without_a_row_is_not_judged', () => {
  expect(judge([], [ROW])).toEqual([])
})

test('a_new_baseline_keeps_the_tolerances_of_the_old_one', () => {
  const measured = [
    { workload: 'scan', over: 'lmdb-nosync', ratio: 12.3456 },
    { workload: 'scan', over: 'map-buffers', ratio: 2 }
  ]
  expect(renewed([{ ...ROW, tolerance: 0.25 }], measured)).toEqual([
    { workload: 'scan', over: 'lmdb-nosync', ratio: 12.3, tolerance: 0.25 },
    { workload: 'scan', over: 'map-buffers', ratio: 2, tolerance: TOLERANCE }
  ])
})

test('a_baseline_holds_against_the_run_it_was_made_of', () => {
  const measured = [1.2345, 0.0912, 41.63].map((ratio, index) => ({
    workload: `w${index}`,
    over: 'lmdb-nosync',
    ratio
  }))
  expect(judge(renewed([], measured), measured).some(isFailure)).toBe(false)
})
