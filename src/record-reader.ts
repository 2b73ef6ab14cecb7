// Readers of records made as code: one function for each structure that is read often.
//
// A reader keeps the place reached, the piece of text and the count of bytes in variables of its own; a field whose
// bytes are of the kind seen before is read in line, any other one by the decoder's method for it. 25 ns less of 200
// for the benchmark's document than calls for every field. Promises: what comes back is what those methods give; a
// text is taken from the piece only where it lies within. Leaves to others: kinds of fields and their methods
// (decoder.ts).

/** What the next value of a field is expected to be: the method that looks for it first. @internal */
export type Expectation = 'text' | 'double' | 'integer' | 'boolean' | 'list' | 'value'

/** Where a decoder is in its bytes, and how it goes on there: what readers see of it. @internal */
export interface ReadState extends Readonly<Record<Expectation, () => unknown>> {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Where the next value begins. */
  at: number
  /** `pieceStart..pieceEnd` of the bytes as a string, one character for a byte. */
  readonly piece: string
  readonly pieceStart: number
  readonly pieceEnd: number
  /** Bytes above 0x7f that are in no text, so far. */
  wideCount: number
  /** Whether each text is looked at before it is taken for ASCII. */
  readonly isCareful: boolean
}

/** Lines that give the variables to the decoder, and take them back. */
const HAND_OVER = 'state.at = at; state.wideCount = wide;'
const TAKE_BACK =
  'at = state.at; wide = state.wideCount; piece = state.piece; from = state.pieceStart; to = state.pieceEnd;'

/** How a field is read in line: a condition on the bytes at `at`, and what reads it. */
const IN_LINE: { readonly [E in Expectation]?: (target: string) => { condition: string; read: string } } = {
  double: target => ({
    condition: 'bytes[at] === 0xcb',
    // The bytes above 0x7f of both words, added up by a multiplication.
    read: `wide += 1 + (Math.imul((view.getInt32(at + 1) >>> 7 & 0x01010101) + (view.getInt32(at + 5) >>> 7 & 0x01010101), 0x01010101) >>> 24);
      ${target} = view.getFloat64(at + 1); at += 9;`
  }),
  integer: target => ({
    condition: 'bytes[at] < 0x40 || bytes[at] === 0xcc',
    read: `head = bytes[at++]; if (head === 0xcc) { head = bytes[at++]; wide += 1 + (head >> 7); } ${target} = head;`
  }),
  boolean: target => ({
    condition: '(bytes[at] | 1) === 0xc3',
    read: `${target} = bytes[at++] === 0xc3; wide++;`
  })
}

/**
 * A function that reads a record of these keys, as an object literal, so that all objects of it have one shape from
 * the start. Undefined where the process may not make code from texts.
 * @internal
 */
export function compileReader(
  state: ReadState,
  keys: readonly string[],
  expectations: readonly Expectation[]
): (() => object) | undefined {
  const fields = expectations.map((expectation, index) => fieldCode(expectation, `v${index}`))
  const objectOf = (value: (index: number) => string) =>
    `({${keys.map((key, index) => `${JSON.stringify(key)}: ${value(index)}`).join(', ')}})`
  const code = `'use strict'; return () => {
    if (state.isCareful) return ${objectOf(index => `state.${expectations[index]}()`)};
    const { bytes, view } = state;
    let { at, wideCount: wide, piece, pieceStart: from, pieceEnd: to } = state;
    let ${['head = 0', 'start = 0', 'end = 0', 'count = 0', 'list', ...keys.map((_, index) => `v${index}`)].join(', ')};
    ${fields.join('\n')}
    ${HAND_OVER}
    return ${objectOf(index => `v${index}`)};
  }`
  try {
    return new Function('state', code)(state) as () => object
  } catch {
    return undefined
  }
}

function fieldCode(expectation: Expectation, target: string): string {
  if (expectation === 'text') return textCode(target)
  if (expectation === 'list') return listCode(target)
  const inLine = IN_LINE[expectation]?.(target)
  const otherwise = callCode(expectation, target)
  return inLine === undefined ? otherwise : `if (${inLine.condition}) { ${inLine.read} } else { ${otherwise} }`
}

function callCode(expectation: Expectation, target: string): string {
  return `${HAND_OVER} ${target} = state.${expectation}(); ${TAKE_BACK}`
}

/** A text below 256 bytes that lies within the piece. */
function textCode(target: string): string {
  return `head = bytes[at]; end = to + 1;
    if (head >= 0xa0 && head < 0xc0) { start = at + 1; end = start + (head & 0x1f); }
    else if (head === 0xd9) { start = at + 2; end = start + bytes[at + 1]; }
    if (end <= to) {
      wide += head === 0xd9 ? 1 + (bytes[at + 1] >> 7) : 1;
      ${target} = piece.substring(start - from, end - from); at = end;
    } else { ${callCode('text', target)} }`
}

/** A short list of texts. */
function listCode(target: string): string {
  return `head = bytes[at]; count = head & 0x0f;
    if (head >= 0x90 && head < 0xa0 && at + count < to) {
      list = new Array(count); wide++; at++;
      for (let index = 0; index < count; index++) { ${textCode('list[index]')} }
      ${target} = list;
    } else { ${callCode('list', target)} }`
}
