// Work with two secondary indexes, one of texts (team, ten documents each) and one of numbers (createdAt): inserting in
// batches, the documents of one team, and the first of a range in its order.

import { shuffled, TEAM_SIZE } from '../documents.ts'
import { rateRepeated } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'
import { insertAll } from './batch-insert.ts'

/** Queries of one pass. */
const QUERIES = 2_000
/** Documents that a range query takes. */
const RANGE_COUNT = 20

export const indexedInsert: Workload = {
  title: 'insert, 2 indexes',
  unit: 'ops/s',
  starts: 'empty',
  only: 'indexed',
  run: ({ documents, openIndexed }) => insertAll(openIndexed(), documents)
}

export const indexedFind: Workload = {
  title: `indexed find (~${TEAM_SIZE})`,
  unit: 'ops/s',
  starts: 'indexed',
  only: 'indexed',
  run({ documents, openIndexed }) {
    const session = openIndexed()
    const sizes = new Map<string, number>()
    for (const { team } of documents) sizes.set(team, (sizes.get(team) ?? 0) + 1)
    const teams = shuffled([...sizes.keys()]).slice(0, QUERIES)
    const expected = teams.reduce((sum, team) => sum + (sizes.get(team) ?? 0), 0)
    const rate = rateRepeated(teams.length, () => {
      let found = 0
      for (const team of teams) {
        for (const document of session.findTeam(team)) if (document.team === team) found++
      }
      demand(found === expected, 'a team is found whole')
    })
    session.close()
    return rate
  }
}

export const indexedRange: Workload = {
  title: `range, sort, limit ${RANGE_COUNT}`,
  unit: 'ops/s',
  starts: 'indexed',
  only: 'indexed',
  run({ documents, openIndexed }) {
    const session = openIndexed()
    const times = documents.map(({ createdAt }) => createdAt).sort((a, b) => a - b)
    const starts = shuffled(times.slice(0, -RANGE_COUNT)).slice(0, QUERIES)
    const expected = new Map<number, number>()
    times.forEach((time, place) => {
      if (!expected.has(time)) expected.set(time, times[place + RANGE_COUNT - 1] ?? 0)
    })
    const rate = rateRepeated(starts.length, () => {
      for (const start of starts) {
        const found = session.findSince(start, RANGE_COUNT)
        const isRight = found.length === RANGE_COUNT && found.at(-1)?.createdAt === expected.get(start)
        demand(isRight, 'a range begins where it is asked and is in order')
      }
    })
    session.close()
    return rate
  }
}
