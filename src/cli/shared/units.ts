// Sizes and times as people write them.
//
// Promises: what has no unit is bytes or milliseconds; what cannot be read is refused with what helps. Leaves to
// others: bounds (the database has them).

import { usageFailure } from './failure.ts'

const SIZES: { readonly [unit: string]: number } = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1 << 10,
  mib: 1 << 20,
  gib: 1 << 30
}
const TIMES: { readonly [unit: string]: number } = {
  '': 1,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3_600e3,
  d: 86_400e3
}
const UNITS_OF_BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Bytes of text such as `64MiB`. */
export function parseSize(text: string, what: string): number {
  return parseUnits(text, SIZES) ?? refuse(`${what} must be a size such as 65536, 64MiB or 1GB, not ${text}`)
}

/** Milliseconds of text such as `30s`. */
export function parseTime(text: string, what: string): number {
  return parseUnits(text, TIMES) ?? refuse(`${what} must be a time such as 500, 500ms, 30s, 5m, 2h or 7d, not ${text}`)
}

/** Bytes as text that people read. */
export function showSize(bytes: number): string {
  let amount = bytes
  let unit = 0
  while (amount >= 1024 && unit < UNITS_OF_BYTES.length - 1) {
    amount /= 1024
    unit++
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS_OF_BYTES[unit]}`
}

function parseUnits(text: string, units: { readonly [unit: string]: number }): number | undefined {
  const [, number = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text) ?? []
  const name = unit.toLowerCase()
  if (number === '' || !Object.hasOwn(units, name)) return undefined
  return Math.round(Number(number) * (units[name] as number))
}

function refuse(message: string): never {
  throw usageFailure(message)
}
