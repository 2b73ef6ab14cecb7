//! Keys of ordered indexes: values as bytes whose plain byte order is the order of the values.
//!
//! Promises: the keys of two values compare as query/compare.rs compares the values, and are equal where the
//! values are equal, whatever their widths and forms (5 and 5.0, records and maps). No key is the beginning of
//! another, so the keys of a compound index stand one behind the other, and a key with all bits turned sorts
//! the other way round. A missing value has the key of null.
//! Leaves to others: reading keys back (key_decode.rs); which values of a document are indexed and how ids follow (index, collection); what the
//! order is and why (query/compare.rs). docs/FORMAT.md, "Keys", draws the bytes.

use crate::format::value::{Elements, Fields, Malformed, Parse, Timestamp, Value};
use crate::limits::DEPTH_MAX;

/// End of text, of an array and of a map: below everything that could follow instead.
pub(super) const END: u8 = 0x00;
/// In text, stands before what was a byte `END` or `ESCAPE`, raised by one.
pub(super) const ESCAPE: u8 = 0x01;

/// An array without elements, where the elements of arrays are indexed: below null, as sort orders have it.
pub(super) const EMPTY_ARRAY: u8 = 0x08;
pub(super) const NULL: u8 = 0x10;
pub(super) const NOT_A_NUMBER: u8 = 0x20;
/// A float below -2^64.
pub(super) const FLOAT_LOW: u8 = 0x26;
/// The number 0; others have the count of their bytes added or subtracted, which is 9 at most.
pub(super) const NUMBER_ZERO: u8 = 0x30;
/// A float of 2^64 or more.
pub(super) const FLOAT_HIGH: u8 = 0x3a;
pub(super) const TEXT: u8 = 0x40;
pub(super) const MAP: u8 = 0x50;
pub(super) const ARRAY: u8 = 0x60;
pub(super) const BINARY: u8 = 0x70;
pub(super) const FALSE: u8 = 0x80;
pub(super) const TRUE: u8 = 0x81;
pub(super) const DATE: u8 = 0x90;
pub(super) const EXTENSION: u8 = 0xa0;
/// The second 0 of 1970, as `NUMBER_ZERO`.
pub(super) const SECOND_ZERO: u8 = 0x80;
/// A length of 0, as `NUMBER_ZERO`.
pub(super) const LENGTH_ZERO: u8 = 0x80;

/// Most bytes of a whole number with the bit for its fraction: 66 bits.
pub(super) const WHOLE_BYTES_MAX: u8 = 9;
/// 2^64, where floats are whole numbers that need no second form.
const FLOAT_EDGE: f64 = 18_446_744_073_709_551_616.0;

const _: () =
    assert!(FLOAT_LOW < NUMBER_ZERO - WHOLE_BYTES_MAX && FLOAT_HIGH > NUMBER_ZERO + WHOLE_BYTES_MAX);
const _: () = assert!(ESCAPE < EMPTY_ARRAY && EMPTY_ARRAY < NULL);
const _: () = assert!(NULL < NOT_A_NUMBER && NOT_A_NUMBER < FLOAT_LOW && FLOAT_HIGH < TEXT);
const _: () = assert!(TEXT < MAP && MAP < ARRAY && ARRAY < BINARY && BINARY < FALSE);
const _: () = assert!(TRUE < DATE && DATE < EXTENSION);

/// Appends the key of `value`; `None` is a field that is missing.
///
/// Shape: one byte for null to some more than the value's stored bytes; text with bytes 0 and 1 doubles those.
/// Errors: `Malformed` when the value is damaged or nests deeper than `limits::DEPTH_MAX`; `out` then holds a
/// part of the key.
#[inline]
pub fn encode(value: Option<&Value<'_>>, out: &mut Vec<u8>) -> Parse<()> {
    match value {
        Some(value) => encode_at_depth(value, 1, out),
        None => {
            out.push(NULL);
            Ok(())
        }
    }
}

