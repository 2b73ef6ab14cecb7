// The page of a benchmark's run: that it is well formed, needs nothing from elsewhere, names what it shows, and that no
// text of a run becomes markup.

import { expect, test } from 'vitest'
import { page } from '../../bench/page.ts'
import type { Results, Sample } from '../../bench/samples.ts'

/** Elements of HTML that are never closed. */
const VOID = new Set(['meta', 'br', '!doctype'])

function results(): Results {
  const engines = { 'quire-process': 3_000, 'lmdb-nosync': 1_000, 'map-objects': 900_000 }
  const samples: Sample[] = Object.entries(engines).flatMap(([engine, rate]) =>
    [1_000, 10_000].flatMap(documentsCount =>
      [0, 1, 2].map(round => ({ engine, workload: 'scan', round, documentsCount, value: rate + round }))
    )
  )
  return {
    surroundings: {
      processor: 'A <fast> one',
      cores: 2,
      memoryBytes: 1,
      system: 'Linux',
      node: '20.0.0',
      packages: { lmdb: '3.5.6' },
      date: '2026-11-27T00:00:00.000Z'
    },
    documentsCount: 10_000,
    rounds: 3,
    leftOut: [{ engine: 'rocksdb', reason: 'SIGABRT: <script>alert(1)</script>' }],
    rows: [
      { key: 'quire-process', title: 'quire process', survives: 'process death, synced later' },
      { key: 'lmdb-nosync', title: 'lmdb noSync', survives: 'process death' },
      { key: 'map-objects', title: 'Map of objects', survives: 'nothing' },
      { key: 'sqlite-off', title: 'better-sqlite3 OFF', survives: 'process death' }
    ],
    columns: [
      { key: 'scan', title: 'scan "decoded" & all', unit: 'ops/s' },
      { key: 'open-warm', title: 'open warm', unit: 'ms' }
    ],
    samples,
    failures: []
  }
}

/** Elements that are closed out of turn or not at all. */
function badlyNested(html: string): string[] {
  const open: string[] = []
  const wrong: string[] = []
  for (const [, slash, name = '', closed] of html.matchAll(/<(\/?)([!a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
    if (VOID.has(name) || closed === '/') continue
    if (slash === '') open.push(name)
    else if (open.pop() !== name) wrong.push(name)
  }
  return [...wrong, ...open]
}

test('the_page_is_well_formed_and_has_no_empty_figures', () => {
  const html = page({ ...results(), slopes: slopes() })
  expect(badlyNested(html)).toEqual([])
  expect(html).not.toMatch(/NaN|undefined|Infinity/)
})

test('the_page_needs_nothing_from_elsewhere', () => {
  const html = page(results())
  expect(html).not.toMatch(/<(script|link|img|iframe)|\b(src|href|xlink:href)=|url\(|@import|https?:/i)
})

test('text_of_a_run_is_never_markup', () => {
  const html = page(results())
  expect(html).not.toContain('<fast>')
  expect(html).toContain('A &#60;fast&#62; one')
  expect(html).not.toContain('<script>')
})

test('every_engine_that_ran_is_named_with_its_durability', () => {
  const html = page(results())
  for (const words of ['quire process', 'survives process death, synced later', 'Map of objects', 'survives nothing']) {
    expect(html).toContain(words)
  }
  expect(html).toContain('Left out: rocksdb')
})

test('each_workload_that_ran_has_a_titled_chart_and_a_table', () => {
  const html = page(results())
  expect(html.match(/<svg role="img"[^>]*><title>/g)).toHaveLength(1)
  expect(html).toContain('<h3>scan &#34;decoded&#34; &#38; all</h3>')
  expect(html).not.toContain('<h3>open warm</h3>')
  expect(html).toMatch(/<summary>The same as a table<\/summary>/)
})

test('ratios_are_of_the_engines_that_ran', () => {
  const html = page(results())
  expect(html).toContain('<th scope="row">quire process : lmdb noSync</th><td>3.00</td><td>-</td>')
})

test('what_is_beyond_the_scale_is_marked', () => {
  expect(page(results()).match(/class="beyond"/g)).toHaveLength(1)
})

function slopes() {
  const points = [
    { documentsCount: 1_000, cost: 10 },
    { documentsCount: 10_000, cost: 20 }
  ]
  return [
    { engine: 'quire-process', workload: 'scan', points, slope: 0.301 },
    { engine: 'lmdb-nosync', workload: 'scan', points, slope: 0.301 }
  ]
}

test('growth_is_shown_where_it_was_measured', () => {
  expect(page(results())).not.toContain('Growth of cost')
  const html = page({ ...results(), slopes: slopes() })
  expect(html).toContain('Growth of cost with size')
  expect(html).toContain('<td>0.30</td>')
})
