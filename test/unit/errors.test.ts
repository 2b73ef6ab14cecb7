// The error codes: the same list as the engine's.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { codeOfNumber, QuireError } from '../../src/errors.ts'

test('codes_are_those_of_the_engine_by_number', () => {
  const source = readFileSync(new URL('../../native/engine/src/error.rs', import.meta.url), 'utf8')
  const kinds = [...source.matchAll(/^ {4}\w+ = (\d+), "([A-Z_]+)"/gm)].map(([, number, code]) => [
    Number(number),
    code
  ])
  expect(kinds.length).toBeGreaterThanOrEqual(28)
  expect(kinds.map(([number]) => [number, codeOfNumber(Number(number))])).toEqual(kinds)
  expect(codeOfNumber(0)).toBe('INTERNAL')
  expect(codeOfNumber(kinds.length + 1)).toBe('INTERNAL')
})

test('errors_carry_code_page_and_cause', () => {
  const cause = new Error('below')
  const error = new QuireError('CORRUPTED', 'page 5 is damaged', { page: 5, cause })
  expect(error).toBeInstanceOf(Error)
  expect({ ...error, name: error.name, message: error.message, cause: error.cause }).toEqual({
    name: 'QuireError',
    code: 'CORRUPTED',
    page: 5,
    message: 'page 5 is damaged',
    cause
  })
  expect('page' in new QuireError('IO', 'x')).toBe(false)
  expect('cause' in new QuireError('IO', 'x')).toBe(false)
})
