// The parts of the console that need no page: what is right JSON and where it is not, what counters and streams say.

import { expect, test } from 'vitest'
import { eventsOf } from '../../src/console/change-feed.ts'
import { idParts, namespaceOf, shortText, storeOf } from '../../src/console/format.ts'
import { checkJson, checkObject, problemText } from '../../src/console/json-check.ts'
import { activityBetween, readCounters } from '../../src/console/metrics.ts'
import { cellsOf, groupsOf } from '../../src/console/page-map.ts'

function faultOf(text: string): string {
  const { problem } = checkJson(text)
  return problem === undefined ? 'right' : problemText(problem)
}

test('what_is_no_json_is_told_by_line_and_column', () => {
  expect(faultOf('')).toBe('Line 1, column 1: the text ends where a value is expected')
  expect(faultOf('{"a": 1,\n "b": }')).toBe('Line 2, column 7: a value cannot begin with }')
  expect(faultOf('{"a": 1,}')).toBe('Line 1, column 9: expected a text in "')
  expect(faultOf('{"a" 1}')).toBe('Line 1, column 6: expected : behind the key')
  expect(faultOf('[1 2]')).toBe('Line 1, column 4: expected , or ]')
  expect(faultOf('{"a": 1}\n{}')).toBe('Line 2, column 1: nothing may follow the value')
  expect(faultOf('{"a": "x\ny"}')).toMatch(/^Line 1, column 7: this text is not ended/)
  expect(faultOf('{"a": 1, "a": 2}')).toBe('Line 1, column 10: the key "a" is there twice')
  expect(faultOf('{"__proto__": 1}')).toMatch(/__proto__ cannot be stored/)
  expect(faultOf('['.repeat(200))).toMatch(/at most 100 levels/)
  expect(checkObject('[]').problem?.message).toBe('expected an object in { }')
})

test('what_json_parse_takes_passes_unchanged', () => {
  for (const text of ['null', '-0.5e-10', '"\\u00e9\\n\\/"', '[]', '{}', ' [ 1 , {"a":[true,false]} ] ', '{"":1}']) {
    expect(checkJson(text)).toEqual({ value: JSON.parse(text) })
  }
  for (const text of ['01', '+1', '.5', 'nul', "'a'", '[,]', '{a:1}', '"\\x"', '\u00a01', 'NaN']) {
    expect(() => JSON.parse(text)).toThrow()
    expect(faultOf(text)).not.toBe('right')
  }
})

test('extended_json_is_checked_where_it_stands', () => {
  expect(faultOf('{"at": {"$date": "2026-01-01T00:00:00Z"}}')).toBe('right')
  expect(faultOf('{"at": {"$date": {"$numberLong": "-5"}}}')).toBe('right')
  expect(faultOf('{"n": {"$numberLong": "9007199254740993"}, "d": {"$numberDouble": "-Infinity"}}')).toBe('right')
  expect(faultOf('{"b": {"$binary": {"base64": "AQI=", "subType": "00"}}}')).toBe('right')
  expect(faultOf('{\n"at": {"$date": "soon"}}')).toMatch(/^Line 2, column 7: \$date takes/)
  expect(faultOf('{"n": {"$numberLong": 5}}')).toMatch(/\$numberLong takes/)
  expect(faultOf('{"b": {"$binary": "AQI="}}')).toMatch(/\$binary takes/)
  expect(faultOf('{"b": {"$binary": {"base64": "AQI"}}}')).toMatch(/\$binary takes/)
  expect(faultOf('{"d": {"$numberDouble": "x"}}')).toMatch(/\$numberDouble takes/)
  expect(faultOf('{"age": {"$gt": 5}}')).toBe('right')
})

test('ids_of_every_kind_have_their_path', () => {
  expect(idParts('a/b')).toEqual({ text: 'a/b', idType: undefined })
  expect(idParts(7)).toEqual({ text: '7', idType: 'integer' })
  expect(idParts({ $numberLong: '9007199254740993' })).toEqual({ text: '9007199254740993', idType: 'integer' })
  expect(idParts({ $binary: { base64: '+/8=', subType: '00' } })).toEqual({ text: '-_8', idType: 'bytes' })
})

