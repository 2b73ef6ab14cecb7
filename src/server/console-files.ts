// The files of the web console, as vite built them into dist/console.
//
// Promises: only names that are in that folder are served, so no path leads out of it; a file is read once and kept.
// The page may load what this server has and nothing else, and no script in the page itself runs.
// Leaves to others: the page (src/console), its building (scripts/build-console.mjs).

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the built console lies: the same folder from src/ and from dist/. */
const FOLDER = fileURLToPath(new URL('../../dist/console/', import.meta.url))
/** The page itself. */
export const PAGE_FILE = 'index.html'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml'
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

/** A file of the console. */
export interface ConsoleFile {
  readonly bytes: Buffer<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

const kept = new Map<string, ConsoleFile>()

function names(): string[] {
  try {
    return readdirSync(FOLDER)
  } catch {
    return []
  }
}

/** A file by its name; undefined where there is none, as in a package whose console was not built. */
export function consoleFile(name: string): ConsoleFile | undefined {
  const known = kept.get(name)
  if (known !== undefined) return known
  const type = MEDIA_TYPES[extname(name)]
  if (type === undefined || !names().includes(name)) return undefined
  const bytes = readFileSync(FOLDER + name)
  const file = { bytes, headers: headersOf(name, type, bytes) }
  kept.set(name, file)
  return file
}

/** Files but the page have a hash of their content in their names, and never change. */
function headersOf(name: string, type: string, bytes: Buffer): Record<string, string> {
  return {
    'Content-Type': type,
    'Cache-Control': name === PAGE_FILE ? 'no-cache' : 'public, max-age=31536000, immutable',
    ETag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin'
  }
}
