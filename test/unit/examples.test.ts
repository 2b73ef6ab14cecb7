// Every example runs and says what it promises.
import { readdirSync } from 'node:fs'
import { expect, test, vi } from 'vitest'

/** A part of what each example prints; the demo and its writer have a test of their own. */
const EXPECTED: Record<string, string[]> = {
  'durability.ts': ['total: 5', 'total: 7', 'total: 9'],
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
  'streaming.ts': ['101 clicks among the first 300', '6666 views', '10000 events seen, 0 left'],
  'transactions.ts': ['rolled back: bob has not enough', 'ada 70', 'bob 30']
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
