// Every example runs and says what it promises.
import { readdirSync } from 'node:fs'
import { expect, test, vi } from 'vitest'

/** A part of what each example prints; the demo and its writer have a test of their own. */
const EXPECTED: Record<string, string[]> = {
  'durability.ts': ['total: 5', 'total: 7', 'total: 9'],
  'indexes.ts': [
    'read without an index: 3000',
    'made city_1_age_-1',
    'read with it: 20',
    'DUPLICATE_KEY',
    'mail_1 3000\nold 270\nseen_1 3000',
    '4 are left'
  ],
  'kv.ts': [
    'Nina Simone false',
    'mingus 1922\nmiles 1926',
    'true false',
    '1 11 true',
    '2 1 1959',
    '{"_id":"ada","joined":{"$date":"1970-01-01T00:00:00.000Z"}}'
  ],
  'queries.ts': [
    '3, 1 are costly',
    'documents read for the one at 20: 1',
    'inserted 4 · nibs 10',
    'ada 28',
    '1 paid, 1 deleted'
  ],
  'quick-start.ts': ["name: 'Ada'", 'Bob Kochi', '2 users left, adults: 2'],
  'server.ts': ['ada 70\nbob 30', 'told: insert, insert, update, update', 'visits: 1', '401'],
  'streaming.ts': ['101 clicks among the first 300', '6666 views', '10000 events seen, 0 left'],
  'transactions.ts': ['rolled back: bob has not enough', 'ada 70', 'bob 30'],
  'typed.ts': ['Notes Ada and Luigi', 'SCHEMA_MISMATCH 1'],
  'watch.ts': ['insert 1\ninsert 2\nupdate 1', 'then delete\nthen insert', 'open now: 3', 'theme is dark']
}

const files = readdirSync(new URL('../../examples/', import.meta.url)).filter(
  file => file.endsWith('.ts') && !file.startsWith('demo')
)

test('every_example_is_known_here', () => {
  expect(files).toEqual(Object.keys(EXPECTED))
})

test.each(files)('%s_prints_what_it_shows', async file => {
  const { formatWithOptions } = await import('node:util')
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    lines.push(formatWithOptions({ breakLength: 200 }, ...values))
  })
  await import(`../../examples/${file.replace('.ts', '')}.ts`)
  log.mockRestore()
  for (const part of EXPECTED[file] ?? []) expect(lines.join('\n')).toContain(part)
})
