// Which form a request's body has, and which one its answer shall have.
//
// Promises: a form that is not known is refused by name, and so is every compression: a small body that unpacks to a
// large one is an attack that is not to be let in. Leaves to others: the forms (../extended-json.ts, message-pack.ts).
// Source: RFC 9110, sections 8.3, 8.4 and 12.5.1.

import { parseExtended, QuireError, stringifyExtended } from '../index.ts'
import { pack, unpack } from './message-pack.ts'
import { Refusal } from './problems.ts'

/** A form of values. */
export type Form = 'json' | 'msgpack'

/** What answers call the forms. */
export const MEDIA_TYPES: Readonly<Record<Form, string>> = {
  json: 'application/json',
  msgpack: 'application/msgpack'
}
/** Streams of values: a line of JSON each, or MessagePack values one behind the other. */
export const STREAM_TYPES: Readonly<Record<Form, string>> = {
  json: 'application/x-ndjson',
  msgpack: 'application/x-msgpack-stream'
}

const FORMS: Readonly<Record<string, Form>> = {
  'application/json': 'json',
  'application/msgpack': 'msgpack',
  'application/x-msgpack': 'msgpack',
  'application/vnd.msgpack': 'msgpack'
}
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The form of a body.
 * @throws Refusal `UNSUPPORTED_MEDIA_TYPE`
 */
export function formOfBody(contentType: string | undefined, contentEncoding: string | undefined): Form {
  refuseCompression(contentEncoding)
  if (contentType === MEDIA_TYPES.json) return 'json'
  const [type = '', ...parameters] = (contentType ?? '').split(';').map(part => part.trim().toLowerCase())
  const form = FORMS[type]
  const isCharsetRight = parameters.every(part => !part.startsWith('charset=') || /^charset="?utf-8"?$/.test(part))
  if (form === undefined || !isCharsetRight) {
    throw new Refusal(
      'UNSUPPORTED_MEDIA_TYPE',
      `a body is application/json in UTF-8 or application/msgpack, not ${contentType ?? 'without a Content-Type'}`
    )
  }
  return form
}

/** @throws Refusal `UNSUPPORTED_MEDIA_TYPE` for a body that is packed */
export function refuseCompression(contentEncoding: string | undefined): void {
  if (contentEncoding === undefined || contentEncoding.toLowerCase() === 'identity') return
  throw new Refusal('UNSUPPORTED_MEDIA_TYPE', 'a body that is compressed is not taken; send it as it is', {
    headers: { 'Accept-Encoding': 'identity' }
  })
}

interface Range {
  readonly type: string
  readonly quality: number
}

function rangesOf(accept: string): Range[] {
  const ranges = accept.split(',').map(part => {
    const [type = '', ...parameters] = part.split(';').map(piece => piece.trim().toLowerCase())
    const quality = parameters.find(piece => piece.startsWith('q='))
    return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
  })
  // Sorting is stable: of equal ones the first one stays the first.
  return ranges.filter(range => range.type !== '' && range.quality > 0).sort((a, b) => b.quality - a.quality)
}

/**
 * The form of an answer, and whether it is a stream.
 * @param takesStream whether the route can answer by a stream
 * @throws Refusal `NOT_ACCEPTABLE`
 */
export function formOfAnswer(accept: string | undefined, takesStream: boolean): { form: Form; isStream: boolean } {
  if (accept === undefined || accept === '*/*') return { form: 'json', isStream: false }
  for (const { type } of rangesOf(accept)) {
    const form = type === '*/*' || type === 'application/*' ? 'json' : FORMS[type]
    if (form !== undefined) return { form, isStream: false }
    if (takesStream && type === STREAM_TYPES.json) return { form: 'json', isStream: true }
    if (takesStream && type === STREAM_TYPES.msgpack) return { form: 'msgpack', isStream: true }
  }
  const streams = takesStream ? `, ${STREAM_TYPES.json}, ${STREAM_TYPES.msgpack}` : ''
  throw new Refusal('NOT_ACCEPTABLE', `answers are application/json, application/msgpack${streams}`)
}

/**
 * Reads a body.
 * @throws Refusal `MALFORMED_BODY`
 */
export function readValue(bytes: Uint8Array, form: Form): unknown {
  if (bytes.length === 0) throw new Refusal('MALFORMED_BODY', 'the request needs a body, and has none')
  return form === 'msgpack' ? unpack(bytes) : parseJson(textOf(bytes))
}

/**
 * The text of bytes.
 * @throws Refusal `MALFORMED_BODY` when it is not UTF-8
 */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new Refusal('MALFORMED_BODY', 'the body is not UTF-8')
  }
}

/**
 * Reads a JSON text.
 * @throws Refusal `MALFORMED_BODY`; QuireError `UNSUPPORTED_VALUE` for what no document holds
 */
export function parseJson(text: string): unknown {
  try {
    return parseExtended(text)
  } catch (error) {
    if (!(error instanceof QuireError) || error.code !== 'INVALID_DOCUMENT') throw error
    throw new Refusal('MALFORMED_BODY', `the body is ${error.message}`)
  }
}

/** Writes an answer's value. */
export function writeValue(value: unknown, form: Form): string | Uint8Array<ArrayBuffer> {
  return form === 'msgpack' ? pack(value) : stringifyExtended(value)
}
