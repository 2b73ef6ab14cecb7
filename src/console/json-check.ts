// Whether a text is JSON that the server takes, and if not, where it first goes wrong.
//
// Browsers tell the place of a fault in their own words or not at all, so it is looked for here. Promises: what passes is
// what JSON.parse takes; Extended JSON ($date, $binary, $numberLong, …) is checked by the rules of docs/SERVER.md; the
// line and column are those of an editor, from 1. Leaves to others: what values mean (the server).
// Source: RFC 8259.

import type { Json } from './api.ts'

/** What is wrong, and where. */
export interface JsonProblem {
  readonly message: string
  readonly line: number
  readonly column: number
}
/** A value, or what is wrong. */
export type Checked = { readonly value: Json; readonly problem?: undefined } | { readonly problem: JsonProblem }

/** Deepest nesting of a document. */
const DEPTH_MAX = 100
const SPACE = /[ \t\r\n]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in texts
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const WORD = /true|false|null/y
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

class Fault extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  all(): void {
    this.#space()
    this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) throw this.#fault('nothing may follow the value')
  }

  #fault(message: string): Fault {
    return new Fault(this.#at, message)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #space(): void {
    this.#take(SPACE)
  }

  #next(): string {
    return this.#text.charAt(this.#at)
  }

  #value(depth: number): void {
    if (depth > DEPTH_MAX) throw this.#fault(`values nest at most ${DEPTH_MAX} levels deep`)
    const next = this.#next()
    if (next === '{') this.#object(depth)
    else if (next === '[') this.#list(depth)
    else if (next === '"') this.#string()
    else if (this.#take(WORD) === undefined && this.#take(NUMBER) === undefined) {
      throw this.#fault(next === '' ? 'the text ends where a value is expected' : `a value cannot begin with ${next}`)
    }
  }

  #string(): string {
    const found = this.#take(STRING)
    if (found === undefined) {
      throw this.#fault(this.#next() === '"' ? 'this text is not ended, or has a wrong escape' : 'expected a text in "')
    }
    return found
  }

  #list(depth: number): void {
    this.#at++
    this.#space()
    if (this.#next() === ']') this.#at++
    else this.#items(']', () => this.#value(depth + 1))
  }

  #object(depth: number): void {
    const start = this.#at
    const keys = new Set<string>()
    this.#at++
    this.#space()
    if (this.#next() === '}') this.#at++
    else {
      this.#items('}', () => {
        const keyAt = this.#at
        const key = JSON.parse(this.#string()) as string
        if (keys.has(key)) throw new Fault(keyAt, `the key "${key}" is there twice`)
        if (key === '__proto__') throw new Fault(keyAt, 'the key __proto__ cannot be stored')
        keys.add(key)
        this.#space()
        if (this.#next() !== ':') throw this.#fault('expected : behind the key')
        this.#at++
        this.#space()
        this.#value(depth + 1)
      })
    }
    if (keys.size !== 1) return
    const message = extendedFault(JSON.parse(this.#text.slice(start, this.#at)) as Record<string, Json>)
    if (message !== undefined) throw new Fault(start, message)
  }

  /** What stands between commas, until the end that is named. */
  #items(end: string, item: () => void): void {
    for (;;) {
      this.#space()
      item()
      this.#space()
      const next = this.#next()
      if (next !== ',' && next !== end) throw this.#fault(`expected , or ${end}`)
      this.#at++
      if (next === end) return
    }
  }
}

/** What is wrong with an object of one key that stands for a value. */
function extendedFault(object: Record<string, Json>): string | undefined {
  const [[key, inner] = ['', null]] = Object.entries(object)
  switch (key) {
    case '$date': {
      const isLong = typeof inner === 'object' && inner !== null && '$numberLong' in inner
      const time = typeof inner === 'string' || typeof inner === 'number' ? new Date(inner).getTime() : Number.NaN
      return isLong || Number.isFinite(time) ? undefined : '$date takes a time such as "2026-01-31T12:00:00Z"'
    }
    case '$binary': {
      const base64 = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner['base64'] : undefined
      const isRight = typeof base64 === 'string' && BASE64.test(base64)
      return isRight ? undefined : '$binary takes {"base64": "…", "subType": "00"}'
    }
    case '$numberLong':
    case '$numberInt':
      return typeof inner === 'string' && /^-?\d{1,20}$/.test(inner)
        ? undefined
        : `${key} takes a whole number of 64 bits in "`
    case '$numberDouble': {
      const isRight = typeof inner === 'string' && inner !== '' && (inner === 'NaN' || !Number.isNaN(Number(inner)))
      return isRight ? undefined : '$numberDouble takes a number in "'
    }
    default:
      return undefined
  }
}

function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** Reads a text. */
export function checkJson(text: string): Checked {
  try {
    new Reader(text).all()
    return { value: JSON.parse(text) as Json }
  } catch (error) {
    const at = error instanceof Fault ? error.at : text.length
    return { problem: { message: (error as Error).message, ...placeOf(text, at) } }
  }
}

/** As `checkJson`, and the value has to be an object. */
export function checkObject(text: string): Checked {
  const checked = checkJson(text)
  if (checked.problem !== undefined) return checked
  const { value } = checked
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return checked
  return { problem: { message: 'expected an object in { }', line: 1, column: 1 } }
}

/** A problem as one sentence. */
export function problemText({ message, line, column }: JsonProblem): string {
  return `Line ${line}, column ${column}: ${message}`
}