test('names_of_namespaces_and_stores_are_read_back', () => {
  expect(namespaceOf('google/User')).toBe('google')
  expect(namespaceOf('a%2Fb%2525/User')).toBe('a/b%25')
  expect(namespaceOf('users')).toBeUndefined()
  expect(storeOf('kv:artists')).toEqual({ namespace: undefined, store: 'artists' })
  expect(storeOf('shop/kv:a%2Fb')).toEqual({ namespace: 'shop', store: 'a/b' })
  expect(storeOf('users')).toBeUndefined()
})

test('values_are_cut_to_a_line', () => {
  expect(shortText({ $date: '2026-01-01T00:00:00.000Z' })).toBe('2026-01-01T00:00:00.000Z')
  expect(shortText({ $binary: { base64: 'AQI=', subType: '00' } })).toBe('2 bytes')
  expect(shortText('x'.repeat(100), 10)).toBe(`${'x'.repeat(9)}…`)
  expect(shortText({ a: [1] })).toBe('{"a":[1]}')
})

const FIND = 'method="POST",route="/v1/databases/{database}/collections/{collection}/find"'
const PUT = 'method="PUT",route="/v1/databases/{database}/kv/{store}/{key}"'
const SELF = 'method="GET",route="/metrics"'
function counters(finds: number, puts: number) {
  const lines = [FIND, PUT, SELF].flatMap((labels, index) => {
    const count = [finds, puts, 1000][index]
    const name = 'quiredb_request_duration_seconds'
    return [
      `${name}_bucket{${labels},le="0.001"} 0`,
      `${name}_bucket{${labels},le="0.002"} ${count}`,
      `${name}_bucket{${labels},le="+Inf"} ${count}`,
      `${name}_sum{${labels}} 1`,
      `${name}_count{${labels}} ${count}`
    ]
  })
  return readCounters(lines.join('\n'))
}

test('activity_is_what_happened_between_two_looks_at_data_alone', () => {
  expect(activityBetween(counters(10, 5), counters(30, 15), 2)).toEqual({
    readsPerSecond: 10,
    writesPerSecond: 5,
    medianMs: 1.5,
    slowMs: 1.99
  })
  expect(activityBetween(counters(1, 1), counters(1, 1), 1)).toMatchObject({ readsPerSecond: 0, medianMs: null })
})

test('events_are_read_however_they_are_cut', async () => {
  const text =
    ': still here\n\nevent: change\nid: 1\ndata: {"a":\ndata: 1}\n\nevent: open\nid: 2\ndata: {}\n\ndata: half'
  for (const size of [1, 3, 1000]) {
    async function* pieces() {
      for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
    }
    const events = []
    for await (const event of eventsOf(pieces())) events.push(event)
    expect(events).toEqual([
      { event: 'change', id: '1', data: '{"a":\n1}' },
      { event: 'open', id: '2', data: '{}' }
    ])
  }
})

test('every_page_is_in_one_group_and_one_cell', () => {
  const runs = [
    { first: 0, count: 2, kind: 'header' },
    { first: 2, count: 5, kind: 'documents', collection: 'users', freeBytes: 4096 },
    { first: 7, count: 2, kind: 'free' },
    { first: 9, count: 1, kind: 'documents', collection: 'users', freeBytes: 96 }
  ] as const
  const groups = groupsOf(runs, 'collection')
  expect(groups).toMatchObject([
    { name: 'users', pagesCount: 6, runsCount: 2, freeBytes: 4192, documentPagesCount: 6 },
    { name: 'The file itself', pagesCount: 2, runsCount: 1 },
    { name: 'Free', pagesCount: 2, isFree: true }
  ])
  expect(cellsOf(runs, groups, 'collection', 1)).toEqual([1, 1, 0, 0, 0, 0, 0, 2, 2, 0])
  expect(cellsOf(runs, groups, 'collection', 4)).toHaveLength(3)
  expect(cellsOf([], [], 'kind', 1)).toEqual([])
})
