// The route that tells which pages of a database's file hold what.
//
// Promises: a request looks at `PAGES_MAX` pages at most. Leaves to others: the look (../page-map.ts).

import { z } from '@hono/zod-openapi'
import { readPageMap } from '../page-map.ts'
import { PAGE_KINDS } from '../page-runs.ts'
import { Refusal } from '../problems.ts'
import { type Route, route } from '../route.ts'
import { count, databasePath } from '../schemas.ts'

/** Most pages of a request: 256 MB of the file are read for them. */
const PAGES_MAX = 65_536
const NO_FILE = 'there is no such file: a database in memory has none, and shards are counted from 0'

const number = z.string().regex(/^\d{1,10}$/)
const run = z.strictObject({
  first: count,
  count,
  kind: z.enum(PAGE_KINDS),
  collection: z.string().optional(),
  freeBytes: count.optional()
})

const pages = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/pages',
    isLong: true,
    tag: 'Databases',
    summary: 'Which pages of the file hold what, as of the last checkpoint',
    access: 'read',
    params: databasePath,
    query: z.strictObject({
      first: number.optional().openapi({ description: 'Number of the first page that is told; 0 by default' }),
      shard: number.optional().openapi({ description: 'Which file, of a database that is spread over several' }),
      limit: number.optional().openapi({ description: `Most pages; ${PAGES_MAX} by default, and no more than that` })
    }),
    answers: {
      200: {
        description: 'Runs of neighbouring pages that hold the same',
        schema: z.strictObject({ pageBytes: count, pagesCount: count, sequence: count, runs: z.array(run) })
      }
    }
  },
  async ({ server, params, query }) => {
    const limit = Math.min(Number(query.limit ?? PAGES_MAX), PAGES_MAX)
    const value = await server.databases.use(params.database, () => {
      const path = server.databases.fileOf(params.database, Number(query.shard ?? 0))
      return path === undefined ? undefined : readPageMap(path, Number(query.first ?? 0), limit)
    })
    if (value === undefined) throw new Refusal('NOT_FOUND', NO_FILE)
    return { status: 200, value }
  }
)

/** The route of pages. */
export const pageRoutes: readonly Route[] = [pages]
