//! One way to look at a value, whether it lies in stored bytes or owns its memory.
//!
//! Promises: looking copies nothing; what holds for a stored value holds for the same value owned.
//! Leaves to others: stored values (value.rs), owned ones (owned.rs), their order (query/compare.rs).

use crate::format::owned::{Owned, utf8};
use crate::format::value::{Elements, Fields, Parse, Timestamp, Value};

/// One value, seen without copying it. `Value` is the same for stored bytes only.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
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
    /// A float.
    Float(f64),
    /// Text; UTF-8 unless stored bytes are damaged.
    Text(&'a [u8]),
    /// Binary.
    Binary(&'a [u8]),
    /// A point in time.
    Timestamp(Timestamp),
    /// Any other extension, not interpreted.
    Ext {
        /// The extension's kind.
        kind: i8,
        /// Its payload.
        bytes: &'a [u8],
    },
    /// An array.
    Array(List<'a>),
    /// A map or a record.
    Map(Entries<'a>),
}

/// The elements of an array, in order.
#[derive(Clone, Copy, Debug)]
pub enum List<'a> {
    /// In stored bytes.
    Stored(Elements<'a>),
    /// In memory.
    Owned(&'a [Owned]),
}

/// The fields of a map, in order.
#[derive(Clone, Copy, Debug)]
pub enum Entries<'a> {
    /// In stored bytes.
    Stored(Fields<'a>),
    /// In memory.
    Owned(&'a [(Box<str>, Owned)]),
}

impl<'a> From<Value<'a>> for View<'a> {
    #[inline]
    fn from(value: Value<'a>) -> View<'a> {
        match value {
            Value::Null => View::Null,
            Value::Undefined => View::Undefined,
            Value::Bool(truth) => View::Bool(truth),
            Value::Int(number) => View::Int(number),
            Value::UInt(number) => View::UInt(number),
            Value::Float(number) => View::Float(number),
            Value::String(text) => View::Text(text),
            Value::Binary(bytes) => View::Binary(bytes),
            Value::Timestamp(timestamp) => View::Timestamp(timestamp),
            Value::Ext { kind, bytes } => View::Ext { kind, bytes },
            Value::Array(elements) => View::Array(List::Stored(elements)),
            Value::Map(fields) => View::Map(Entries::Stored(fields)),
        }
    }
}

impl<'a> From<&'a Owned> for View<'a> {
    #[inline]
    fn from(value: &'a Owned) -> View<'a> {
        match value {
            Owned::Null => View::Null,
            Owned::Undefined => View::Undefined,
            Owned::Bool(truth) => View::Bool(*truth),
            Owned::Int(number) => View::Int(*number),
            Owned::UInt(number) => View::UInt(*number),
            Owned::Float(number) => View::Float(*number),
            Owned::Text(text) => View::Text(text.as_bytes()),
            Owned::Binary(bytes) => View::Binary(bytes),
            Owned::Timestamp(timestamp) => View::Timestamp(*timestamp),
            Owned::Ext { kind, bytes } => View::Ext { kind: *kind, bytes },
            Owned::Array(elements) => View::Array(List::Owned(elements)),
            Owned::Map(fields) => View::Map(Entries::Owned(fields)),
        }
    }
}

impl<'a> View<'a> {
    /// The value, owned. Errors: `Malformed` when stored bytes are damaged.
    pub fn to_owned(&self) -> Parse<Owned> {
        Ok(match self {
            View::Null => Owned::Null,
            View::Undefined => Owned::Undefined,
            View::Bool(truth) => Owned::Bool(*truth),
            View::Int(number) => Owned::Int(*number),
            View::UInt(number) => Owned::UInt(*number),
            View::Float(number) => Owned::Float(*number),
            View::Text(text) => Owned::Text(utf8(text)?.into()),
            View::Binary(bytes) => Owned::Binary((*bytes).into()),
            View::Timestamp(timestamp) => Owned::Timestamp(*timestamp),
            View::Ext { kind, bytes } => Owned::Ext {
                kind: *kind,
                bytes: (*bytes).into(),
            },
            View::Array(List::Stored(elements)) => return Owned::from_value(&Value::Array(*elements)),
            View::Array(List::Owned(elements)) => Owned::Array(elements.to_vec()),
            View::Map(Entries::Stored(fields)) => return Owned::from_value(&Value::Map(*fields)),
            View::Map(Entries::Owned(fields)) => Owned::Map(fields.to_vec()),
        })
    }

    /// True for null and undefined.
    pub fn is_null(&self) -> bool {
        matches!(self, View::Null | View::Undefined)
    }

    /// The name of the value's type, for messages; the same words as `Value::type_name`.
    pub fn type_name(&self) -> &'static str {
        match self {
            View::Null => "null",
            View::Undefined => "undefined",
            View::Bool(_) => "boolean",
            View::Int(_) | View::UInt(_) => "integer",
            View::Float(_) => "float",
            View::Text(_) => "string",
            View::Binary(_) => "binary",
            View::Timestamp(_) => "date",
            View::Ext { .. } => "extension",
            View::Array(_) => "array",
            View::Map(_) => "object",
        }
    }
}

impl<'a> List<'a> {
    /// Elements not yet taken, as the array's head declares them.
    pub fn remaining(&self) -> usize {
        match self {
            List::Stored(elements) => elements.remaining(),
            List::Owned(elements) => elements.len(),
        }
    }

    /// The next element. Errors: `Malformed` when stored bytes are damaged.
    #[inline]
    pub fn take_next(&mut self) -> Parse<Option<View<'a>>> {
        match self {
            List::Stored(elements) => match elements.take_next()? {
                Some(element) => Ok(Some(element.value()?.into())),
                None => Ok(None),
            },
            List::Owned(elements) => {
                let Some((first, rest)) = elements.split_first() else {
                    return Ok(None);
                };
                *elements = rest;
                Ok(Some(first.into()))
            }
        }
    }
}

impl<'a> Entries<'a> {
    /// Fields not yet taken, as the map's head declares them.
    pub fn remaining(&self) -> usize {
        match self {
            Entries::Stored(fields) => fields.remaining(),
            Entries::Owned(fields) => fields.len(),
        }
    }

    /// The next field: its key and value. Errors: `Malformed` when stored bytes are damaged.
    #[inline]
    pub fn take_next(&mut self) -> Parse<Option<(&'a [u8], View<'a>)>> {
        match self {
            Entries::Stored(fields) => match fields.take_next()? {
                Some((key, value)) => Ok(Some((key, value.value()?.into()))),
                None => Ok(None),
            },
            Entries::Owned(fields) => {
                let Some(((key, value), rest)) = fields.split_first() else {
                    return Ok(None);
                };
                *fields = rest;
                Ok(Some((key.as_bytes(), value.into())))
            }
        }
    }

    /// The value of the field `name`. Errors: as `take_next`.
    #[inline]
    pub fn find(mut self, name: &[u8]) -> Parse<Option<View<'a>>> {
        if let Entries::Stored(fields) = self {
            return match fields.find(name)? {
                Some(value) => Ok(Some(value.value()?.into())),
                None => Ok(None),
            };
        }
        while let Some((key, value)) = self.take_next()? {
            if key == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::record::NO_STRUCTURES;
    use crate::format::value::Cursor;

    #[test]
    fn stored_and_owned_values_look_alike() {
        let value = Owned::Map(vec![
            ("a".into(), Owned::Array(vec![Owned::Int(1), Owned::Float(2.0)])),
            ("b".into(), Owned::text("x")),
            ("c".into(), Owned::Map(vec![("d".into(), Owned::Null)])),
        ]);
        let mut bytes = Vec::new();
        value.write(&mut bytes);
        let stored = View::from(Cursor::new(&bytes, &NO_STRUCTURES).value().unwrap());
        let owned = View::from(&value);
        for view in [stored, owned] {
            assert_eq!(view.to_owned().unwrap(), value);
            assert_eq!(view.type_name(), "object");
            let View::Map(fields) = view else { panic!("a map") };
            assert_eq!(fields.remaining(), 3);
            assert!(matches!(fields.find(b"b"), Ok(Some(View::Text(b"x")))));
            assert!(matches!(fields.find(b"z"), Ok(None)));
            let Ok(Some(View::Array(mut list))) = fields.find(b"a") else {
                panic!("an array")
            };
            assert_eq!(list.remaining(), 2);
            assert!(matches!(list.take_next(), Ok(Some(View::Int(1)))));
            assert!(matches!(list.take_next(), Ok(Some(View::Float(2.0)))));
            assert!(matches!(list.take_next(), Ok(None)));
        }
    }
}
