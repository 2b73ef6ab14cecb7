// API tokens: making, listing and taking them back. They lie in `tokens.json` in the folder of the databases.
//
// A token is shown once, when it is made; the file has its SHA-256 alone, which is enough for 256 random bits. A server
// that runs sees a change within a second. Promises: the file is replaced as a whole, readable by its owner only.
// Leaves to others: what a token opens (auth.ts).

import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from '@hono/zod-openapi'
import { QuireError } from '../index.ts'
import { DATABASE_NAME } from './databases.ts'

/** What a token allows where. */
export interface TokenScope {
  /** The database, or `*` for every one. */
  readonly database: string
  /** The namespace whose collections and stores it opens; absent for all there are. */
  readonly namespace?: string | undefined
  /** `write` also reads; `admin` also makes and deletes databases, and backs them up. */
  readonly access: 'read' | 'write' | 'admin'
}

/** A token as it is kept. */
export interface TokenRecord {
  readonly id: string
  /** Whose it is, for people. */
  readonly name: string
  /** SHA-256 of the secret part, in hexadecimal. */
  readonly hash: string
  readonly scopes: readonly TokenScope[]
  /** ISO 8601. */
  readonly created: string
  /** From this moment on it opens nothing; absent for one that stays. */
  readonly expires?: string | undefined
}

/** What a new token shall be. */
export interface TokenRequest {
  readonly name: string
  readonly scopes: readonly TokenScope[]
  readonly expires?: Date | undefined
}

const FILE = 'tokens.json'
const PREFIX = 'quire'
const ID_BYTES = 6
const SECRET_BYTES = 32

const scopeSchema = z.strictObject({
  database: z.union([z.literal('*'), z.string().regex(DATABASE_NAME)]),
  namespace: z.string().min(1).max(255).optional(),
  access: z.enum(['read', 'write', 'admin'])
})
const requestSchema = z.strictObject({
  name: z.string().min(1).max(255),
  scopes: z.array(scopeSchema).min(1),
  expires: z.date().optional()
})
const fileSchema = z.array(
  z.strictObject({
    id: z.string().regex(/^[0-9a-f]{12}$/),
    name: z.string(),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    scopes: z.array(scopeSchema),
    created: z.iso.datetime(),
    expires: z.iso.datetime().optional()
  })
)

/** Where the tokens of a folder are. */
export function tokensPath(folder: string): string {
  return join(folder, FILE)
}

/** The hash that is kept of a secret. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** The parts of a token's text; undefined when it is none. */
export function splitToken(token: string): { id: string; secret: string } | undefined {
  const [, id, secret] = /^quire_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/.exec(token) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/**
 * The tokens of a folder.
 * @throws QuireError `CORRUPTED` when the file is none of tokens: then nobody is let in
 */
export function listTokens(folder: string): TokenRecord[] {
  const path = tokensPath(folder)
  if (!existsSync(path)) return []
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new QuireError('CORRUPTED', `${FILE} is no file of tokens: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Makes a token.
 * @returns its text, which nobody can tell again, and what is kept of it
 * @throws QuireError `INVALID_ARGUMENT`, `CORRUPTED`
 */
export function createToken(folder: string, request: TokenRequest): { token: string; record: TokenRecord } {
  const { success, data, error } = requestSchema.safeParse(request)
  if (!success) {
    const [issue] = error.issues
    throw new QuireError('INVALID_ARGUMENT', `${issue?.path.join('.')}: ${issue?.message}`)
  }
  const id = randomBytes(ID_BYTES).toString('hex')
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  const record: TokenRecord = {
    id,
    name: data.name,
    hash: hashOfSecret(secret),
    scopes: data.scopes,
    created: new Date().toISOString(),
    ...(data.expires === undefined ? {} : { expires: data.expires.toISOString() })
  }
  writeTokens(folder, [...listTokens(folder), record])
  return { token: `${PREFIX}_${id}_${secret}`, record }
}

/**
 * Takes a token back.
 * @returns whether there was one of this id
 * @throws QuireError `CORRUPTED`
 */
export function revokeToken(folder: string, id: string): boolean {
  const tokens = listTokens(folder)
  const left = tokens.filter(token => token.id !== id)
  if (left.length === tokens.length) return false
  writeTokens(folder, left)
  return true
}

function writeTokens(folder: string, tokens: readonly TokenRecord[]): void {
  const path = tokensPath(folder)
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${randomBytes(ID_BYTES).toString('hex')}`
  const file = openSync(temporary, 'wx', 0o600)
  try {
    writeSync(file, `${JSON.stringify(tokens, null, 2)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}
