// The pieces that requests and answers are made of, as zod schemas with their words for the OpenAPI document.
//
// Promises: what they let through has the right types and no control characters in names; what a filter, an update or
// a pipeline means is left to the engine, which refuses with 422. Leaves to others: routes.

import { z } from '@hono/zod-openapi'
import { DATABASE_NAME } from './databases.ts'

/** A database's name. */
export const databaseName = z
  .string()
  .regex(DATABASE_NAME)
  .openapi({ description: 'Name of a database', example: 'main' })
/** A text without control characters. */
export function nameText(lengthMax: number): z.ZodString {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const pattern = /^[^\u0000-\u001f\u007f-\u009f]+$/
  return z.string().min(1).max(lengthMax).regex(pattern)
}

/** A collection's name: at most 255 bytes, no control characters. */
export const collectionName = nameText(255).openapi({ description: 'Name of a collection', example: 'users' })

/** A document, or part of a query. */
export const anyObject = z.record(z.string(), z.unknown()).openapi('Document', {
  type: 'object',
  additionalProperties: true,
  description: 'Values that JSON lacks are written as Extended JSON'
})
/** A filter of MongoDB's dialect. */
export const filter = anyObject.openapi({ description: 'A filter; docs/QUERY.md', example: { age: { $gt: 30 } } })
/** Operators, or a pipeline. */
export const update = z
  .union([anyObject, z.array(anyObject)])
  .openapi('Update', { description: 'Operators such as $set, or a pipeline' })
/** An order: paths with 1 or -1. */
export const sort = anyObject.openapi({ description: 'Paths with 1 or -1', example: { age: -1 } })
/** An index by its name or fields. */
export const hint = z.union([z.string(), anyObject]).openapi('Hint', { description: 'An index, by its name or fields' })
/** A count. */
export const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** An id as it is in documents. */
export const anyId = z.unknown().openapi({ description: 'A text, a whole number or bytes' })
/** Filters for `$[name]`. */
export const arrayFilters = z.array(anyObject)

/** When a write is acknowledged. */
export const durability = z
  .enum(['disk', 'process', 'lazy'])
  .optional()
  .openapi({ description: 'When the write is acknowledged: on disk (default), in the system, or in memory' })

/** Path parameters. */
export const databasePath = z.strictObject({ database: databaseName })
export const collectionPath = z.strictObject({ database: databaseName, collection: collectionName })
export const documentPath = z.strictObject({
  database: databaseName,
  collection: collectionName,
  id: z.string().min(1).max(1368).openapi({ description: 'The `_id`; `idType` says what it is a text of' })
})
export const indexPath = z.strictObject({
  database: databaseName,
  collection: collectionName,
  index: z.string().min(1).max(1024).openapi({ description: 'Name of an index' })
})

/** Query parameters of a read by id. */
export const idQuery = z.strictObject({
  idType: z
    .enum(['string', 'integer', 'bytes'])
    .optional()
    .openapi({ description: 'What the id is: a text (default), a whole number, or bytes in base64url' })
})
/** Query parameters of a write. */
export const writeQuery = z.strictObject({ durability })
/** Query parameters of a write by id. */
export const idWriteQuery = idQuery.extend({ durability })

/** A problem document. */
export const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ description: 'What programs branch on' }),
    issues: z.array(z.looseObject({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).optional()
  })
  .openapi('Problem')

/** Results in the shapes of MongoDB's driver. */
export const acknowledged = z.literal(true)
export const updateResult = z
  .strictObject({
    acknowledged,
    matchedCount: count,
    modifiedCount: count,
    upsertedCount: count,
    upsertedId: anyId
  })
  .openapi('UpdateResult')
export const deleteResult = z.strictObject({ acknowledged, deletedCount: count }).openapi('DeleteResult')
export const collectionInfo = z
  .strictObject({
    name: z.string(),
    ids: z.enum(['ulid', 'integer']),
    documentsCount: count,
    documentsBytes: count,
    pagesCount: count,
    indexBytes: count,
    structuresCount: count,
    falseVisitsCount: count
  })
  .openapi('CollectionInfo')
