// Values that JSON lacks, in JSON: the forms that are written, those that are read, those that are refused.
import { expect, test, vi } from 'vitest'
import { parseExtended, stringifyExtended } from '../../src/index.ts'
import { failure } from './temporary.ts'

test('values_that_json_lacks_are_written_in_the_forms_of_extended_json', () => {
  const value = {
    date: new Date(0),
    early: new Date(-1),
    bytes: new Uint8Array([1, 2, 255]),
    big: 2n ** 60n,
    numbers: [1.5, Number.NaN, Number.NEGATIVE_INFINITY, -0],
    plain: { text: 'a', nothing: null, truth: true }
  }
  expect(stringifyExtended(value)).toBe(
    '{"date":{"$date":"1970-01-01T00:00:00.000Z"},"early":{"$date":{"$numberLong":"-1"}},' +
      '"bytes":{"$binary":{"base64":"AQL/","subType":"00"}},"big":{"$numberLong":"1152921504606846976"},' +
      '"numbers":[1.5,{"$numberDouble":"NaN"},{"$numberDouble":"-Infinity"},{"$numberDouble":"-0.0"}],' +
      '"plain":{"text":"a","nothing":null,"truth":true}}'
  )
  expect(parseExtended(stringifyExtended(value))).toEqual(value)
})

test('data_that_looks_like_a_form_comes_back_as_it_was', () => {
  for (const key of ['$date', '$oid', '$literal', '$numberDecimal', '$numberLong']) {
    for (const inner of [5, 'x', { [key]: { [key]: new Date(1) } }]) {
      const value = { a: [{ [key]: inner }] }
      expect(parseExtended(stringifyExtended(value))).toEqual(value)
    }
  }
  const two = { $date: 5, other: 1, $unknown: { $set: 1 } }
  expect(JSON.parse(stringifyExtended(two))).toEqual(two)
  expect(parseExtended(JSON.stringify(two))).toEqual(two)
})

test('operators_stay_what_they_are', () => {
  for (const text of [
    '{"a":{"$regex":"^x"}}',
    '{"b":{"$literal":"$a"}}',
    '{"c":{"$literal":{"d":1}}}',
    '{"$literal":[1]}'
  ]) {
    expect(parseExtended(text)).toEqual(JSON.parse(text))
    expect(parseExtended(stringifyExtended(parseExtended(text)))).toEqual(JSON.parse(text))
  }
  expect(parseExtended('{"$literal":{"$\\u0064ate":5}}')).toEqual({ $date: 5 })
})

test('sets_and_maps_are_written_as_they_are_stored', () => {
  const value = { set: new Set([1, new Date(0)]), map: new Map<string, unknown>([['$date', 1n]]) }
  const text = '{"set":[1,{"$date":"1970-01-01T00:00:00.000Z"}],"map":{"$literal":{"$date":{"$numberLong":"1"}}}}'
  expect(stringifyExtended(value)).toBe(text)
})

test('the_same_is_read_and_written_where_there_are_no_buffers_of_node', async () => {
  const text = '{"b":{"$binary":{"base64":"AQL/","subType":"00"}},"u":{"$uuid":"00112233-4455-6677-8899-aabbccddeeff"}}'
  const whole = parseExtended(text)
  vi.stubGlobal('Buffer', undefined)
  vi.resetModules()
  try {
    const browser = await import('../../src/extended-json.ts')
    expect(browser.parseExtended(text)).toEqual(whole)
    expect(browser.parseExtended(browser.stringifyExtended(whole))).toEqual(whole)
  } finally {
    vi.unstubAllGlobals()
  }
})

test('what_a_mongodb_tool_writes_is_read', () => {
  const text =
    '{"_id":{"$oid":"507f191e810c19729de860ea"},"n":{"$numberInt":"5"},"l":{"$numberLong":"7"},' +
    '"d":{"$numberDouble":"1.5E+3"},"t":{"$date":{"$numberLong":"5"}},"s":{"$date":"2026-01-01T00:00:00+02:00"},' +
    '"u":{"$uuid":"00112233-4455-6677-8899-aabbccddeeff"},"m":{"$date":5}}'
  expect(parseExtended(text)).toEqual({
    _id: '507f191e810c19729de860ea',
    n: 5,
    l: 7,
    d: 1500,
    t: new Date(5),
    s: new Date('2025-12-31T22:00:00Z'),
    u: new Uint8Array(Buffer.from('00112233445566778899aabbccddeeff', 'hex')),
    m: new Date(5)
  })
})

test('wrong_forms_are_refused_with_their_path', () => {
  const wrong = [
    '{"$date":"yesterday"}',
    '{"$date":"2026"}',
    '{"$date":9e20}',
    '{"$date":null}',
    '{"$binary":"AQ=="}',
    '{"$binary":{"base64":"A","subType":"00"}}',
    '{"$binary":{"base64":"AQ==","subType":"00","x":1}}',
    '{"$numberLong":5}',
    '{"$numberLong":"18446744073709551616"}',
    '{"$numberDouble":""}',
    '{"$uuid":"x"}',
    '{"$oid":"x"}',
    `${`{"a":`.repeat(108)}{"$date":5}${'}'.repeat(108)}`
  ]
  for (const text of wrong) {
    const { code, message } = failure(() => parseExtended(`{"a":[${text}]}`))
    expect([text, code]).toEqual([text, 'INVALID_DOCUMENT'])
    expect(message).toContain('a[0]')
  }
  const foreign = ['{"$numberDecimal":"1"}', '{"$timestamp":{"t":1,"i":1}}', '{"__proto__":1}', '{"\\u005f_proto__":1}']
  for (const text of [...foreign, '{"$literal":{"__proto__":{"$date":5}}}']) {
    const { code, message } = failure(() => parseExtended(`{"a":[${text}]}`))
    expect([text, code, message.includes('a[0]')]).toEqual([text, 'UNSUPPORTED_VALUE', true])
  }
  expect(failure(() => parseExtended('{"a":')).code).toBe('INVALID_DOCUMENT')
  expect(failure(() => parseExtended(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)).code).toBe('INVALID_DOCUMENT')
  expect(failure(() => stringifyExtended(undefined)).code).toBe('UNSUPPORTED_VALUE')
})
