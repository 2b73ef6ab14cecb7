// What may be stored: makes plain documents of those that are not, for msgpackr.
//
// The mapping. Stored as they are: strings, booleans, null, numbers, bigints of 64 bits, Date, Uint8Array (and Buffer),
// arrays, plain objects. Stored as something else: a Map with string keys as an object, a Set as an array; `undefined`
// in an object is left out, in an array it becomes null, as in JSON. Refused, naming the path: everything else
// (functions, symbols, regular expressions, instances of classes, other typed arrays, invalid dates, larger bigints,
// the key `__proto__`), cycles, and more than 100 levels.
// Promises: the copy holds only what msgpackr writes as this mapping says. Leaves to others: documents that are plain
// from the start (encoder.ts), the bytes (codec.ts).

import { types } from 'node:util'
import { QuireError } from './errors.ts'

/** Deepest nesting of maps and arrays, as in native/engine/src/limits.rs. */
const DEPTH_MAX = 100
/** Longest array that may be mostly holes. */
const SPARSE_LENGTH = 1 << 20
/** Bounds of what MessagePack can hold as an integer. */
const INTEGER_MIN = -(2n ** 63n)
const INTEGER_MAX = 2n ** 64n - 1n

const objectPrototype = Object.prototype

/**
 * Makes a plain copy of a document, filter, update or list of documents.
 * @internal
 */
export class PlainCopier {
  /** How often the stand-in was written for a -0. */
  standInsCount = 0
  readonly #what: string
  readonly #standIn: number
  readonly #depthMax: number
  /** The objects around the place that is copied now. */
  readonly #ancestors: object[] = []

  /**
   * @param what how messages call the value, such as `document`
   * @param levels how many maps and arrays around documents the value has, which are no levels of theirs
   * @param standIn the number to write for -0, which the encoder would write as 0
   */
  constructor(what: string, levels: number, standIn: number) {
    this.#what = what
    this.#standIn = standIn
    this.#depthMax = DEPTH_MAX + levels
  }

  /**
   * A plain copy of `value`, which stands at `path`.
   * @throws QuireError `UNSUPPORTED_VALUE`, naming the path; StandInMet
   */
  copy(value: unknown, path: string): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        if (value === this.#standIn) throw new StandInMet()
        if (!Object.is(value, -0)) return value
        this.standInsCount++
        return this.#standIn
      case 'bigint':
        if (value < INTEGER_MIN || value > INTEGER_MAX)
          throw this.#refused(path, `the bigint ${value} needs more than 64 bits`)
        return value
      case 'object':
        return value === null ? null : this.#copyObject(value, path)
      default:
        throw this.#refused(path, `a ${typeof value} cannot be stored`)
    }
  }

  #copyObject(value: object, path: string): unknown {
    if (types.isDate(value)) {
      if (Number.isNaN(value.getTime())) throw this.#refused(path, 'the date is invalid')
      return new Date(value.getTime())
    }
    if (types.isUint8Array(value)) return new Uint8Array(value.buffer, value.byteOffset, value.length)
    if (this.#ancestors.includes(value)) throw this.#refused(path, 'the value contains itself')
    if (this.#ancestors.length >= this.#depthMax)
      throw this.#refused(path, `maps and arrays nest deeper than ${DEPTH_MAX} levels`)
    this.#ancestors.push(value)
    const copy = this.#copyInside(value, path)
    this.#ancestors.pop()
    return copy
  }

  #copyInside(value: object, path: string): unknown {
    if (Array.isArray(value)) return this.#copyElements(value, path)
    if (types.isSet(value)) return this.#copyElements([...value], path)
    if (types.isMap(value)) return this.#copyFields(value.entries(), path)
    if (isRootObject(value)) return this.#copyFields(Object.entries(value), path)
    if (types.isRegExp(value))
      throw this.#refused(
        path,
        `${value} cannot stand here; a filter takes it for a field, and $regexMatch, $regexFind and $regexFindAll as regex, with the flags i, m, s and u`
      )
    const name = value.constructor?.name || 'a class'
    throw this.#refused(path, `an instance of ${name} cannot be stored; give its fields as a plain object`)
  }

  #copyElements(elements: readonly unknown[], path: string): unknown[] {
    // Holes cost nothing to make, so there may be more of them than anything can walk over.
    if (elements.length > SPARSE_LENGTH && Object.keys(elements).length < elements.length / 2)
      throw this.#refused(path, `an array of ${elements.length} places, most of them holes, cannot be stored`)
    // Array.from also visits holes.
    return Array.from(elements, (element, index) =>
      element === undefined ? null : this.copy(element, `${path}[${index}]`)
    )
  }

  #copyFields(entries: Iterable<readonly [unknown, unknown]>, path: string): Record<string, unknown> {
    const copy: Record<string, unknown> = {}
    for (const [key, value] of entries) {
      if (typeof key !== 'string')
        throw this.#refused(path, `a Map with a key of type ${typeof key} cannot be stored; keys must be strings`)
      const inner = path === '' ? key : `${path}.${key}`
      if (key === '__proto__') throw this.#refused(inner, 'the key __proto__ cannot be stored')
      if (value !== undefined) copy[key] = this.copy(value, inner)
    }
    return copy
  }

  #refused(path: string, why: string): QuireError {
    const place = path === '' ? `the ${this.#what}` : `the ${this.#what} at ${path}`
    return new QuireError('UNSUPPORTED_VALUE', `${place}: ${why}`)
  }
}

/**
 * The stand-in for -0 is a number of the document; another one has to be chosen.
 * @internal
 */
export class StandInMet extends Error {}

/** True for `{}`, `Object.create(null)`, and plain objects of another realm (a vm context). */
function isRootObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === objectPrototype) return true
  return (
    Object.getPrototypeOf(prototype) === null &&
    Object.prototype.toString.call(value) === '[object Object]' &&
    Object.hasOwn(prototype as object, 'isPrototypeOf')
  )
}
