//! Keys for grouping and sets: bytes that are equal exactly when the values are equal.
//!
//! Promises: `group_key(a) == group_key(b)` if and only if `compare_owned(a, b)` is Equal, so 5 and 5.0 are
//! one key, and null and undefined are; keys are self-delimiting. Their order means nothing: ordered keys are
//! in format/key.rs.

use crate::error::Result;
use crate::format::id::integral;
use crate::format::owned::Owned;
use crate::format::value::{Cursor, Malformed, Parse};
use crate::format::view::{Entries, List, View};
use crate::limits::DEPTH_MAX;

const NULL: u8 = 1;
const INTEGER: u8 = 2;
const UNSIGNED: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const MAP: u8 = 6;
const ARRAY: u8 = 7;
const BINARY: u8 = 8;
const FALSE: u8 = 9;
const TRUE: u8 = 10;
const TIME: u8 = 11;
const EXT: u8 = 12;

/// 2 to the 64th as a float: the first float beyond every u64.
const BEYOND_U64: f64 = 18_446_744_073_709_551_616.0;

/// The key of an owned value. Levels beyond `DEPTH_MAX`, which no stored value has, are left out.
pub fn group_key(value: &Owned) -> Vec<u8> {
    let mut key = Vec::with_capacity(16);
    // Only nesting too deep can fail here: the key then ends at that level.
    let _ = append(&View::from(value), 0, &mut key);
    key
}

/// Appends the key of a value of either kind. Errors: CORRUPTED when stored bytes are damaged.
pub fn append_group_key(value: &View<'_>, key: &mut Vec<u8>) -> Result<()> {
    Ok(append(value, 0, key)?)
}

/// Appends the key of the text or the integer at `cursor`; false, having done nothing, for any other value.
#[inline]
pub(crate) fn append_quickly(cursor: Cursor<'_>, key: &mut Vec<u8>) -> bool {
    if let Some(text) = cursor.text() {
        append_counted(TEXT, text, key);
    } else if let Some(number) = cursor.integer() {
        append_fixed(INTEGER, number.to_le_bytes(), key);
    } else {
        return false;
    }
    true
}

/// `append_group_key` at a depth, for callers that only read. Errors: `Malformed` when stored bytes are damaged.
pub(super) fn append(value: &View<'_>, depth: usize, key: &mut Vec<u8>) -> Parse<()> {
    match value {
        View::Null | View::Undefined => key.push(NULL),
        View::Bool(truth) => key.push(if *truth { TRUE } else { FALSE }),
        View::Int(number) => append_fixed(INTEGER, number.to_le_bytes(), key),
        View::UInt(number) => append_fixed(UNSIGNED, number.to_le_bytes(), key),
        View::Float(number) => append_float(*number, key),
        View::Text(text) => append_counted(TEXT, text, key),
        View::Binary(bytes) => append_counted(BINARY, bytes, key),
        View::Timestamp(timestamp) => append_fixed(TIME, timestamp.total_nanoseconds().to_le_bytes(), key),
        View::Ext { kind, bytes } => {
            append_counted(EXT, bytes, key);
            key.push(*kind as u8);
        }
        View::Array(_) | View::Map(_) if depth == DEPTH_MAX => return Err(Malformed::TooDeep),
        View::Array(elements) => append_array(*elements, depth, key)?,
        View::Map(fields) => append_map(*fields, depth, key)?,
    }
    Ok(())
}

fn append_array(mut elements: List<'_>, depth: usize, key: &mut Vec<u8>) -> Parse<()> {
    append_fixed(ARRAY, (elements.remaining() as u64).to_le_bytes(), key);
    while let Some(element) = elements.take_next()? {
        append(&element, depth + 1, key)?;
    }
    Ok(())
}

fn append_map(mut fields: Entries<'_>, depth: usize, key: &mut Vec<u8>) -> Parse<()> {
    append_fixed(MAP, (fields.remaining() as u64).to_le_bytes(), key);
    while let Some((name, value)) = fields.take_next()? {
        append_counted(TEXT, name, key);
        append(&value, depth + 1, key)?;
    }
    Ok(())
}

/// A float that is an integer of 64 bits has the integer's key, and every NaN has one key.
fn append_float(number: f64, key: &mut Vec<u8>) {
    if let Some(whole) = integral(number) {
        return append_fixed(INTEGER, whole.to_le_bytes(), key);
    }
    if number.fract() == 0.0 && number > 0.0 && number < BEYOND_U64 {
        return append_fixed(UNSIGNED, (number as u64).to_le_bytes(), key);
    }
    let number = if number.is_nan() { f64::NAN } else { number };
    append_fixed(FLOAT, number.to_bits().to_le_bytes(), key);
}

fn append_fixed<const N: usize>(tag: u8, bytes: [u8; N], key: &mut Vec<u8>) {
    key.push(tag);
    key.extend_from_slice(&bytes);
}

fn append_counted(tag: u8, bytes: &[u8], key: &mut Vec<u8>) {
    append_fixed(tag, (bytes.len() as u64).to_le_bytes(), key);
    key.extend_from_slice(bytes);
}
