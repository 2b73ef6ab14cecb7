// The documents that every engine stores: about 220 bytes, the same in every process and every run.
// Their shape is that of an ordinary user record; `_id` is 16 characters in random order, so that trees get no help
// from insertion order. The generator is seeded: documents(n) is always the same list.

import type { CityGroup } from './engine.ts'

/** One document of the benchmark. */
export interface BenchDocument {
  _id: string
  name: string
  email: string
  age: number
  city: string
  /** One of as many teams as make ten documents of each; in random order. */
  team: string
  tags: string[]
  score: number
  active: boolean
  /** Milliseconds since 1970. */
  createdAt: number
  /** 60 characters. */
  bio: string
}

/** The filter of the filter scan: one city and the elder half of its people, 2.4 % of all documents. */
export const FILTER = { ageAbove: 48, city: 'Kochi' }

const CITIES = [
  ...['Kochi', 'Lagos', 'Lima', 'Oslo', 'Quito', 'Riga', 'Seoul', 'Tunis', 'Turin', 'Vienna'],
  ...['Accra', 'Berlin', 'Cairo', 'Dakar', 'Delhi', 'Hanoi', 'Izmir', 'Kyoto', 'Leeds', 'Porto']
]
/** Documents of one team, on average. */
export const TEAM_SIZE = 10
const TAGS = ['reader', 'writer', 'editor', 'guest', 'admin', 'tester', 'author', 'member']
const NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Tony', 'Frances', 'Niklaus', 'Shafi']
const WORDS = 'paper ink press quire folio leaf sheet bind page spine cover margin type line proof gather '

/**
 * Marsaglia's xorshift32: enough for spread, and the same on every machine. Each call gives a whole number from 0 to below
 * the one it is told.
 */
export function generator(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Makes the documents of a list of `count` one after the other: each call gives the next one, whose place it is told. */
export function documentMaker(count = 1): (index: number) => BenchDocument {
  const below = generator(0x51ab_1e55)
  const pick = (list: string[]) => list[below(list.length)] ?? ''
  const teamsCount = Math.ceil(count / TEAM_SIZE)
  return index => {
    const name = `${pick(NAMES)} ${index.toString(36).padStart(4, '0')}`
    const start = below(WORDS.length)
    return {
      _id: identifier(below, index),
      name,
      email: `${name.toLowerCase().replace(' ', '.')}@example.org`,
      age: 18 + below(60),
      city: pick(CITIES),
      team: teamName(below(teamsCount)),
      tags: [pick(TAGS), pick(TAGS), pick(TAGS)],
      score: below(1_000_000) / 1_000,
      active: below(2) === 0,
      createdAt: 1_700_000_000_000 + below(1_000_000_000),
      bio: (WORDS + WORDS).slice(start, start + 60)
    }
  }
}

/**
 * The first `count` documents of the list.
 * Units: count in documents. A document is made the same way whatever the count is, but for its team.
 */
export function documents(count: number): BenchDocument[] {
  const make = documentMaker(count)
  return Array.from({ length: count }, (_, index) => make(index))
}

/** The name of team `number`. */
export function teamName(number: number): string {
  return `team ${number.toString(36).padStart(5, '0')}`
}

/** Sixteen characters, unique by their last five (the index) and in random order by their first eleven. */
function identifier(below: (below: number) => number, index: number): string {
  const random =
    below(36 ** 5)
      .toString(36)
      .padStart(5, '0') +
    below(36 ** 6)
      .toString(36)
      .padStart(6, '0')
  return random + index.toString(36).padStart(5, '0')
}

/** Ids that no document has, of the same length and spread: no document's id has a capital letter. */
export function missingIdentifiers(count: number): string[] {
  const below = generator(0x0dd_ba11)
  return Array.from({ length: count }, (_, index) => `${identifier(below, index).slice(0, -1)}Z`)
}

/** A fixed shuffle, so that reads do not follow the order of insertion. */
export function shuffled<T>(list: readonly T[]): T[] {
  const below = generator(0x7e57_ab1e)
  const result = [...list]
  for (let last = result.length - 1; last > 0; last--) {
    const other = below(last + 1)
    const held = result[last] as T
    result[last] = result[other] as T
    result[other] = held
  }
  return result
}

/** Whether a document passes FILTER, for engines that have no filters of their own. */
export function passes(document: { age: number; city: string }): boolean {
  return document.age > FILTER.ageAbove && document.city === FILTER.city
}

/** The cities of `list` with the count and mean age of their documents, for engines that cannot group. */
export function groupByCity(list: Iterable<{ age: number; city: string }>): CityGroup[] {
  const sums = new Map<string, { count: number; ages: number }>()
  for (const { age, city } of list) {
    const sum = sums.get(city)
    if (sum === undefined) sums.set(city, { count: 1, ages: age })
    else {
      sum.count++
      sum.ages += age
    }
  }
  return [...sums].map(([city, { count, ages }]) => ({ city, count, age: ages / count }))
}