/// Appends the key of `value` for a descending field: greater values have lower keys.
///
/// Errors: as `encode`.
pub fn encode_descending(value: Option<&Value<'_>>, out: &mut Vec<u8>) -> Parse<()> {
    let start = out.len();
    encode(value, out)?;
    complement(out.get_mut(start..).unwrap_or_default());
    Ok(())
}

/// Appends the key of an array without elements, in whose place an index of elements has nothing else.
pub fn encode_empty_array(out: &mut Vec<u8>) {
    out.push(EMPTY_ARRAY);
}

/// Turns every bit, which makes an ascending key a descending one and back.
pub fn complement(key: &mut [u8]) {
    key.iter_mut().for_each(|byte| *byte = !*byte);
}

/// Appends what the keys of all strings that begin with `text` begin with, and no other key does.
///
/// Shape: an ascending key without its end; `complement` makes it one of a descending field.
pub fn encode_text_start(text: &[u8], out: &mut Vec<u8>) {
    out.push(TEXT);
    write_escaped(text, out);
}

/// The first bytes of the keys that values of the same type as `value` have: first and last, both of them
/// included. Numbers are one type whatever their widths, but NaN is apart, as no comparison but equality finds it.
///
/// Shape: of ascending keys; those of descending ones are the complements, in the other order.
pub fn type_bounds(value: Option<&Value<'_>>) -> (u8, u8) {
    match value {
        None | Some(Value::Null | Value::Undefined) => (NULL, NULL),
        Some(Value::Float(number)) if number.is_nan() => (NOT_A_NUMBER, NOT_A_NUMBER),
        Some(Value::Int(_) | Value::UInt(_) | Value::Float(_)) => (FLOAT_LOW, FLOAT_HIGH),
        Some(Value::String(_)) => (TEXT, TEXT),
        Some(Value::Map(_)) => (MAP, MAP),
        Some(Value::Array(_)) => (ARRAY, ARRAY),
        Some(Value::Binary(_)) => (BINARY, BINARY),
        Some(Value::Bool(_)) => (FALSE, TRUE),
        Some(Value::Timestamp(_)) => (DATE, DATE),
        Some(Value::Ext { .. }) => (EXTENSION, EXTENSION),
    }
}

/// Makes `bytes` the lowest string above all that begin with it; false, and empty, when there is none.
pub fn step_behind(bytes: &mut Vec<u8>) -> bool {
    while let Some(last) = bytes.pop() {
        if last < u8::MAX {
            bytes.push(last + 1);
            return true;
        }
    }
    false
}

fn encode_at_depth(value: &Value<'_>, depth: usize, out: &mut Vec<u8>) -> Parse<()> {
    match value {
        Value::Null | Value::Undefined => out.push(NULL),
        Value::Int(number) => write_whole(NUMBER_ZERO, i128::from(*number) * 2, out),
        Value::UInt(number) => write_whole(NUMBER_ZERO, i128::from(*number) * 2, out),
        Value::Float(number) => write_float(*number, out),
        Value::String(text) => {
            out.push(TEXT);
            write_escaped(text, out);
            out.push(END);
        }
        Value::Map(fields) => write_map(*fields, depth, out)?,
        Value::Array(elements) => write_array(*elements, depth, out)?,
        Value::Binary(bytes) => {
            out.push(BINARY);
            write_counted(bytes, out);
        }
        Value::Bool(truth) => out.push(if *truth { TRUE } else { FALSE }),
        Value::Timestamp(timestamp) => write_date(*timestamp, out),
        Value::Ext { kind, bytes } => {
            // Kinds are signed; turning the sign bit makes bytes sort as they do.
            out.extend_from_slice(&[EXTENSION, *kind as u8 ^ 0x80]);
            write_counted(bytes, out);
        }
    }
    Ok(())
}

