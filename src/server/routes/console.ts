// Routes of the web console: the page, its files, and whether it has to ask for a token.
//
// Promises: they hold nothing of any database, so they need no token; everything the page shows it asks of the other
// routes. Leaves to others: the files (../console-files.ts), what they do (src/console).

import { z } from '@hono/zod-openapi'
import { consoleFile, PAGE_FILE } from '../console-files.ts'
import type { Exchange } from '../exchange.ts'
import { Refusal } from '../problems.ts'
import { noQuery, type Route, route } from '../route.ts'

const TAG = 'Console'
const KNOWN = { 'If-None-Match': 'Answer 304 when the file still has this entity tag' }
const UNCHANGED = { description: 'The file is as the client has it' }
const text = z.string()

/** @throws Refusal `NOT_FOUND` */
function answerWith(name: string, context: Exchange): Response {
  const file = consoleFile(name)
  if (file === undefined) {
    const why =
      name === PAGE_FILE ? 'the console is not built; `npm run build:console` does it' : 'there is no such file'
    throw new Refusal('NOT_FOUND', why)
  }
  const isKnown = context.req.header('If-None-Match') === file.headers['ETag']
  return new Response(isKnown ? null : file.bytes, { status: isKnown ? 304 : 200, headers: file.headers })
}

const page = route(
  {
    method: 'get',
    path: '/console',
    tag: TAG,
    summary: 'The web console',
    access: 'none',
    query: noQuery,
    headers: KNOWN,
    answers: {
      200: { description: 'The page', schema: text, mediaType: 'text/html', headers: ['ETag'] },
      304: UNCHANGED
    }
  },
  ({ context }) => answerWith(PAGE_FILE, context)
)

const file = route(
  {
    method: 'get',
    path: '/console/{file}',
    tag: TAG,
    summary: 'A script or style of the web console',
    access: 'none',
    params: z.strictObject({ file: z.string().min(1).max(255) }),
    query: noQuery,
    headers: KNOWN,
    answers: { 200: { description: 'The file', schema: text, mediaType: '*/*', headers: ['ETag'] }, 304: UNCHANGED }
  },
  ({ context, params }) => answerWith(params.file, context)
)

function about(version: string, isTokenNeeded: () => boolean): Route {
  return route(
    {
      method: 'get',
      path: '/console/about',
      tag: TAG,
      summary: 'What the console has to know before anybody has logged in',
      access: 'none',
      query: noQuery,
      answers: {
        200: {
          description: 'Whether requests need a token, and the version',
          schema: z.strictObject({ isTokenNeeded: z.boolean(), version: z.string() })
        }
      }
    },
    () => ({ status: 200, value: { isTokenNeeded: isTokenNeeded(), version } })
  )
}

/** The routes of the console. */
export function consoleRoutes(version: string, isTokenNeeded: () => boolean): readonly Route[] {
  return [page, about(version, isTokenNeeded), file]
}
