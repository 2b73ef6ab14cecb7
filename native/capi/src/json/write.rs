//! Values to JSON: relaxed Extended JSON, the inverse of read.rs.
//!
//! Promises: what was written is read as the same value, but for the width of numbers and for maps that look like one of
//! the values that read.rs names. Floats of whole value keep their point (5.0), whole numbers that a float of 64 bits
//! cannot hold become `$numberLong`; dates from 1970 to 9999 are ISO 8601 as exact as they are stored, others
//! milliseconds, and MessagePack's extension where those are not exact.
//! Leaves to others: damage in the bytes, which is an error of the caller's choice.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use quire_engine::format::value::{Cursor, Malformed, Parse, Timestamp, Value};
use quire_engine::limits::DEPTH_MAX;

use crate::json::read::EPOCH;

/// Largest whole number up to which floats of 64 bits hold all of them.
const EXACT_MAX: i64 = (1 << 53) - 1;
/// MessagePack's extension of dates: nanoseconds in 4 bytes, then seconds in 8.
const TIMESTAMP: i8 = -1;
/// The first second of year 10,000.
const YEAR_10000: i64 = 253_402_300_800;

/// Appends the value that `cursor` stands at. Errors: `Malformed` where its bytes are damaged.
pub fn write(cursor: Cursor<'_>, out: &mut Vec<u8>) -> Parse<()> {
    write_at_depth(cursor, 0, out)
}

fn write_at_depth(cursor: Cursor<'_>, depth: usize, out: &mut Vec<u8>) -> Parse<()> {
    match cursor.value()? {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Undefined => out.extend_from_slice(br#"{"$undefined":true}"#),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) if (-EXACT_MAX..=EXACT_MAX).contains(&number) => {
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Value::Int(number) => write_named("$numberLong", &number.to_string(), out),
        Value::UInt(number) => write_named("$numberLong", &number.to_string(), out),
        Value::Float(number) => write_float(number, out),
        Value::String(text) => write_text(std::str::from_utf8(text).map_err(|_| Malformed::NotText)?, out),
        Value::Binary(bytes) => {
            out.extend_from_slice(br#"{"$binary":{"base64":"#);
            write_text(&STANDARD.encode(bytes), out);
            out.extend_from_slice(br#","subType":"00"}}"#);
        }
        Value::Timestamp(timestamp) => write_date(timestamp, out),
        Value::Ext { kind, bytes } => write_extension(kind, bytes, out),
        Value::Array(_) | Value::Map(_) if depth == DEPTH_MAX => return Err(Malformed::TooDeep),
        Value::Array(mut elements) => {
            let mut mark = b'[';
            while let Some(element) = elements.take_next()? {
                out.push(mark);
                write_at_depth(element, depth + 1, out)?;
                mark = b',';
            }
            close(mark, b"[]", out);
        }
        Value::Map(mut fields) => {
            let mut mark = b'{';
            while let Some((key, value)) = fields.take_next()? {
                out.push(mark);
                write_text(std::str::from_utf8(key).map_err(|_| Malformed::NotText)?, out);
                out.push(b':');
                write_at_depth(value, depth + 1, out)?;
                mark = b',';
            }
            close(mark, b"{}", out);
        }
    }
    Ok(())
}

/// Ends a list, of which the first mark is still to be written when it is empty.
fn close(mark: u8, marks: &[u8; 2], out: &mut Vec<u8>) {
    let [first, last] = *marks;
    if mark == first {
        out.push(first);
    }
    out.push(last);
}

fn write_named(name: &str, text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!(r#"{{"{name}":"{text}"}}"#).as_bytes());
}

/// Appends `text` as JSON escapes it.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing to memory does not fail, and text has no part that JSON cannot say.
    let _never_fails = serde_json::to_writer(&mut *out, text);
}

fn write_float(number: f64, out: &mut Vec<u8>) {
    let name = if number.is_nan() {
        "NaN"
    } else if number == f64::INFINITY {
        "Infinity"
    } else if number == f64::NEG_INFINITY {
        "-Infinity"
    } else {
        let _never_fails = serde_json::to_writer(&mut *out, &number);
        return;
    };
    write_named("$numberDouble", name, out);
}

fn write_date(timestamp: Timestamp, out: &mut Vec<u8>) {
    let Timestamp { seconds, nanoseconds } = timestamp;
    let is_common = (0..YEAR_10000).contains(&seconds) || nanoseconds % 1_000_000 != 0;
    let fraction = i32::try_from(nanoseconds)
        .ok()
        .filter(|count| *count < 1_000_000_000);
    let moment = fraction
        .filter(|_| is_common)
        .and_then(|fraction| EPOCH.checked_add(SignedDuration::new(seconds, fraction)).ok());
    match moment {
        Some(moment) => write_named("$date", &format!("{moment}Z"), out),
        None => {
            let total = timestamp.total_nanoseconds();
            match i64::try_from(total.div_euclid(1_000_000)) {
                Ok(milliseconds) if total.rem_euclid(1_000_000) == 0 => {
                    let text = format!(r#"{{"$date":{{"$numberLong":"{milliseconds}"}}}}"#);
                    out.extend_from_slice(text.as_bytes());
                }
                _ => {
                    let mut bytes = nanoseconds.to_be_bytes().to_vec();
                    bytes.extend_from_slice(&seconds.to_be_bytes());
                    write_extension(TIMESTAMP, &bytes, out);
                }
            }
        }
    }
}

fn write_extension(kind: i8, bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!(r#"{{"$extension":{{"type":{kind},"base64":"#).as_bytes());
    write_text(&STANDARD.encode(bytes), out);
    out.extend_from_slice(b"}}");
}
