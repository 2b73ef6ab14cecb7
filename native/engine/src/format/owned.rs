//! Values that own their memory: what expressions make, and what pipeline stages pass on.
//!
//! Promises: reading and writing are inverse, and what is written is stored form without records, so also
//! plain MessagePack; keys keep their order; reading refuses values deeper than `limits::DEPTH_MAX`. Whoever
//! builds values keeps them at most that deep (`nests_deeper_than`), because they are walked by recursion.
//! Leaves to others: looking at owned and stored values alike (view.rs), order (query/compare.rs).

use crate::format::encode::{
    binary_head, write_array_head, write_float, write_integer, write_map_head, write_text,
};
use crate::format::value::{Cursor, Malformed, Parse, Timestamp, Value};
use crate::limits::DEPTH_MAX;

/// One value with all that is in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    /// `null`.
    Null,
    /// JavaScript's `undefined`; compares as `null`.
    Undefined,
    /// A truth value.
    Bool(bool),
    /// An integer in the range of i64.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A float; integral floats stay floats.
    Float(f64),
    /// Text.
    Text(Box<str>),
    /// Binary.
    Binary(Box<[u8]>),
    /// A point in time.
    Timestamp(Timestamp),
    /// Any other extension, not interpreted.
    Ext {
        /// The extension's kind.
        kind: i8,
        /// Its payload.
        bytes: Box<[u8]>,
    },
    /// An array.
    Array(Vec<Owned>),
    /// A map: keys in order. A key that came in twice is found at its first place.
    Map(Vec<(Box<str>, Owned)>),
}

impl Owned {
    /// The value that `cursor` stands at. Errors: `Malformed` when it is damaged or nests too deep.
    pub fn read(cursor: Cursor<'_>) -> Parse<Owned> {
        Owned::from_value(&cursor.value()?)
    }

    /// `value` with all that is in it. Errors: as `read`.
    pub fn from_value(value: &Value<'_>) -> Parse<Owned> {
        read_at_depth(value, 0)
    }

    /// `text` as a value.
    pub fn text(text: &str) -> Owned {
        Owned::Text(text.into())
    }