/// Appends a whole number of at most 66 bits: a head that tells sign and length, then the bytes, the highest first.
fn write_whole(zero: u8, number: i128, out: &mut Vec<u8>) {
    let magnitude = number.unsigned_abs();
    let count = (u128::BITS - magnitude.leading_zeros()).div_ceil(8) as u8;
    let (head, bytes) = if number < 0 {
        (zero - count, (!magnitude).to_be_bytes())
    } else {
        (zero + count, magnitude.to_be_bytes())
    };
    out.push(head);
    out.extend_from_slice(bytes.get(bytes.len() - usize::from(count)..).unwrap_or_default());
}

/// Appends a float: as the whole number below it, doubled, plus 1 and the float itself where it has a fraction.
fn write_float(number: f64, out: &mut Vec<u8>) {
    if number.is_nan() {
        out.push(NOT_A_NUMBER);
    } else if (-FLOAT_EDGE..FLOAT_EDGE).contains(&number) {
        let floor = number.floor();
        let has_fraction = floor != number;
        write_whole(NUMBER_ZERO, floor as i128 * 2 + i128::from(has_fraction), out);
        if has_fraction {
            write_float_bits(number, out);
        }
    } else {
        out.push(if number < 0.0 { FLOAT_LOW } else { FLOAT_HIGH });
        write_float_bits(number, out);
    }
}

/// Appends the bits of a float so that they sort as it does: negative ones all turned, others in their sign.
fn write_float_bits(number: f64, out: &mut Vec<u8>) {
    let bits = number.to_bits();
    let ordered = if number < 0.0 { !bits } else { bits | 1 << 63 };
    out.extend_from_slice(&ordered.to_be_bytes());
}

/// Appends a date: its seconds, doubled, plus 1 and the nanoseconds where it has any.
fn write_date(timestamp: Timestamp, out: &mut Vec<u8>) {
    const NANOSECONDS: i128 = 1_000_000_000;
    let total = timestamp.total_nanoseconds();
    let nanoseconds = total.rem_euclid(NANOSECONDS) as u32;
    out.push(DATE);
    let seconds = total.div_euclid(NANOSECONDS);
    write_whole(SECOND_ZERO, seconds * 2 + i128::from(nanoseconds > 0), out);
    if nanoseconds > 0 {
        out.extend_from_slice(&nanoseconds.to_be_bytes());
    }
}

/// Appends text so that nothing in it is `END`.
fn write_escaped(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = text.iter().position(|byte| *byte <= ESCAPE) {
        let (plain, rest) = text.split_at(at);
        out.extend_from_slice(plain);
        if let Some((byte, rest)) = rest.split_first() {
            out.extend_from_slice(&[ESCAPE, *byte + 1]);
            text = rest;
        }
    }
    out.extend_from_slice(text);
}

/// Appends the length, so that shorter ones are lower, and the bytes.
fn write_counted(bytes: &[u8], out: &mut Vec<u8>) {
    write_whole(LENGTH_ZERO, bytes.len() as i128, out);
    out.extend_from_slice(bytes);
}

fn write_array(mut elements: Elements<'_>, depth: usize, out: &mut Vec<u8>) -> Parse<()> {
    check_depth(depth)?;
    out.push(ARRAY);
    while let Some(element) = elements.take_next()? {
        encode_at_depth(&element.value()?, depth + 1, out)?;
    }
    out.push(END);
    Ok(())
}

/// Appends a map: of each field the type, the name, the value.
fn write_map(mut fields: Fields<'_>, depth: usize, out: &mut Vec<u8>) -> Parse<()> {
    check_depth(depth)?;
    out.push(MAP);
    while let Some((name, value)) = fields.take_next()? {
        let value = value.value()?;
        out.push(type_byte(&value));
        write_escaped(name, out);
        out.push(END);
        encode_at_depth(&value, depth + 1, out)?;
    }
    out.push(END);
    Ok(())
}

/// What stands for a value's type before its name: numbers, with NaN among them, are one type here.
fn type_byte(value: &Value<'_>) -> u8 {
    match value {
        Value::Float(_) => FLOAT_LOW,
        value => type_bounds(Some(value)).0,
    }
}

fn check_depth(depth: usize) -> Parse<()> {
    if depth > DEPTH_MAX {
        Err(Malformed::TooDeep)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
