// Export and import over random documents of every kind of value: what comes back is what was there.
//
// The long form: QUIRE_CASES=20000 npx vitest run test/property/json; a case is a database of one collection and one
// store. Promises: the lines are JSON that means the same whatever pieces they come in. Leaves to others: what is
// refused (test/unit/json.test.ts, test/unit/extended-json.test.ts).

import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { exportJson, importJson, open, parseExtended, stringifyExtended } from 'quiredb'
import { test } from 'vitest'
import { casesCount, patienceMs, SEED } from './cases.ts'

const CASES = casesCount(150)

const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const forms = fc.constantFrom(
  '$date',
  '$binary',
  '$numberLong',
  '$numberDouble',
  '$literal',
  '$oid',
  '$collection',
  '$x'
)
const key = fc
  .oneof(fc.constantFrom('a', 'b', 'value', ''), text)
  .filter(name => name !== '__proto__' && name !== '_id')
const scalar = fc.oneof(
  text,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE, 2 ** 53, 1e21),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 40 }),
  // Smaller ones come back as numbers.
  fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n })
)
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(key, forms), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    fc.tuple(forms, tie('value')).map(([form, inner]) => ({ [form]: inner }))
  )
}))
const id = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.integer(),
  fc.uint8Array({ maxLength: 20 }),
  fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 63n - 1n })
)
const fields = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true })
const documents = fc.uniqueArray(
  fc.tuple(id, fields).map(([_id, rest]) => ({ _id, ...rest })),
  { selector: ({ _id }) => stringifyExtended(_id), maxLength: 20 }
)
const entries = fc.uniqueArray(
  fc.tuple(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
    value.filter(one => one !== undefined)
  ),
  { selector: ([name]) => name, maxLength: 10 }
)

test('every_value_means_the_same_in_json', () => {
  const property = fc.property(value, one => {
    deepStrictEqual(parseExtended(stringifyExtended(one)), one)
  })
  fc.assert(property, { seed: SEED, numRuns: CASES * 10 })
})

test('every_database_comes_back_in_whatever_pieces', { timeout: patienceMs(CASES) }, async () => {
  const property = fc.asyncProperty(documents, entries, fc.integer({ min: 1, max: 300 }), async (all, pairs, size) => {
    using database = open(':memory:')
    using copy = open(':memory:')
    if (all.length > 0) database.namespace('n').collection('c').insertMany(all)
    database.kv('s').setMany(pairs)
    const whole = Buffer.from([...exportJson(database, { sorted: true })].join(''))
    const pieces: Uint8Array[] = []
    for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size))
    await importJson(copy, pieces)
    deepStrictEqual(Buffer.from([...exportJson(copy, { sorted: true })].join('')), whole)
    for (const document of all) deepStrictEqual(copy.namespace('n').collection('c').get(document._id), document)
    deepStrictEqual(copy.kv('s').getAll(), database.kv('s').getAll())
    for (const [name, one] of pairs) deepStrictEqual(copy.kv('s').get(name), one)
  })
  await fc.assert(property, { seed: SEED, numRuns: CASES })
})