    /// A map of these fields.
    pub fn map(fields: Vec<(&str, Owned)>) -> Owned {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value));
        Owned::Map(fields.collect())
    }

    /// `number` in the narrowest of the two integer forms.
    pub fn unsigned(number: u64) -> Owned {
        i64::try_from(number).map_or(Owned::UInt(number), Owned::Int)
    }

    /// Appends the value in stored form without records.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Owned::Null => out.push(0xc0),
            Owned::Undefined => out.extend_from_slice(&[0xd4, 0, 0]),
            Owned::Bool(truth) => out.push(0xc2 + u8::from(*truth)),
            Owned::Int(number) => write_integer(*number, out),
            Owned::UInt(number) => {
                out.push(0xcf);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Owned::Float(number) => write_float(*number, out),
            Owned::Text(text) => write_text(text.as_bytes(), out),
            Owned::Binary(bytes) => {
                out.extend_from_slice(&binary_head(bytes.len()));
                out.extend_from_slice(bytes);
            }
            Owned::Timestamp(timestamp) => write_timestamp(*timestamp, out),
            Owned::Ext { kind, bytes } => write_ext(*kind, bytes, out),
            Owned::Array(elements) => {
                write_array_head(elements.len(), out);
                elements.iter().for_each(|element| element.write(out));
            }
            Owned::Map(fields) => {
                write_map_head(fields.len(), out);
                for (key, value) in fields {
                    write_text(key.as_bytes(), out);
                    value.write(out);
                }
            }
        }
    }

    /// The field `name` of a map; None in other values.
    pub fn get(&self, name: &str) -> Option<&Owned> {
        match self {
            Owned::Map(fields) => fields
                .iter()
                .find(|(key, _)| **key == *name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The field `name` of a map, to change; None in other values.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Owned> {
        match self {
            Owned::Map(fields) => fields
                .iter_mut()
                .find(|(key, _)| **key == *name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Gives the field `name` of a map this value: in its place, or behind the others. Other values stay.
    pub fn set(&mut self, name: &str, value: Owned) {
        if let Some(place) = self.get_mut(name) {
            *place = value;
        } else if let Owned::Map(fields) = self {
            fields.push((name.into(), value));
        }
    }

    /// Takes the field `name` out of a map.
    pub fn remove(&mut self, name: &str) -> Option<Owned> {
        let Owned::Map(fields) = self else { return None };
        let place = fields.iter().position(|(key, _)| **key == *name)?;
        Some(fields.remove(place).1)
    }

    /// True for null and undefined.
    pub fn is_null(&self) -> bool {
        matches!(self, Owned::Null | Owned::Undefined)
    }

    /// The name of the value's type, for messages; the same words as `Value::type_name`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Owned::Null => "null",
            Owned::Undefined => "undefined",
            Owned::Bool(_) => "boolean",
            Owned::Int(_) | Owned::UInt(_) => "integer",
            Owned::Float(_) => "float",
            Owned::Text(_) => "string",
            Owned::Binary(_) => "binary",
            Owned::Timestamp(_) => "date",
            Owned::Ext { .. } => "extension",
            Owned::Array(_) => "array",
            Owned::Map(_) => "object",
        }
    }

    /// Memory that the value takes, in bytes, for budgets: about right, never far below.
    pub fn bytes(&self) -> usize {
        let own = size_of::<Owned>();
        match self {
            Owned::Text(text) => own + text.len(),
            Owned::Binary(bytes) | Owned::Ext { bytes, .. } => own + bytes.len(),
            Owned::Array(elements) => own + elements.iter().map(Owned::bytes).sum::<usize>(),
            Owned::Map(fields) => {
                let field =
                    |(key, value): &(Box<str>, Owned)| size_of::<Box<str>>() + key.len() + value.bytes();
                own + fields.iter().map(field).sum::<usize>()
            }
            _ => own,
        }
    }

    /// True when maps and arrays nest more than `levels` deep.
    pub fn nests_deeper_than(&self, levels: usize) -> bool {
        match self {
            Owned::Array(_) | Owned::Map(_) if levels == 0 => true,
            Owned::Array(elements) => elements
                .iter()
                .any(|element| element.nests_deeper_than(levels - 1)),
            Owned::Map(fields) => fields
                .iter()
                .any(|(_, value)| value.nests_deeper_than(levels - 1)),
            _ => false,
        }
    }
}

/// Declares which Rust types become which values.
macro_rules! owned_from {
    ($($source:ty => |$value:ident| $made:expr;)*) => {
        $(impl From<$source> for Owned {
            fn from($value: $source) -> Owned {
                $made
            }
        })*
    };
}

owned_from! {
    bool => |truth| Owned::Bool(truth);
    i64 => |number| Owned::Int(number);
    f64 => |number| Owned::Float(number);
    &str => |text| Owned::Text(text.into());
    String => |text| Owned::Text(text.into());
    Timestamp => |timestamp| Owned::Timestamp(timestamp);
    Vec<Owned> => |elements| Owned::Array(elements);
    Vec<(Box<str>, Owned)> => |fields| Owned::Map(fields);
}

fn read_at_depth(value: &Value<'_>, depth: usize) -> Parse<Owned> {
    Ok(match value {
        Value::Null => Owned::Null,
        Value::Undefined => Owned::Undefined,
        Value::Bool(truth) => Owned::Bool(*truth),
        Value::Int(number) => Owned::Int(*number),
        Value::UInt(number) => Owned::UInt(*number),
        Value::Float(number) => Owned::Float(*number),
        Value::String(text) => Owned::Text(utf8(text)?.into()),
        Value::Binary(bytes) => Owned::Binary((*bytes).into()),
        Value::Timestamp(timestamp) => Owned::Timestamp(*timestamp),
        Value::Ext { kind, bytes } => Owned::Ext {
            kind: *kind,
            bytes: (*bytes).into(),
        },
        Value::Array(_) | Value::Map(_) if depth == DEPTH_MAX => return Err(Malformed::TooDeep),
        Value::Array(elements) => {
            let mut elements = *elements;
            // A damaged head may declare any count: room grows with what is there.
            let mut list = Vec::with_capacity(elements.remaining().min(64));
            while let Some(element) = elements.take_next()? {
                list.push(read_at_depth(&element.value()?, depth + 1)?);
            }
            Owned::Array(list)
        }
        Value::Map(fields) => {
            let mut fields = *fields;
            let mut list = Vec::with_capacity(fields.remaining().min(64));
            while let Some((key, value)) = fields.take_next()? {
                list.push((utf8(key)?.into(), read_at_depth(&value.value()?, depth + 1)?));
            }
            Owned::Map(list)
        }
    })
}

/// `bytes` as text. Errors: `NotText` when they are damaged.
pub fn utf8(bytes: &[u8]) -> Parse<&str> {
    std::str::from_utf8(bytes).map_err(|_| Malformed::NotText)
}

/// Appends a point in time in the shortest of its three forms.
fn write_timestamp(timestamp: Timestamp, out: &mut Vec<u8>) {
    let Timestamp { seconds, nanoseconds } = timestamp;
    match (u64::try_from(seconds), nanoseconds) {
        (Ok(seconds @ 0..=0xffff_ffff), 0) => {
            out.extend_from_slice(&[0xd6, 0xff]);
            out.extend_from_slice(&(seconds as u32).to_be_bytes());
        }
        (Ok(seconds @ 0..=0x3_ffff_ffff), 0..=0x3fff_ffff) => {
            out.extend_from_slice(&[0xd7, 0xff]);
            let packed = u64::from(nanoseconds) << 34 | seconds;
            out.extend_from_slice(&packed.to_be_bytes());
        }
        _ => {
            out.extend_from_slice(&[0xc7, 12, 0xff]);
            out.extend_from_slice(&nanoseconds.to_be_bytes());
            out.extend_from_slice(&seconds.to_be_bytes());
        }
    }
}

fn write_ext(kind: i8, bytes: &[u8], out: &mut Vec<u8>) {
    match bytes.len() {
        count @ (1 | 2 | 4 | 8 | 16) => out.push(0xd4 + count.ilog2() as u8),
        count @ 0..=0xff => out.extend_from_slice(&[0xc7, count as u8]),
        count @ 0x100..=0xffff => {
            out.push(0xc8);
            out.extend_from_slice(&(count as u16).to_be_bytes());
        }
        count => {
            out.push(0xc9);
            out.extend_from_slice(&(count as u32).to_be_bytes());
        }
    }
    out.push(kind as u8);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests;
