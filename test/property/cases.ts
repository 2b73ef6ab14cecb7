// How long property tests run, and from which seed.
//
// QUIRE_CASES asks for a number of cases (the short form has a few thousand), QUIRE_SEED for a run again from a seed
// that a failure printed. Promises: a failure prints the seed and the smallest case found.

import { inspect } from 'node:util'

/** The number of cases to run: `short` where the environment does not ask for another one. */
export function casesCount(short: number): number {
  return positive('QUIRE_CASES') ?? short
}

/** The seed of this run. */
export const SEED: number = positive('QUIRE_SEED') ?? Math.trunc(Math.random() * 0x7fff_ffff)

/** The time that a test of so many cases may take, in milliseconds: a guard against hanging, and no measure. */
export function patienceMs(cases: number): number {
  return 60_000 + cases * 20
}

/** True when the environment asks for a number of cases: then a test also prints what it met. */
export function isLongForm(): boolean {
  return positive('QUIRE_CASES') !== undefined
}

/** A value in one line, with what JSON cannot say. */
export function show(value: unknown): string {
  return inspect(value, { depth: 20, breakLength: Number.POSITIVE_INFINITY, compact: true })
}

function positive(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined || text === '') return undefined
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${name} must be a whole number, not ${text}`)
  return number
}
