// Filters, orders and other objects that are written into a field of one line.
//
// Promises: an empty field is no object, and no fault.

import type { JsonObject } from './api.ts'
import { checkObject, problemText } from './json-check.ts'

/** What is in the field: an object, nothing, or a fault in words. */
export interface QueryText {
  readonly value: JsonObject | undefined
  readonly problem: string | undefined
}

/** Reads a field. */
export function queryObject(text: string): QueryText {
  if (text.trim() === '') return { value: undefined, problem: undefined }
  const checked = checkObject(text)
  if (checked.problem !== undefined) return { value: undefined, problem: problemText(checked.problem) }
  return { value: checked.value as JsonObject, problem: undefined }
}
