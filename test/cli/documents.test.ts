// The commands on documents: find, count, aggregate, insert, update, delete, index create, list and drop.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { done, quire, refusal, temporaryDirectory } from './quire.ts'

const PEOPLE = [
  { _id: 'ada', name: 'Ada', age: 36 },
  { _id: 'grace', name: 'Grace', age: 45 },
  { _id: 7, name: 'Linus', age: 28 }
]

/** A directory with the database `app.quire` that has the collection `users`. */
function withPeople(): string {
  const directory = temporaryDirectory()
  using database = open(join(directory, 'app.quire'))
  database.collection('users').insertMany(PEOPLE)
  return directory
}

function lines(text: string): unknown[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

test('find_prints_a_document_a_line', async () => {
  const directory = withPeople()
  const all = await done(directory, ['find', 'app.quire', 'users', '--sort', '{"age":1}'])
  expect(lines(all)).toEqual([PEOPLE[2], PEOPLE[0], PEOPLE[1]])
  const some = ['find', 'app.quire', 'users', '{"age":{"$gt":30}}', '--projection', '{"_id":0,"name":1}']
  expect(lines(await done(directory, [...some, '--sort', '{"name":-1}', '--skip', '1', '--limit=1']))).toEqual([
    { name: 'Ada' }
  ])
  expect(await done(directory, ['find', 'app.quire', 'nobody'])).toBe('')
  expect(lines(await done(directory, ['find', 'app.quire', 'users', '{"name":{"$regex":"^G"}}']))).toEqual([PEOPLE[1]])
})

test('an_id_on_the_command_line_is_text_or_JSON', async () => {
  const directory = withPeople()
  expect(lines(await done(directory, ['find', 'app.quire', 'users', '--id', 'ada']))).toEqual([PEOPLE[0]])
  expect(lines(await done(directory, ['find', 'app.quire', 'users', '--id', '7']))).toEqual([PEOPLE[2]])
  expect(await refusal(directory, ['find', 'app.quire', 'users', '--id', '"7"'])).toMatchObject({
    exit: 3,
    code: 'NOT_FOUND'
  })
})

test('a_table_shows_every_column_and_no_control_character', async () => {
  const directory = withPeople()
  await done(directory, ['insert', 'app.quire', 'users', '{"_id":"x","evil":"\\u001b[2J"}'])
  const table = await done(directory, ['find', 'app.quire', 'users', '--table'])
  for (const word of ['_id', 'name', 'age', 'evil', 'Grace', '\\u001b[2J']) expect(table).toContain(word)
  expect(table).not.toContain('\u001b')
})

test('explain_tells_the_index', async () => {
  const directory = withPeople()
  expect(await done(directory, ['index', 'create', 'app.quire', 'users', '{"age":1}'])).toBe('age_1\n')
  const plan = await done(directory, ['find', 'app.quire', 'users', '{"age":36}', '--explain'])
  expect(plan).toContain('"age_1"')
})

test('count_prints_one_number', async () => {
  const directory = withPeople()
  expect(await done(directory, ['count', 'app.quire', 'users'])).toBe('3\n')
  expect(await done(directory, ['count', 'app.quire', 'users', '{"age":{"$gt":30}}', '--json'])).toBe('2\n')
})

test('aggregate_takes_its_pipeline_from_an_argument_or_standard_input', async () => {
  const directory = withPeople()
  const pipeline = '[{"$group":{"_id":null,"oldest":{"$max":"$age"}}}]'
  const expected = [{ _id: null, oldest: 45 }]
  expect(lines(await done(directory, ['aggregate', 'app.quire', 'users', pipeline]))).toEqual(expected)
  expect(lines(await done(directory, ['aggregate', 'app.quire', 'users', '-'], { input: pipeline }))).toEqual(expected)
  await done(directory, ['aggregate', 'app.quire', 'users', '[{"$out":"copy"}]'])
  expect(await done(directory, ['count', 'app.quire', 'copy'])).toBe('3\n')
})

test('insert_makes_the_file_and_takes_one_document_an_array_or_lines', async () => {
  const directory = temporaryDirectory()
  expect(await done(directory, ['insert', 'new.quire', 'a', '{"_id":1}'])).toBe('inserted 1\n')
  expect(await done(directory, ['insert', 'new.quire', 'a', '[{"_id":2},{"_id":3}]'])).toBe('inserted 2\n')
  expect(await done(directory, ['insert', 'new.quire', 'a'], { input: '{"_id":4}\n\n{"_id":5}\n' })).toBe(
    'inserted 2\n'
  )
  expect(await done(directory, ['insert', 'new.quire', 'a'], { input: '{\n  "_id": 6\n}\n' })).toBe('inserted 1\n')
  const told = JSON.parse(await done(directory, ['insert', 'new.quire', 'a', '{"_id":7}', '--json']))
  expect(told).toEqual({ acknowledged: true, insertedCount: 1, insertedIds: { 0: 7 } })
  expect(await done(directory, ['count', 'new.quire', 'a'])).toBe('7\n')
})

test('an_insert_that_fails_inserts_nothing', async () => {
  const directory = withPeople()
  const failing = ['insert', 'app.quire', 'users', '[{"_id":"new"},{"_id":"ada"}]']
  expect(await refusal(directory, failing)).toMatchObject({ exit: 1, code: 'DUPLICATE_ID' })
  expect(await done(directory, ['count', 'app.quire', 'users'])).toBe('3\n')
})

test('update_changes_one_many_or_none', async () => {
  const directory = withPeople()
  const update = (...more: string[]) => done(directory, ['update', 'app.quire', 'users', ...more])
  expect(await update('{"_id":"ada"}', '{"$inc":{"age":1}}')).toBe('matched 1, changed 1\n')
  expect(await update('{"age":{"$gt":30}}', '{"$set":{"senior":true}}', '--many')).toBe('matched 2, changed 2\n')
  expect(await update('{"_id":"alan"}', '{"$set":{"name":"Alan"}}')).toBe('matched 0, changed 0\n')
  expect(await update('{"_id":"alan"}', '{"$set":{"name":"Alan"}}', '--upsert')).toBe(
    'matched 0, changed 0, inserted 1\n'
  )
  expect(await update('{"_id":"ada"}', '{"name":"A"}', '--replace')).toBe('matched 1, changed 1\n')
  expect(await done(directory, ['find', 'app.quire', 'users', '--id', 'ada'])).toBe('{"_id":"ada","name":"A"}\n')
})

test('delete_needs_a_filter_or_an_id', async () => {
  const directory = withPeople()
  expect(await refusal(directory, ['delete', 'app.quire', 'users'])).toMatchObject({ exit: 2, code: 'USAGE' })
  expect(await done(directory, ['delete', 'app.quire', 'users', '--id', 'ada'])).toBe('deleted 1\n')
  expect(await refusal(directory, ['delete', 'app.quire', 'users', '--id', 'ada'])).toMatchObject({ exit: 3 })
  expect(await done(directory, ['delete', 'app.quire', 'users', '{}', '--many'])).toBe('deleted 2\n')
})

test('indexes_are_made_told_and_dropped', async () => {
  const directory = withPeople()
  const make = ['index', 'create', 'app.quire', 'users', '{"name":1}', '--unique', '--name', 'by-name']
  expect(await done(directory, make)).toBe('by-name\n')
  expect(await done(directory, ['index', 'list', 'app.quire', 'users'])).toContain('by-name')
  const told = JSON.parse(await done(directory, ['index', 'list', 'app.quire', 'users', '--json']))
  expect(told).toMatchObject([{ name: '_id_' }, { name: 'by-name', unique: true, entriesCount: 3 }])
  const twice = ['insert', 'app.quire', 'users', '{"name":"Ada"}']
  expect(await refusal(directory, twice)).toMatchObject({ exit: 1, code: 'DUPLICATE_KEY' })
  expect(await done(directory, ['index', 'drop', 'app.quire', 'users', 'by-name'])).toBe('')
  const again = ['index', 'drop', 'app.quire', 'users', 'by-name']
  expect(await refusal(directory, again)).toMatchObject({ exit: 3, code: 'INDEX_NOT_FOUND' })
  expect(await refusal(directory, ['index', 'list', 'app.quire', 'none'])).toMatchObject({ exit: 3 })
})

test('values_that_JSON_lacks_go_in_and_out', async () => {
  const directory = temporaryDirectory()
  const document =
    '{"_id":"x","at":{"$date":"2026-01-01T00:00:00.000Z"},"n":{"$numberLong":"9007199254740993"},"b":{"$binary":{"base64":"AP8=","subType":"00"}}}'
  await done(directory, ['insert', 'a.quire', 'c', document])
  expect(await done(directory, ['find', 'a.quire', 'c'])).toBe(`${document}\n`)
  {
    using database = open(join(directory, 'a.quire'))
    expect(database.collection('c').get('x')).toEqual({
      _id: 'x',
      at: new Date('2026-01-01T00:00:00Z'),
      n: 9007199254740993n,
      b: new Uint8Array([0, 255])
    })
  }
  const { stdout } = await quire(directory, ['find', 'a.quire', 'c', '{"at":{"$gt":{"$date":"2025-01-01T00:00:00Z"}}}'])
  expect(stdout).toBe(`${document}\n`)
})
