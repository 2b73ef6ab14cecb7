// The route that gives a whole database as it is now: a file that `open` opens.
//
// The copy is made beside the database, while others read and write, and is gone when the client has it, or is.
// Promises: what is answered 200 and comes to its end is a whole database with every write that was answered before.
// Leaves to others: copying (the engine).

import { randomBytes } from 'node:crypto'
import { createReadStream, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { z } from '@hono/zod-openapi'
import { noQuery, type Route, route } from '../route.ts'
import { databasePath } from '../schemas.ts'

const PREFIX = '.backup-'

/** Removes what a server that was killed left of copies. */
export function clearBackups(folder: string): void {
  for (const file of readdirSync(folder)) {
    if (file.startsWith(PREFIX)) rmSync(join(folder, file), { force: true })
  }
}

const download = route(
  {
    method: 'get',
    path: '/v1/databases/{database}/backup',
    tag: 'Databases',
    summary: 'A copy of the database as it is now: a file for `open`',
    access: 'admin',
    params: databasePath,
    query: noQuery,
    isLong: true,
    answers: { 200: { description: 'The file', schema: z.string(), mediaType: 'application/octet-stream' } }
  },
  ({ server: { databases }, params, context }) =>
    databases.use(params.database, async ({ database }) => {
      const folder = databases.folder === '' ? tmpdir() : databases.folder
      const path = join(folder, `${PREFIX}${randomBytes(8).toString('hex')}`)
      const remove = () => rmSync(path, { force: true })
      try {
        await database.backup(path)
        const headers = {
          'Content-Type': 'application/octet-stream',
          'Content-Length': String(statSync(path).size),
          'Content-Disposition': `attachment; filename="${params.database}.quire"`,
          'Cache-Control': 'no-store'
        }
        if (context.req.method === 'HEAD') {
          remove()
          return new Response(null, { headers })
        }
        const file = createReadStream(path).once('close', remove)
        return new Response(Readable.toWeb(file) as ReadableStream<Uint8Array>, { headers })
      } catch (error) {
        remove()
        throw error
      }
    })
)

/** The route of backups. */
export const backupRoutes: readonly Route[] = [download]
