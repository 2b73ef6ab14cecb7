// Values of the conformance cases: relaxed Extended JSON to JavaScript's values, and how a result is compared.
//
// Promises: README.md, "Values" and "Comparing", and nothing beyond. Leaves to others: operations (runner.ts).

export type Json = null | boolean | number | string | readonly Json[] | JsonMap
export interface JsonMap {
  readonly [key: string]: Json
}

/** Results that steps saved, by name. */
export type Saved = ReadonlyMap<string, unknown>

/** The value that `json` stands for; `$saved` is looked up in `saved`. */
export function decoded(json: Json, saved: Saved): unknown {
  if (isList(json)) return json.map(element => decoded(element, saved))
  if (typeof json !== 'object' || json === null) return json
  const [[key, inner] = ['', null], ...others] = Object.entries(json)
  if (others.length === 0) {
    if (key === '$saved') return lookedUp(inner as string, saved)
    const special = SPECIAL[key]
    if (special !== undefined) return special(inner)
  }
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, decoded(value, saved)]))
}

const SPECIAL: { readonly [key: string]: (inner: Json) => unknown } = {
  $date: inner => new Date(typeof inner === 'string' ? inner : Number((inner as JsonMap)['$numberLong'])),
  $binary: inner => new Uint8Array(Buffer.from((inner as JsonMap)['base64'] as string, 'base64')),
  $numberLong: inner => BigInt(inner as string),
  $numberDouble: inner => Number(inner)
}

/** The value at a path such as `seen.0._id`: a name, then places and fields. */
function lookedUp(path: string, saved: Saved): unknown {
  const [name = '', ...places] = path.split('.')
  if (!saved.has(name)) throw new Error(`nothing was saved as ${name}`)
  return places.reduce((value, place) => (value as { [place: string]: unknown })[place], saved.get(name))
}

/** What makes `actual` another value than the one expected; undefined when nothing does. */
export function difference(expected: Json, actual: unknown, saved: Saved, path = 'result'): string | undefined {
  const told = () => `${path}: expected ${JSON.stringify(expected)}, got ${shown(actual)}`
  if (isList(expected)) return Array.isArray(actual) ? differenceOfLists(expected, actual, saved, path) : told()
  if (typeof expected === 'object' && expected !== null) {
    const { $any, $some, $unordered } = expected
    if ($any !== undefined) return isOf($any as string, actual) ? undefined : told()
    if ($some !== undefined) return differenceOfMaps($some as JsonMap, actual, saved, path, false)
    if ($unordered !== undefined) return differenceOfSets($unordered as readonly Json[], actual, saved, path)
    const value = decoded(expected, saved)
    if (isMap(value) && !('$saved' in expected)) return differenceOfMaps(expected, actual, saved, path, true)
    return isSame(value, actual) ? undefined : told()
  }
  return isSame(expected, actual) ? undefined : told()
}

function differenceOfLists(expected: readonly Json[], actual: unknown[], saved: Saved, path: string) {
  if (expected.length !== actual.length) return `${path}: ${expected.length} elements expected, got ${shown(actual)}`
  return first(expected.map((element, index) => difference(element, actual[index], saved, `${path}[${index}]`)))
}

function differenceOfSets(expected: readonly Json[], actual: unknown, saved: Saved, path: string) {
  if (!Array.isArray(actual) || actual.length !== expected.length) return `${path}: got ${shown(actual)}`
  const rest = [...actual]
  for (const element of expected) {
    const place = rest.findIndex(candidate => difference(element, candidate, saved) === undefined)
    if (place < 0) return `${path}: ${JSON.stringify(element)} is not among ${shown(rest)}`
    rest.splice(place, 1)
  }
  return undefined
}

function differenceOfMaps(expected: JsonMap, actual: unknown, saved: Saved, path: string, isWhole: boolean) {
  if (!isMap(actual)) return `${path}: a map expected, got ${shown(actual)}`
  const missing = Object.keys(expected).find(key => !Object.hasOwn(actual, key))
  const more = isWhole ? Object.keys(actual).find(key => !Object.hasOwn(expected, key)) : undefined
  if (missing !== undefined || more !== undefined) {
    return `${path}: ${missing === undefined ? `unexpected ${more}` : `no ${missing}`} in ${shown(actual)}`
  }
  return first(Object.entries(expected).map(([key, value]) => difference(value, actual[key], saved, `${path}.${key}`)))
}

function isSame(expected: unknown, actual: unknown): boolean {
  if (isNumber(expected)) {
    return isNumber(actual) && isSameNumber(expected, actual)
  }
  if (expected instanceof Date) return actual instanceof Date && expected.getTime() === actual.getTime()
  if (expected instanceof Uint8Array) return actual instanceof Uint8Array && Buffer.compare(expected, actual) === 0
  return expected === actual
}

/** Of numbers and bigints; what is no whole number is no bigint. */
function isSameNumber(expected: number | bigint, actual: number | bigint): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(actual)
  return !(expected < actual) && !(expected > actual) && !Number.isNaN(actual)
}

/** Whether a value is of the type that `$any` names. */
function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'value':
      return true
    case 'text':
      return typeof value === 'string'
    case 'number':
      return isNumber(value)
    case 'date':
      return value instanceof Date
    case 'map':
      return isMap(value)
    default:
      throw new Error(`$any has no type ${type}`)
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function isMap(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json)
}

function first(differences: readonly (string | undefined)[]): string | undefined {
  return differences.find(found => found !== undefined)
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? 'nothing'
}
